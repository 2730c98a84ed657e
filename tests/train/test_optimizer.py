"""Update rules against plain NumPy loops of their papers; clipping against its definition."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Knobs
from gatewise.train.optimizer import clip, direction

GRADIENTS = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
KNOBS = Knobs(momentum=0.8, second_moment=0.9)


def made_by(kind):
    transform = direction(kind, Knobs(*map(jnp.float32, KNOBS)))
    state = transform.init(jnp.zeros(4))
    steps = []
    for gradient in GRADIENTS:
        update, state = transform.update(jnp.asarray(gradient), state)
        steps.append(np.asarray(update))
    return np.stack(steps)


def test_adam():
    first = second = np.zeros(4)
    for t, (g, made) in enumerate(zip(GRADIENTS, made_by("adam"), strict=True), start=1):
        first, second = 0.8 * first + 0.2 * g, 0.9 * second + 0.1 * g * g
        wanted = (first / (1 - 0.8**t)) / (np.sqrt(second / (1 - 0.9**t)) + 1e-8)
        np.testing.assert_allclose(made, wanted, rtol=1e-4)


def test_nadam_looks_ahead():
    first = second = np.zeros(4)
    for t, (g, made) in enumerate(zip(GRADIENTS, made_by("nadam"), strict=True), start=1):
        first, second = 0.8 * first + 0.2 * g, 0.9 * second + 0.1 * g * g
        ahead = 0.8 * first / (1 - 0.8 ** (t + 1)) + 0.2 * g / (1 - 0.8**t)
        np.testing.assert_allclose(made, ahead / (np.sqrt(second / (1 - 0.9**t)) + 1e-8), rtol=1e-4)


def test_rmsprop():
    second = np.zeros(4)
    for g, made in zip(GRADIENTS, made_by("rmsprop"), strict=True):
        second = 0.9 * second + 0.1 * g * g
        np.testing.assert_allclose(made, g / np.sqrt(second + 1e-7), rtol=1e-3)


def test_sgd_with_momentum():
    velocity = np.zeros(4)
    for g, made in zip(GRADIENTS, made_by("sgd"), strict=True):
        velocity = 0.8 * velocity + g
        np.testing.assert_allclose(made, velocity, rtol=1e-5)


@pytest.mark.parametrize(("limit", "clipped"), [(np.inf, 0.0), (10.0, 0.0), (1.0, 1.0)])
def test_clip_by_norm(limit, clipped):
    gradient = jnp.array([3.0, 4.0])
    made = clip(gradient, Knobs(clip_norm=jnp.float32(limit)))
    assert float(made.norm) == 5.0 and float(made.was_clipped) == clipped
    np.testing.assert_allclose(made.gradient, np.array([3.0, 4.0]) * min(1, limit / 5), rtol=1e-6)


def test_clip_by_value():
    made = clip(jnp.array([3.0, -0.5]), Knobs(clip_value=jnp.float32(1.0)))
    np.testing.assert_allclose(made.gradient, [1.0, -0.5])
    assert float(made.was_clipped) == 1.0


def test_zero_gradient_is_not_clipped():
    made = clip(jnp.zeros(3), Knobs(clip_norm=jnp.float32(1.0)))
    assert float(made.was_clipped) == 0.0 and not made.gradient.any()

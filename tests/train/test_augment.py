"""Augmentation does what its knob says, and nothing at zero."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Knobs
from gatewise.model.random import key_of, normal, uniform
from gatewise.train.augment import add_noise, scale_magnitude, shift_starts


def uniforms(*shape):
    return uniform(key_of(0), [shape])[0]


def knobs(**values):
    return Knobs(**{name: jnp.float32(value) for name, value in values.items()})


def test_shift_stays_in_its_part_and_uses_every_step():
    starts = jnp.full(4000, 50, jnp.int32)
    low, high = jnp.full(4000, 48, jnp.int32), jnp.full(4000, 60, jnp.int32)
    moved = np.asarray(shift_starts(uniforms(4000), knobs(shift=3), starts, low, high))
    assert set(np.unique(moved)) == {48, 49, 50, 51, 52, 53}
    np.testing.assert_array_equal(shift_starts(uniforms(4000), knobs(shift=0), starts, low, high), starts)


def test_magnitude_scales_window_and_target_alike_around_the_window_mean():
    values = jnp.asarray(np.random.default_rng(0).standard_normal((9, 500)) + 5, jnp.float32)
    window, target = scale_magnitude(normal(uniforms(1, 500)), knobs(magnitude=0.3), values[:6], values[6:])
    mean = np.asarray(values[:6]).mean(axis=0)
    factors = (np.asarray(window) - mean) / (np.asarray(values[:6]) - mean)
    assert factors[0].std() == pytest.approx(0.3, rel=0.15)
    np.testing.assert_allclose(
        np.asarray(target) - mean, (np.asarray(values[6:]) - mean) * factors[0], rtol=0.02, atol=2e-3
    )


def test_noise_is_a_share_of_each_windows_spread():
    window = jnp.asarray(np.random.default_rng(0).standard_normal((400, 2)) * np.array([[1.0, 50.0]]), jnp.float32)
    added = np.asarray(add_noise(normal(uniforms(400, 2)), knobs(noise=0.1), window) - window)
    np.testing.assert_allclose(added.std(axis=0), 0.1 * np.asarray(window).std(axis=0), rtol=0.15)


def test_zero_strength_changes_nothing():
    window = jnp.ones((3, 2), jnp.float32)
    np.testing.assert_array_equal(add_noise(normal(uniforms(3, 2)), knobs(noise=0), window), window)
    same, target = scale_magnitude(normal(uniforms(1, 2)), knobs(magnitude=0), window, window)
    assert (same == window).all() and (target == window).all()

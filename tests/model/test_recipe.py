"""The framing of a window against plain loops; it is undone exactly and follows the level and scale of the data."""

import itertools
from functools import lru_cache
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.architecture import Architecture
from gatewise.model.network import Sample, apply, initialise, layout_of, no_masks
from gatewise.model.recipe import frame, unframe
from gatewise.settings import Base, Normalise, Rescale
from tests.model.plain_recipe import plain_base, plain_level, plain_scale

NORMALISE, RESCALE, BASE = map(get_args, (Normalise, Rescale, Base))
WINDOW, HORIZON, BATCH = 11, 9, 3
LINEAR = np.random.default_rng(5).standard_normal((WINDOW + 1, HORIZON))


def architecture(normalise: str = "none", rescale: str = "none", base: str = "none") -> Architecture:
    return Architecture(
        WINDOW, 1, HORIZON, (6,), normalise=normalise, rescale=rescale, base=base, season=4, long_season=7
    )


def windows(seed: int) -> np.ndarray:
    """Return windows of which one is flat, one far away and one wild."""
    made = np.random.default_rng(seed).standard_normal((WINDOW, BATCH))
    return made * [0.0, 1.0, 40.0] + [3.0, -500.0, 0.0]


@pytest.mark.parametrize("base", BASE)
@pytest.mark.parametrize("rescale", RESCALE)
@pytest.mark.parametrize("normalise", NORMALISE)
def test_framing_equals_plain_loops(normalise, rescale, base):
    a, window = architecture(normalise, rescale, base), windows(0)
    framed = frame(a, window, LINEAR)
    for number in range(BATCH):
        one = window[:, number].tolist()
        level, scale = plain_level(a, one), plain_scale(a, one)
        np.testing.assert_allclose(framed.scale[0, number], scale, rtol=1e-12)
        np.testing.assert_allclose(framed.inputs[:, number], [(x - level) / scale for x in one], atol=1e-9)
        np.testing.assert_allclose(framed.base[:, number], plain_base(a, one, LINEAR.tolist()), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("normalise", "rescale", "base"),
    [*itertools.product(NORMALISE, RESCALE, ["none"]), *itertools.product(["mean"], ["std"], BASE)],
)
def test_numpy_and_jax_frame_alike(normalise, rescale, base):
    a, window = architecture(normalise, rescale, base), windows(1)
    by_numpy = frame(a, window, LINEAR)
    with jax.enable_x64(True):
        by_jax = frame(a, jnp.asarray(window), jnp.asarray(LINEAR))
        assert all(part.dtype == jnp.float64 for part in by_jax)
    for ours, theirs in zip(by_numpy, by_jax, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("base", BASE)
@settings(max_examples=30, deadline=None)
@given(
    normalise=st.sampled_from(NORMALISE),
    rescale=st.sampled_from(RESCALE),
    level=st.floats(-1e3, 1e3),
    size=st.floats(1e-2, 1e3),
    seed=st.integers(0, 99),
)
def test_forecasting_the_framed_truth_gives_back_the_truth(base, normalise, rescale, level, size, seed):
    a = architecture(normalise, rescale, base)
    values = level + size * np.random.default_rng(seed).standard_normal((WINDOW + HORIZON, BATCH))
    window, truth = values[:WINDOW], values[WINDOW:]
    framed = frame(a, window, LINEAR)
    perfect = (truth - framed.base) / framed.scale
    np.testing.assert_allclose(unframe(framed, perfect), truth, atol=1e-8 * (abs(level) + size))
    both = unframe(framed, np.stack([perfect, perfect + 1.0]))
    np.testing.assert_allclose(both[0], truth, atol=1e-8 * (abs(level) + size))
    np.testing.assert_allclose(both[1] - both[0], np.broadcast_to(framed.scale, truth.shape), atol=1e-6 * size)


@lru_cache
def program(a: Architecture):
    matrices = layout_of(a).split(jnp.asarray(initialise(a, 1)))
    linear = jnp.asarray(LINEAR, jnp.float32)

    def run(window):
        framed = frame(a, window, linear)
        return unframe(framed, apply(a, matrices, Sample(framed.inputs), no_masks(a, window.shape[1])))[0]

    return jax.jit(run)


def forecast(a: Architecture, window: np.ndarray) -> np.ndarray:
    return np.asarray(program(a)(jnp.asarray(window, jnp.float32)))


@pytest.mark.parametrize(
    ("normalise", "base"),
    [*itertools.product(["mean"], BASE), ("last", "none"), ("season", "linear"), ("median", "season-mean")],
)
@settings(max_examples=5, deadline=None)
@given(level=st.floats(-50, 50), seed=st.integers(0, 99))
def test_a_forecast_moves_with_the_level(normalise, base, level, seed):
    window = np.random.default_rng(seed).standard_normal((WINDOW, 3))
    a = architecture(normalise, "none", base)
    np.testing.assert_allclose(forecast(a, window + level), forecast(a, window) + level, atol=1e-3)


@pytest.mark.parametrize("base", BASE)
@pytest.mark.parametrize("rescale", ["std", "mad"])
def test_a_forecast_grows_with_the_scale(rescale, base):
    window = np.random.default_rng(0).standard_normal((WINDOW, 3))
    a = architecture("mean", rescale, base)
    np.testing.assert_allclose(forecast(a, window * 7), forecast(a, window) * 7, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("rescale", "base"), [("std", "none"), ("mad", "none"), ("std", "linear")])
def test_a_flat_window_is_not_blown_up(rescale, base):
    made = forecast(architecture("mean", rescale, base), np.full((WINDOW, 1), 5.0))
    np.testing.assert_allclose(made, 5.0, atol=1e-3)


def test_a_window_of_mostly_equal_values_is_scaled_by_the_others():
    """As in a sparse series, or a short one that is padded: its median absolute deviation is 0."""
    window = np.zeros((WINDOW, 1))
    window[[2, 7], 0] = 5.0, 8.0
    framed = frame(architecture("median", "mad"), window)
    assert framed.scale[0, 0] == pytest.approx(window.std()) and np.abs(framed.inputs).max() < 5


def test_one_wild_value_moves_a_robust_scale_little():
    window = np.random.default_rng(0).standard_normal((WINDOW, 1))
    wild = window.copy()
    wild[3] = 1e6
    before, after = (frame(architecture("median", "mad"), one) for one in (window, wild))
    assert after.scale[0, 0] < 2 * before.scale[0, 0]
    assert frame(architecture("median", "std"), wild).scale[0, 0] > 1e5

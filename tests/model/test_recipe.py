"""The framing of a window is undone exactly, and forecasts follow the level and scale of the data."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.architecture import Architecture
from gatewise.model.network import apply, initialise, layout_of, no_masks
from gatewise.model.recipe import frame, unframe


@lru_cache
def program(architecture: Architecture):
    matrices = layout_of(architecture).split(jnp.asarray(initialise(architecture, 1)))

    def run(window):
        framed = frame(architecture, window)
        return unframe(framed, apply(architecture, matrices, framed.inputs, no_masks(architecture, window.shape[1])))

    return jax.jit(run)


def forecast(architecture: Architecture, window: np.ndarray) -> np.ndarray:
    return np.asarray(program(architecture)(jnp.asarray(window, jnp.float32)))


def architecture(normalise: str, base: str) -> Architecture:
    return Architecture(window=8, patch=2, horizon=5, hidden=(6,), normalise=normalise, base=base, season=3)


@pytest.mark.parametrize("normalise", ["last", "mean", "standard"])
@pytest.mark.parametrize("base", ["none", "last", "season"])
@settings(max_examples=10, deadline=None)
@given(level=st.floats(-50, 50), seed=st.integers(0, 99))
def test_forecast_moves_with_the_level(normalise, base, level, seed):
    window = np.random.default_rng(seed).standard_normal((8, 3))
    kind = architecture(normalise, base)
    np.testing.assert_allclose(forecast(kind, window + level), forecast(kind, window) + level, atol=2e-4)


@pytest.mark.parametrize("base", ["none", "last", "season"])
def test_standardised_forecast_grows_with_the_scale(base):
    window = np.random.default_rng(0).standard_normal((8, 3))
    kind = architecture("standard", base)
    np.testing.assert_allclose(forecast(kind, window * 7), forecast(kind, window) * 7, rtol=1e-4, atol=1e-4)


def test_bases_are_what_they_say():
    window = jnp.arange(16, dtype=jnp.float32).reshape(8, 2)
    zero = jnp.zeros((2, 5), jnp.float32)
    for base, first_series in (("none", [7] * 5), ("last", [14] * 5), ("season", [10, 12, 14, 10, 12])):
        framed = frame(architecture("mean", base), window)
        np.testing.assert_allclose(unframe(framed, zero)[:, 0], first_series)


def test_patches_keep_the_order_of_time():
    framed = frame(architecture("none", "none"), jnp.arange(16, dtype=jnp.float32).reshape(8, 2))
    np.testing.assert_array_equal(framed.inputs[:, 0, :], [[0, 2], [4, 6], [8, 10], [12, 14]])


def test_flat_window_is_not_blown_up():
    assert np.isfinite(forecast(architecture("standard", "none"), np.ones((8, 1)))).all()

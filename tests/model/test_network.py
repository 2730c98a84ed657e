"""The network: initial weights, dropout, and what the head reads."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture
from gatewise.model.lstm import parts
from gatewise.model.network import apply, initialise, layout_of, mask_shapes, masks_of, no_masks
from gatewise.model.random import key_of, uniform

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(8, 5))


def matrices_of(architecture, seed=0):
    return layout_of(architecture).split(jnp.asarray(initialise(architecture, seed)))


def draw_masks(batch, dropout, recurrent_dropout):
    drawn = uniform(key_of(0), mask_shapes(SMALL, batch))
    return masks_of(drawn, jnp.float32(dropout), jnp.float32(recurrent_dropout))


def test_initial_weights_follow_their_sources():
    for layer, unit in zip(matrices_of(SMALL), SMALL.hidden, strict=False):
        kernel, recurrent, bias = map(np.asarray, parts(layer))
        np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(unit), atol=1e-5)
        np.testing.assert_array_equal(bias, np.repeat([0.0, 1.0, 0.0, 0.0], unit))
        assert np.abs(kernel).max() <= np.sqrt(6 / sum(kernel.shape))
        assert kernel.std() == pytest.approx(np.sqrt(2 / sum(kernel.shape)), rel=0.3)


def test_layout_splits_and_joins_exactly():
    layout = layout_of(SMALL)
    flat = jnp.arange(layout.size, dtype=jnp.float32)
    np.testing.assert_array_equal(layout.join(layout.split(flat)), flat)


def test_weights_mask_spares_the_biases():
    layout = layout_of(SMALL)
    for matrix in layout.split(layout.weights_mask()):
        assert bool((matrix[:-1] == 1).all()) and bool((matrix[-1] == 0).all())


def test_newest_value_moves_the_first_step_of_the_forecast():
    inputs = jnp.zeros((3, 1, 2))
    matrices = matrices_of(SMALL)
    before = apply(SMALL, matrices, inputs, no_masks(SMALL, 1))
    after = apply(SMALL, matrices, inputs.at[-1, 0, -1].set(1.0), no_masks(SMALL, 1))
    assert abs(float(after[0, 0] - before[0, 0])) > 1e-3


def test_dropout_keeps_the_mean_and_drops_its_share():
    masks = draw_masks(4000, 0.25, 0.5)
    assert masks.output[0] is not None and masks.output[0].shape == (3, 4000, 8)
    for drawn, rate in ((masks.output[-1], 0.25), (masks.recurrent[0], 0.5)):
        assert drawn is not None
        assert float(jnp.mean(drawn == 0)) == pytest.approx(rate, abs=0.02)
        assert float(drawn.mean()) == pytest.approx(1.0, abs=0.03)


def test_rate_zero_drops_nothing():
    masks = draw_masks(7, 0, 0)
    assert all(bool((drawn == 1).all()) for drawn in (*masks.output, *masks.recurrent) if drawn is not None)

"""The network: its layout, initial weights and dropout."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture, Widths
from gatewise.model.lstm import parts
from gatewise.model.network import initialise, layout_of, mask_shapes, masks_of, network_of, parameter_count
from gatewise.model.random import key_of, uniform

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(8, 5))
WIDE = SMALL._replace(widths=Widths(past=1, future=2, static=3, series=6), embedding=4, horizon=7)
SEGMENTS = WIDE._replace(segment=3, quantiles=(0.5, 0.1, 0.9))


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


def test_every_start_of_the_network_is_of_its_kind():
    network = network_of(SEGMENTS, matrices_of(SEGMENTS))
    assert network.decoder is not None and network.embedding is not None
    assert np.abs(network.decoder).max() <= np.sqrt(6 / sum(network.decoder.shape))
    assert np.std(network.embedding) == pytest.approx(0.1, rel=0.4)
    assert (np.asarray(network.head[-1]) == 0).all()


@pytest.mark.parametrize("framing", [{"base": "last"}, {"normalise": "mean"}])
def test_a_framed_network_starts_close_to_its_base(framing):
    bare, framed = (matrices_of(SMALL._replace(**which))[-1] for which in ({}, framing))
    np.testing.assert_allclose(framed, 0.1 * bare, rtol=1e-6)


def test_layout_counts_every_matrix():
    """Widths by hand: a patch of 2 with 1 + 1 + 2 columns a step, 3 static columns, an embedding of 4."""
    step = 2 * (1 + 1 + 2) + 3 + 4
    layers = (step + 8 + 1) * 4 * 8 + (8 + 5 + 1) * 4 * 5
    assert parameter_count(WIDE) == layers + 6 * 4 + (5 + 7 * 2 + 1) * 7
    assert parameter_count(SEGMENTS) == layers + (3 + 3 * 2) * 4 * 8 + 6 * 4 + (5 + 1) * 3 * 3


@pytest.mark.parametrize("architecture", [SMALL, WIDE, SEGMENTS])
def test_layout_splits_and_joins_exactly(architecture):
    layout = layout_of(architecture)
    flat = jnp.arange(layout.size, dtype=jnp.float32)
    np.testing.assert_array_equal(layout.join(layout.split(flat)), flat)


@pytest.mark.parametrize("architecture", [SMALL, WIDE, SEGMENTS])
def test_weights_mask_spares_the_biases(architecture):
    layout = layout_of(architecture)
    network = network_of(architecture, layout.split(np.asarray(layout.weights_mask())))
    for matrix in (*network.layers, network.head):
        assert (matrix[:-1] == 1).all() and (matrix[-1] == 0).all()
    for matrix in (network.decoder, network.embedding):
        assert matrix is None or (matrix == 1).all()


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

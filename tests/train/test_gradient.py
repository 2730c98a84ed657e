"""The gradient of the training loss, whole, against central differences in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Knobs
from gatewise.model.network import Network, initialise, layout_of, network_of
from gatewise.model.random import key_of
from gatewise.train.program import _loss
from tests.train.cases import COVARIATES, KINDS, batch, seen_by


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_equals_finite_differences(kind):
    """Over the whole way from the gathered window to the loss; at least one weight of every matrix."""
    a = KINDS[kind]
    layout = layout_of(a)
    generator = np.random.default_rng(0)
    with jax.enable_x64(True):
        start = initialise(a, 3).astype(np.float64) + 0.1 * generator.standard_normal(layout.size)
        flat, rows, windows = jnp.asarray(start), seen_by(a), batch()
        knobs = Knobs(*(jnp.float64(value) for value in Knobs()))

        def value(flat):
            return _loss(a, layout.split(flat), knobs, rows, windows, key_of(0))[0]

        gradient = np.asarray(jax.jit(jax.grad(value))(flat))
        chosen = np.concatenate([part.ravel()[:3] for part in layout.split(np.arange(layout.size))])
        chosen = np.concatenate([chosen, generator.integers(0, layout.size, 15)])
        steps = 1e-6 * np.eye(layout.size)[chosen]
        ends = jax.jit(jax.vmap(value))(jnp.asarray(np.concatenate([start + steps, start - steps])))
        differences = (ends[: len(chosen)] - ends[len(chosen) :]) / 2e-6
    np.testing.assert_allclose(gradient[chosen], differences, rtol=2e-4, atol=1e-7)
    network: Network = network_of(a, layout.split(gradient))
    assert all(np.abs(part).max() > 1e-6 for part in jax.tree.leaves(network)), "every matrix learns"


def test_an_embedding_learns_from_its_own_series_alone():
    a = COVARIATES
    layout = layout_of(a)
    with jax.enable_x64(True):
        flat, windows = jnp.asarray(initialise(a, 0), jnp.float64), batch()
        only_second = windows._replace(weight=jnp.array([0.0, 0.0, 0.0, 1.0, 1.0]))
        knobs = Knobs(*(jnp.float64(value) for value in Knobs()))
        rows = seen_by(a)

        def value(flat):
            return _loss(a, layout.split(flat), knobs, rows, only_second, key_of(0))[0]

        gradient = jax.jit(jax.grad(value))(flat)
    embedding = np.asarray(network_of(a, layout.split(gradient)).embedding)
    assert np.abs(embedding[1]).min() > 0 and (embedding[[0, 2]] == 0).all()

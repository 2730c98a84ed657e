"""The network in NumPy against the compiled one, and its gradients by every hidden state against autodiff."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.model import network
from gatewise.model.lstm import lstm_step, parts
from gatewise.model.network import apply, initialise, layout_of, no_masks, sample_of
from gatewise.train.unrolled import hidden_gradients, unroll
from tests.train.cases import KINDS

BATCH = 4


def case(kind):
    """Return an Architecture, weights far from their start, and windows with all that they read."""
    a = KINDS[kind]
    generator = np.random.default_rng(3)

    def drawn(*shape):
        return generator.standard_normal(shape).astype(np.float32)

    features = a.widths.past + a.widths.future
    series = generator.integers(0, a.widths.series + 1, BATCH).astype(np.int32)
    sample = sample_of(
        a,
        drawn(a.window, BATCH),
        drawn(a.window + a.horizon, BATCH, features) if features else None,
        drawn(BATCH, a.widths.static) if a.widths.static else None,
        series,
    )
    return a, initialise(a, 0) + 0.4 * drawn(layout_of(a).size), sample


@pytest.mark.parametrize("kind", ["covariates", "segments with covariates"])
def test_forward_pass_is_that_of_the_compiled_network(kind):
    a, parameters, sample = case(kind)
    matrices = layout_of(a).split(jnp.asarray(parameters))
    wanted = jax.jit(lambda sample: apply(a, matrices, sample, no_masks(a, BATCH)))(sample)
    np.testing.assert_allclose(unroll(a, parameters, sample).outputs, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["quantile", "segments with covariates"])
def test_gradients_by_hidden_states_are_those_of_autodiff(kind, monkeypatch):
    """The real network, whose layers add to every hidden state a number that autodiff takes the gradient by."""
    a, parameters, sample = case(kind)
    matrices = layout_of(a).split(jnp.asarray(parameters))
    outputs = unroll(a, parameters, sample).outputs
    upstream = np.random.default_rng(4).standard_normal(outputs.shape).astype(np.float32)

    def loss(added):
        waiting = list(added)

        def lstm(weights, inputs, mask, **_):
            kernel, recurrent, bias = parts(weights)

            def step(state, at):
                (hidden, cell), (x, extra) = state, at
                projected = x @ kernel + bias[None]
                i, f, g, _ = jnp.split(projected + hidden @ recurrent, 4, axis=-1)
                made = lstm_step(projected, hidden, cell, recurrent) + extra
                return (made, jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)), made

            zero = jnp.zeros((BATCH, len(recurrent)))
            (_, cell), hidden = jax.lax.scan(step, (zero, zero), (inputs, waiting.pop(0)))
            return hidden, cell

        monkeypatch.setattr(network, "lstm", lstm)
        made = apply(a, matrices, sample, no_masks(a, BATCH))
        return jnp.sum(made * upstream)

    nothing = [jnp.zeros((a.steps, BATCH, unit)) for unit in a.hidden]
    wanted = jax.jit(jax.grad(loss))(nothing)
    made = hidden_gradients(a, unroll(a, parameters, sample), upstream)
    assert len(made) == len(wanted) == 2
    for one, other in zip(made, wanted, strict=True):
        assert np.abs(other).max() > 1e-3
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)

"""One LSTM layer over time-major input, with a hand-written gradient.

The equations are the standard ones (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000), gates in the
order input, forget, cell, output, as Keras stores them::

    i, f, o = sigmoid(x W + (h * m) U + b)      g = tanh(x W + (h * m) U + b)
    c' = f * c + i * g                          h' = o * tanh(c')

`m` is the variational recurrent dropout mask, the same at every step (Gal and Ghahramani, 2016).

Autodiff through a scan would compute the weight gradients step by step. The gradient here keeps only the recurrent
product inside the two loops; the input projection and all weight gradients are single matrix products outside.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

__all__ = ["LSTMWeights", "lstm"]


class LSTMWeights(NamedTuple):
    """Weights of one layer; the four gates stand side by side on the last axis.

    Attributes:
        kernel: shape ``(feature, 4 * unit)``.
        recurrent: shape ``(unit, 4 * unit)``.
        bias: shape ``(4 * unit,)``.
    """

    kernel: Array
    recurrent: Array
    bias: Array


def lstm(weights: LSTMWeights, inputs: Array, mask: Array) -> Array:
    """Return the hidden state after every step, from a zero state.

    Args:
        weights: the layer's weights.
        inputs: shape ``(time, batch, feature)``.
        mask: factor on the recurrent state, shape ``(batch, unit)``; ones for no recurrent dropout.

    Returns:
        Hidden states, shape ``(time, batch, unit)``.
    """
    return _lstm(weights, inputs, mask)


@jax.custom_vjp
def _lstm(weights: LSTMWeights, inputs: Array, mask: Array) -> Array:
    return _forward(weights, inputs, mask)[0]


def _project(inputs: Array, weights: LSTMWeights) -> Array:
    """Return ``x W + b`` of all steps in one matrix product."""
    time, batch, feature = inputs.shape
    flat = inputs.reshape(time * batch, feature) @ weights.kernel + weights.bias[None, :]
    return flat.reshape(time, batch, -1)


def _forward(weights: LSTMWeights, inputs: Array, mask: Array) -> tuple[Array, tuple[Array, ...]]:
    unit = weights.recurrent.shape[0]
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: so all four gates are one tanh, in one pass over their side-by-side values.
    scale = jnp.repeat(jnp.array([0.5, 0.5, 1.0, 0.5], inputs.dtype), unit)[None, :]
    offset = jnp.repeat(jnp.array([0.5, 0.5, 0.0, 0.5], inputs.dtype), unit)[None, :]

    def step(state: tuple[Array, Array], projected: Array) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        hidden, cell = state
        gates = jnp.tanh((projected + (hidden * mask) @ weights.recurrent) * scale) * scale + offset
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        cell = f * cell + i * g
        hidden = o * jnp.tanh(cell)
        return (hidden, cell), (hidden, cell, gates)

    zero = jnp.zeros((inputs.shape[1], unit), inputs.dtype)
    _, (hidden, cell, gates) = jax.lax.scan(step, (zero, zero), _project(inputs, weights))
    return hidden, (hidden, cell, gates)


def _forward_rule(weights: LSTMWeights, inputs: Array, mask: Array):
    hidden, (_, cell, gates) = _forward(weights, inputs, mask)
    return hidden, (weights, inputs, mask, hidden, cell, gates)


def _backward_rule(kept, upstream: Array):
    weights, inputs, mask, hidden, cell, gates = kept
    time, batch, unit = hidden.shape
    zero = jnp.zeros((1, batch, unit), hidden.dtype)
    before = jnp.concatenate([zero, cell[:-1]])
    squashed = jnp.tanh(cell)
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    # What does not depend on the gradient from later steps is computed for all steps at once, outside the loop.
    hidden_to_cell = o * (1 - squashed * squashed)
    slopes = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
    recurrent_transposed = weights.recurrent.T

    def step(state: tuple[Array, Array], at: tuple[Array, ...]) -> tuple[tuple[Array, Array], Array]:
        from_hidden, from_cell = state
        d_output, slope, to_cell, forget = at
        d_hidden = d_output + from_hidden
        d_cell = from_cell + d_hidden * to_cell
        d_gates = slope * jnp.concatenate([d_cell, d_cell, d_cell, d_hidden], axis=-1)
        return ((d_gates @ recurrent_transposed) * mask, d_cell * forget), d_gates

    along = (upstream, jnp.concatenate(slopes, axis=-1), hidden_to_cell, f)
    _, d_gates = jax.lax.scan(step, (zero[0], zero[0]), along, reverse=True)
    flat = d_gates.reshape(time * batch, 4 * unit)
    previous = jnp.concatenate([zero, hidden[:-1]])
    d_weights = LSTMWeights(
        kernel=inputs.reshape(time * batch, -1).T @ flat,
        recurrent=(previous * mask[None]).reshape(time * batch, unit).T @ flat,
        bias=flat.sum(axis=0),
    )
    d_inputs = (flat @ weights.kernel.T).reshape(inputs.shape)
    # The mask is drawn at random and is never trained, so its gradient is not computed.
    return d_weights, d_inputs, jnp.zeros_like(mask)


_lstm.defvjp(_forward_rule, _backward_rule)

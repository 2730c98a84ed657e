"""One LSTM layer over time-major input, with a hand-written gradient.

The equations are the standard ones (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000), gates in the
order input, forget, cell, output, as Keras stores them::

    i, f, o = sigmoid(x W + (h * m) U + b)      g = tanh(x W + (h * m) U + b)
    c' = f * c + i * g                          h' = o * tanh(c')

`m` is the variational recurrent dropout mask, the same at every step (Gal and Ghahramani, 2016). W, U and b lie below
one another in one matrix, so that the layer is ``[x, h * m, 1]`` times that matrix.

Autodiff through a scan would compute the gradient of that matrix step by step. The gradient here keeps only the
recurrent product and the gates inside the two loops: the input projection of all steps, the gradient of the inputs and
the gradient of the whole matrix are single matrix products outside.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

__all__ = ["lstm", "lstm_step", "parts"]


def parts(weights: Array) -> tuple[Array, Array, Array]:
    """Return kernel ``(feature, 4 * unit)``, recurrent kernel ``(unit, 4 * unit)`` and bias ``(4 * unit,)``."""
    unit = weights.shape[1] // 4
    feature = weights.shape[0] - unit - 1
    return weights[:feature], weights[feature:-1], weights[-1]


def lstm(weights: Array, inputs: Array, mask: Array) -> tuple[Array, Array]:
    """Return the hidden state after every step, from a zero state, and the last cell state.

    Args:
        weights: kernel, recurrent kernel and bias below one another, the four gates side by side, shape
            ``(feature + unit + 1, 4 * unit)``.
        inputs: shape ``(time, batch, feature)``.
        mask: factor on the recurrent state, shape ``(batch, unit)``; ones for no recurrent dropout.

    Returns:
        Hidden states, shape ``(time, batch, unit)``, and the cell state after the last step, ``(batch, unit)``.
    """
    return _lstm(weights, inputs, mask)


def lstm_step(projected: Array, hidden: Array, cell: Array, recurrent: Array) -> Array:
    """Return the hidden state after one more step, as decoders take them.

    Args:
        projected: input times kernel plus bias, shape ``(step, batch, 4 * unit)``, the steps side by side.
        hidden: hidden state before the step, dropout included, shape ``(step, batch, unit)``, with one step where
            all of them start from the same state.
        cell: cell state before the step, same shape.
        recurrent: recurrent kernel, shape ``(unit, 4 * unit)``.
    """
    i, f, g, o = jnp.split(projected + hidden @ recurrent, 4, axis=-1)
    cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(cell)


@jax.custom_vjp
def _lstm(weights: Array, inputs: Array, mask: Array) -> tuple[Array, Array]:
    hidden, (cell, _) = _forward(weights, inputs, mask)
    return hidden, cell[-1]


def _forward(weights: Array, inputs: Array, mask: Array) -> tuple[Array, tuple[Array, Array]]:
    """Return the hidden states; and the cell states and gates, which the gradient needs."""
    time, batch, feature = inputs.shape
    kernel, recurrent, bias = parts(weights)
    unit = len(recurrent)
    projected = (inputs.reshape(time * batch, feature) @ kernel).reshape(time, batch, 4 * unit)
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: so all four gates are one tanh, in one pass over their side-by-side values.
    scale = _per_gate([0.5, 0.5, 1.0, 0.5], unit, inputs)
    offset = _per_gate([0.5, 0.5, 0.0, 0.5], unit, inputs)

    def step(state: tuple[Array, Array], projected: Array) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        hidden, cell = state
        gates = jnp.tanh((projected + (hidden * mask) @ recurrent + bias[None, :]) * scale) * scale + offset
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        cell = f * cell + i * g
        hidden = o * jnp.tanh(cell)
        return (hidden, cell), (hidden, cell, gates)

    zero = jnp.zeros((batch, unit), inputs.dtype)
    _, (hidden, cell, gates) = jax.lax.scan(step, (zero, zero), projected)
    return hidden, (cell, gates)


def _forward_rule(weights: Array, inputs: Array, mask: Array):
    hidden, (cell, gates) = _forward(weights, inputs, mask)
    return (hidden, cell[-1]), (weights, inputs, mask, hidden, cell, gates)


def _backward_rule(kept: tuple[Array, ...], upstream: tuple[Array, Array]):
    from_outputs, from_last_cell = upstream
    weights, inputs, mask, hidden, cell, gates = kept
    time, batch, unit = hidden.shape
    kernel, recurrent, _ = parts(weights)
    zero = jnp.zeros((1, batch, unit), hidden.dtype)
    is_sigmoid = _per_gate([1.0, 1.0, 0.0, 1.0], unit, inputs)
    # Without the barrier XLA folds the transposition into the product, which then is a slower one at every step.
    recurrent_transposed = jax.lax.optimization_barrier(recurrent.T)

    def step(state: tuple[Array, Array], at: tuple[Array, ...]) -> tuple[tuple[Array, Array], Array]:
        from_hidden, from_cell = state
        d_output, gates, squashed, before = at
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        d_hidden = d_output + from_hidden
        d_cell = from_cell + d_hidden * o * (1 - squashed * squashed)
        # Upstream, partner and slope of each gate; y (1 - y) is the slope of a sigmoid, 1 - y^2 that of a tanh.
        upstream = jnp.concatenate([d_cell, d_cell, d_cell, d_hidden], axis=-1)
        partner = jnp.concatenate([g, before, i, squashed], axis=-1)
        slope = is_sigmoid * gates + (1 - is_sigmoid) - gates * gates
        d_gates = upstream * partner * slope
        return ((d_gates @ recurrent_transposed) * mask, d_cell * f), d_gates

    along = (from_outputs, gates, jnp.tanh(cell), jnp.concatenate([zero, cell[:-1]]))
    _, d_gates = jax.lax.scan(step, (zero[0], from_last_cell), along, reverse=True)
    flat = d_gates.reshape(time * batch, 4 * unit)
    previous = jnp.concatenate([zero, hidden[:-1]]) * mask[None]
    seen = jnp.concatenate([inputs, previous, jnp.ones_like(previous[:, :, :1])], axis=-1)
    d_weights = seen.reshape(time * batch, len(weights)).T @ flat
    d_inputs = (flat @ kernel.T).reshape(inputs.shape)
    # The mask is drawn at random and is never trained, so its gradient is not computed.
    return d_weights, d_inputs, jnp.zeros_like(mask)


_lstm.defvjp(_forward_rule, _backward_rule)


def _per_gate(values: list[float], unit: int, like: Array) -> Array:
    """Return a number per gate, repeated over its units, shape ``(1, 4 * unit)``."""
    return jnp.repeat(jnp.array(values, like.dtype), unit)[None, :]

"""One LSTM layer over time-major input, with a hand-written gradient.

The equations are the standard ones (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000), gates in the
order input, forget, cell, output, as Keras stores them::

    i, f, o = sigmoid(x W + (h * m) U + b)      g = tanh(x W + (h * m) U + b)
    c' = f * c + i * g                          h' = o * tanh(c')

`m` is the variational recurrent dropout mask, the same at every step (Gal and Ghahramani, 2016). W, U and b lie below
one another in one matrix, so that the layer is ``[x, h * m, 1]`` times that matrix.

Autodiff through a scan would compute the gradient of that matrix step by step; here it is a single matrix product
outside of the two loops. Inside they keep what they can close by: the gates of all steps of a large batch do not fit
into a core's cache, so the inputs are multiplied within the loop, where a few data columns cost next to nothing and a
layer's outputs share the recurrent state's product, and the gates are stored in the precision of the products.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from gatewise.model.precision import product, restored, rounded, transposed

__all__ = ["lstm", "lstm_step", "parts"]

FEW_FEATURES = 4
"""Up to so many data columns are added to the gates one by one; more of them are one product before the loop."""


def parts(weights: Array) -> tuple[Array, Array, Array]:
    """Return kernel ``(feature, 4 * unit)``, recurrent kernel ``(unit, 4 * unit)`` and bias ``(4 * unit,)``."""
    unit = weights.shape[1] // 4
    feature = weights.shape[0] - unit - 1
    return weights[:feature], weights[feature:-1], weights[-1]


def lstm(
    weights: Array, inputs: Array, mask: Array, *, inner: bool = False, precision: str = "float32"
) -> tuple[Array, Array]:
    """Return the hidden state after every step, from a zero state, and the last cell state.

    Args:
        weights: kernel, recurrent kernel and bias below one another, the four gates side by side, shape
            ``(feature + unit + 1, 4 * unit)``.
        inputs: shape ``(time, batch, feature)``.
        mask: factor on the recurrent state, shape ``(batch, unit)``; ones for no recurrent dropout.
        inner: whether the inputs are the hidden states of a layer below. They then are multiplied together with the
            recurrent state, and rounded with it; data never are.
        precision: of the factors of products with hidden states, float32 or bfloat16.

    Returns:
        Hidden states, shape ``(time, batch, unit)``, and the cell state after the last step, ``(batch, unit)``.
    """
    return _lstm(weights, inputs, mask, inner, precision == "bfloat16")


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


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _lstm(weights: Array, inputs: Array, mask: Array, inner: bool, reduced: bool) -> tuple[Array, Array]:
    hidden, (_, cell, _) = _forward(weights, inputs, mask, inner, reduced)
    return hidden, cell


def _forward(
    weights: Array, inputs: Array, mask: Array, inner: bool, reduced: bool
) -> tuple[Array, tuple[Array, Array, Array]]:
    """Return the hidden states; and the cell states before each step, the last one, and the gates, for the gradient."""
    _, batch, feature = inputs.shape
    kernel, recurrent, bias = parts(weights)
    unit = len(recurrent)
    factor = rounded if reduced else _as_is
    multiplied = jax.lax.optimization_barrier(factor(weights[:-1] if inner else recurrent))
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: so all four gates are one tanh, in one pass over their side-by-side values.
    scale = _per_gate([0.5, 0.5, 1.0, 0.5], unit, inputs)
    offset = _per_gate([0.5, 0.5, 0.0, 0.5], unit, inputs)
    many = not inner and feature > FEW_FEATURES

    def step(state: tuple[Array, Array], at: Array) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        hidden, cell = state
        seen = jnp.concatenate([at, hidden * mask], axis=-1) if inner else hidden * mask
        drive = product(factor(seen), multiplied) + bias[None, :]
        if many:
            drive = drive + at
        elif not inner:
            for number in range(feature):
                drive = drive + at[:, number : number + 1] * kernel[number][None, :]
        gates = jnp.tanh(drive * scale) * scale + offset
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        after = f * cell + i * g
        hidden = o * jnp.tanh(after)
        return (hidden, after), (hidden, cell, factor(gates))

    along = (inputs.reshape(-1, feature) @ kernel).reshape(-1, batch, 4 * unit) if many else inputs
    zero = jnp.zeros((batch, unit), inputs.dtype)
    (_, last), (hidden, before, gates) = jax.lax.scan(step, (zero, zero), along)
    return hidden, (before, last, gates)


def _forward_rule(weights: Array, inputs: Array, mask: Array, inner: bool, reduced: bool):
    hidden, (before, last, gates) = _forward(weights, inputs, mask, inner, reduced)
    return (hidden, last), (weights, inputs, mask, hidden, before, last, gates)


def _backward_rule(inner: bool, reduced: bool, kept: tuple[Array, ...], upstream: tuple[Array, Array]):
    from_outputs, from_last_cell = upstream
    weights, inputs, mask, hidden, before, last, gates = kept
    time, batch, unit = hidden.shape
    feature = inputs.shape[-1]
    kernel, recurrent, _ = parts(weights)
    factor, unfactor = (rounded, restored) if reduced else (_as_is, _as_is)
    is_sigmoid = _per_gate([1.0, 1.0, 0.0, 1.0], unit, inputs)
    # Without the barrier XLA folds the transposition into the product, which then is a slower one at every step.
    back = jax.lax.optimization_barrier(factor(weights[:-1] if inner else recurrent).T)

    def step(state: tuple[Array, ...], at: tuple[Array, ...]) -> tuple[tuple[Array, ...], tuple[Array, Array]]:
        from_hidden, from_cell, cell = state
        d_output, gates, before = at
        gates, squashed = unfactor(gates), jnp.tanh(cell)
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        d_hidden = d_output + from_hidden
        d_cell = from_cell + d_hidden * o * (1 - squashed * squashed)
        # Upstream, partner and slope of each gate; y (1 - y) is the slope of a sigmoid, 1 - y^2 that of a tanh.
        upstream = jnp.concatenate([d_cell, d_cell, d_cell, d_hidden], axis=-1)
        partner = jnp.concatenate([g, before, i, squashed], axis=-1)
        slope = is_sigmoid * gates + (1 - is_sigmoid) - gates * gates
        d_gates = factor(upstream * partner * slope)
        d_seen = product(d_gates, back)
        return (d_seen[:, -unit:] * mask, d_cell * f, before), (d_gates, d_seen[:, :-unit])

    zero = jnp.zeros((1, batch, unit), hidden.dtype)
    along = (from_outputs, gates, before)
    _, (d_gates, d_inputs) = jax.lax.scan(step, (zero[0], from_last_cell, last), along, reverse=True)
    flat = d_gates.reshape(time * batch, 4 * unit)
    previous = jnp.concatenate([zero, hidden[:-1]]) * mask[None]
    seen = jnp.concatenate([inputs, previous, jnp.ones_like(previous[:, :, :1])], axis=-1)
    d_weights = product(transposed(factor(seen.reshape(time * batch, len(weights)))), flat)
    if not inner:
        d_inputs = (unfactor(flat) @ kernel.T).reshape(time, batch, feature)
    # The mask is drawn at random and is never trained, so its gradient is not computed.
    return d_weights, d_inputs, jnp.zeros_like(mask)


_lstm.defvjp(_forward_rule, _backward_rule)


def _as_is(values: Array) -> Array:
    return values


def _per_gate(values: list[float], unit: int, like: Array) -> Array:
    """Return a number per gate, repeated over its units, shape ``(1, 4 * unit)``."""
    return jnp.repeat(jnp.array(values, like.dtype), unit)[None, :]

"""The network once more in plain NumPy, with everything kept that a compiled program throws away.

A diagnosis wants the gates of every step and the gradient of every hidden state, once per training. A compiled program
for that would cost seconds for each Architecture; a few hundred small matrix products in NumPy cost milliseconds.
Tests hold the forward pass against `gatewise.model.network.apply` and the gradients against `jax.grad`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gatewise.architecture import Architecture
from gatewise.model.lstm import parts
from gatewise.model.network import Network, Sample, layout_of, network_of

__all__ = ["Layer", "Unrolled", "hidden_gradients", "unroll"]


class Layer(NamedTuple):
    """What one LSTM layer did at every step.

    Attributes:
        gates: after their activations, input, forget, candidate and output, shape ``(time, batch, 4 * unit)``.
        cell: cell states, shape ``(time, batch, unit)``.
        hidden: hidden states, same shape.
    """

    gates: np.ndarray
    cell: np.ndarray
    hidden: np.ndarray


class Unrolled(NamedTuple):
    """A forward pass with all that its gradient needs.

    Attributes:
        network: the matrices.
        layers: what each layer did over the window.
        decoded: what each layer did in the decoder, its steps side by side on the first axis; empty without one.
        raw: the head's values before quantiles are put in order, shape ``(quantile, horizon, batch)``.
        outputs: the network's outputs, same shape.
    """

    network: Network
    layers: tuple[Layer, ...]
    decoded: tuple[Layer, ...]
    raw: np.ndarray
    outputs: np.ndarray


def unroll(architecture: Architecture, parameters: np.ndarray, sample: Sample) -> Unrolled:
    """Run the network over windows, without dropout.

    Args:
        architecture: the network.
        parameters: flat, shape ``(parameter,)``.
        sample: windows and covariates, NumPy arrays.
    """
    a = architecture
    network = network_of(a, layout_of(a).split(parameters))
    static = _static(network, sample)
    sequence, layers = _patches(a, sample, static), list[Layer]()
    for weights in network.layers:
        layers.append(_layer(weights, sequence))
        sequence = layers[-1].hidden
    decoded = _decode(a, network, layers, sample, static) if a.segment else ()
    raw = _head(a, network.head, decoded[-1].hidden if decoded else sequence[-1], sample)
    return Unrolled(network, tuple(layers), tuple(decoded), raw, _ordered(raw) if a.quantiles else raw)


def hidden_gradients(architecture: Architecture, unrolled: Unrolled, upstream: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the gradient of a loss by every hidden state, one array ``(time, batch, unit)`` per layer.

    Backpropagation through time, through the whole stack: the gradient of a state counts every way on which it reaches
    the loss, through later steps and through the layers above.

    Args:
        architecture: the network.
        unrolled: its forward pass.
        upstream: gradient of the loss by the outputs, shape ``(quantile, horizon, batch)``.

    Source: Goodfellow, Bengio and Courville (2016), "Deep Learning", section 10.2.2.
    """
    a, (network, layers, decoded) = architecture, unrolled[:3]
    by_raw = _by_raw(unrolled.raw, upstream) if a.quantiles else upstream
    by_state = _by_state(a, network.head, by_raw, layers[-1].hidden.shape[-1])
    if a.segment:
        last = _by_last_states(network, layers, decoded, by_state)
    else:
        nothing = [(np.zeros_like(layer.hidden[-1]), np.zeros_like(layer.cell[-1])) for layer in layers]
        last = [*nothing[:-1], (by_state, nothing[-1][1])]
    made, from_above = list[np.ndarray](), np.zeros_like(layers[-1].hidden)
    for weights, layer, (by_hidden, by_cell) in zip(
        reversed(network.layers), reversed(layers), reversed(last), strict=True
    ):
        from_above[-1] += by_hidden
        gradient, by_gates = _through_time(weights, layer, from_above, by_cell)
        made.append(gradient)
        if len(made) < len(layers):
            kernel = parts(weights)[0]
            from_above = (by_gates.reshape(-1, by_gates.shape[-1]) @ kernel.T).reshape(*by_gates.shape[:2], -1)
    return tuple(reversed(made))


# -- forward ----------------------------------------------------------------------------------------------------------


def _static(network: Network, sample: Sample) -> np.ndarray | None:
    columns = [] if sample.static is None else [sample.static]
    if network.embedding is not None:
        table = np.concatenate([network.embedding, network.embedding.mean(axis=0, keepdims=True)])
        columns.append(table[sample.series])
    return np.concatenate(columns, axis=-1) if columns else None


def _patches(a: Architecture, sample: Sample, static: np.ndarray | None) -> np.ndarray:
    """Return the LSTM's inputs, shape ``(step, batch, feature)``."""
    steps, batch = a.steps, sample.inputs.shape[1]
    columns = [sample.inputs.reshape(steps, a.patch, batch).swapaxes(1, 2)]
    if sample.past is not None:
        columns.append(sample.past.reshape(steps, a.patch, batch, -1).swapaxes(1, 2).reshape(steps, batch, -1))
    if static is not None:
        columns.append(np.broadcast_to(static, (steps, *static.shape)))
    return np.concatenate(columns, axis=-1)


def _layer(weights: Any, inputs: np.ndarray) -> Layer:
    time, batch, feature = inputs.shape
    kernel, recurrent, bias = parts(weights)
    unit = len(recurrent)
    gates = ((inputs.reshape(time * batch, feature) @ kernel) + bias).reshape(time, batch, 4 * unit)
    cells, hiddens = np.empty((2, time, batch, unit), gates.dtype)
    hidden = cell = np.zeros((batch, unit), gates.dtype)
    for step in range(time):
        _activate(np.add(gates[step], hidden @ recurrent, out=gates[step]))
        i, f, g, o = _parted(gates[step])
        cells[step] = cell = f * cell + i * g
        hiddens[step] = hidden = o * np.tanh(cell)
    return Layer(gates, cells, hiddens)


def _parted(gates: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return input, forget, candidate and output; `numpy.split` takes longer than a step's arithmetic."""
    unit = gates.shape[-1] // 4
    return gates[..., :unit], gates[..., unit : 2 * unit], gates[..., 2 * unit : 3 * unit], gates[..., 3 * unit :]


def _activate(gates: np.ndarray) -> np.ndarray:
    """Apply the activations in place: ``sigmoid(x) = tanh(x / 2) / 2 + 1 / 2``, so that one pass serves all gates."""
    unit = gates.shape[-1] // 4
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], gates.dtype), unit)
    gates *= scale
    np.tanh(gates, out=gates)
    gates *= scale
    gates += 1 - scale
    return gates


def _decode(
    a: Architecture, network: Network, layers: list[Layer], sample: Sample, static: np.ndarray | None
) -> tuple[Layer, ...]:
    """Return what the layers did in one more step for each segment."""
    decoder = network.decoder
    assert decoder is not None
    kernel, _, bias = parts(network.layers[0])
    projected = decoder[: a.segments, None, :] + bias
    if static is not None:
        projected = projected + static @ kernel[-a.static_features :]
    if sample.future is not None:
        batch, missing = sample.future.shape[1], a.segments * a.segment - a.horizon
        future = np.pad(sample.future, ((0, missing), (0, 0), (0, 0)))
        future = future.reshape(a.segments, a.segment, batch, -1).swapaxes(1, 2).reshape(a.segments, batch, -1)
        projected = projected + future @ decoder[a.segments :]
    made = list[Layer]()
    for number, (weights, layer) in enumerate(zip(network.layers, layers, strict=True)):
        kernel, recurrent, bias = parts(weights)
        if number:
            projected = made[-1].hidden @ kernel + bias
        gates = _activate(projected + layer.hidden[-1] @ recurrent)
        i, f, g, o = _parted(gates)
        cell = f * layer.cell[-1] + i * g
        made.append(Layer(gates, cell, o * np.tanh(cell)))
    return tuple(made)


def _head(a: Architecture, head: np.ndarray, state: np.ndarray, sample: Sample) -> np.ndarray:
    count, batch = max(len(a.quantiles), 1), state.shape[-2]
    if not a.segment and sample.future is not None:
        state = np.concatenate([state, sample.future.swapaxes(0, 1).reshape(batch, -1)], axis=-1)
    outputs = state @ head[:-1] + head[-1]
    if not a.segment:
        return outputs.reshape(batch, count, a.horizon).transpose(1, 2, 0)
    outputs = outputs.reshape(a.segments, batch, count, a.segment).transpose(2, 0, 3, 1)
    return outputs.reshape(count, a.segments * a.segment, batch)[:, : a.horizon]


def _ordered(raw: np.ndarray) -> np.ndarray:
    median, steps = raw[:1], np.logaddexp(0, raw[1:]).astype(raw.dtype)
    below, above = median - np.cumsum(steps[0::2], axis=0), median + np.cumsum(steps[1::2], axis=0)
    return np.concatenate([median, np.stack([below, above], axis=1).reshape(steps.shape)])


# -- backward ---------------------------------------------------------------------------------------------------------


def _by_raw(raw: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    """Return the gradient by the head's values before the quantiles were put in order."""
    below, above = (np.cumsum(upstream[first::2][::-1], axis=0)[::-1] for first in (1, 2))
    by_steps = np.stack([-below, above], axis=1).reshape(upstream[1:].shape)
    slope = 0.5 * np.tanh(0.5 * raw[1:]) + 0.5
    return np.concatenate([upstream.sum(axis=0, keepdims=True), by_steps * slope])


def _by_state(a: Architecture, head: np.ndarray, by_raw: np.ndarray, unit: int) -> np.ndarray:
    """Return the gradient by the states that the head reads, ``(batch, unit)``, with segments in front of it."""
    count, _, batch = by_raw.shape
    if a.segment:
        missing = a.segments * a.segment - a.horizon
        whole = np.pad(by_raw, ((0, 0), (0, missing), (0, 0))).reshape(count, a.segments, a.segment, batch)
        flat = whole.transpose(1, 3, 0, 2).reshape(a.segments, batch, -1)
    else:
        flat = by_raw.transpose(2, 0, 1).reshape(batch, -1)
    return flat @ head[:unit].T


def _by_last_states(
    network: Network, layers: tuple[Layer, ...], decoded: tuple[Layer, ...], by_state: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the gradients by hidden and cell state at the end of the window, summed over the decoder's steps."""
    made, by_hidden = list[tuple[np.ndarray, np.ndarray]](), by_state
    for weights, layer, step in zip(reversed(network.layers), reversed(layers), reversed(decoded), strict=True):
        kernel, recurrent, _ = parts(weights)
        by_gates, by_cell = _through_step(step.gates, step.cell, layer.cell[-1], by_hidden, np.zeros_like(by_hidden))
        made.append(((by_gates @ recurrent.T).sum(axis=0), by_cell.sum(axis=0)))
        by_hidden = by_gates @ kernel.T
    return list(reversed(made))


def _through_time(
    weights: Any, layer: Layer, from_above: np.ndarray, by_cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients by every hidden state and by every gate before its activation."""
    back = np.ascontiguousarray(parts(weights)[1].T)
    made, by_gates = np.empty_like(layer.hidden), np.empty_like(layer.gates)
    from_later, zero = np.zeros_like(by_cell), np.zeros_like(by_cell)
    for step in range(len(layer.hidden) - 1, -1, -1):
        made[step] = from_above[step] + from_later
        before = layer.cell[step - 1] if step else zero
        by_gates[step], by_cell = _through_step(layer.gates[step], layer.cell[step], before, made[step], by_cell)
        from_later = by_gates[step] @ back
    return made, by_gates


def _through_step(
    gates: np.ndarray, cell: np.ndarray, before: np.ndarray, by_hidden: np.ndarray, by_cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients by the gates before their activation and by the cell state before the step."""
    i, f, g, o = _parted(gates)
    squashed = np.tanh(cell)
    by_cell = by_cell + by_hidden * o * (1 - squashed * squashed)
    parted: list[Any] = [
        by_cell * g * i * (1 - i),
        by_cell * before * f * (1 - f),
        by_cell * i * (1 - g * g),
        by_hidden * squashed * o * (1 - o),
    ]
    return np.concatenate(parted, axis=-1), by_cell * f

"""The network as plain float64 loops, one window, one layer and one step at a time."""

from __future__ import annotations

import numpy as np

from gatewise.architecture import Architecture
from gatewise.model.network import Masks, Sample


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(x))


def step(weights, x, hidden, cell):
    """Return hidden and cell state of one window after one more step, gates in the order that Keras stores them in."""
    i, f, g, o = np.split(np.concatenate([x, hidden, [1.0]]) @ weights, 4)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(cell), cell


def plain_network(a: Architecture, matrices: list[np.ndarray], sample: Sample, masks: Masks) -> np.ndarray:
    """Return the outputs of all windows, shape ``(quantile, horizon, batch)``."""
    batch = np.shape(sample.inputs)[1]
    return np.stack([_one(a, list(matrices), sample, masks, number) for number in range(batch)], axis=-1)


def _one(a: Architecture, matrices: list[np.ndarray], sample: Sample, masks: Masks, b: int) -> np.ndarray:
    layers, rest = matrices[: len(a.hidden)], matrices[len(a.hidden) :]
    decoder = rest.pop(0) if a.segment else None
    embedding = rest.pop(0) if a.embedding else None
    (head,) = rest
    static = [] if sample.static is None else list(sample.static[b])
    if embedding is not None:
        number = int(sample.series[b])
        static += list(embedding[number] if number < len(embedding) else embedding.mean(axis=0))

    states = [(np.zeros(unit), np.zeros(unit)) for unit in a.hidden]
    top = np.zeros(a.hidden[-1])
    for patch in range(a.window // a.patch):
        times = range(patch * a.patch, (patch + 1) * a.patch)
        x = [sample.inputs[t, b] for t in times]
        if sample.past is not None:
            x += [value for t in times for value in sample.past[t, b]]
        x = np.array(x + static)
        for layer, weights in enumerate(layers):
            hidden, cell = states[layer]
            states[layer] = step(weights, x, hidden * masks.recurrent[layer][b], cell)
            x = top = states[layer][0]
            if layer < len(layers) - 1 and masks.output[layer] is not None:
                x = x * masks.output[layer][patch, b]

    last = masks.output[-1] if masks.output[-1] is None else masks.output[-1][b]
    if decoder is None:
        seen = top if last is None else top * last
        future = [] if sample.future is None else sample.future[:, b].ravel()
        raw = (np.concatenate([seen, future, [1.0]]) @ head).reshape(-1, a.horizon)
    else:
        parts = [
            _segment(a, layers, decoder, head, states, static, sample, masks, b, number)
            for number in range(-(-a.horizon // a.segment))
        ]
        raw = np.concatenate(parts, axis=1)[:, : a.horizon]
    return _bounds(raw) if a.quantiles else raw


def _segment(a, layers, decoder, head, states, static, sample, masks, b, number):
    """Return the outputs of one segment of the horizon, shape ``(quantile, step)``."""
    places = -(-a.horizon // a.segment)
    unit = a.hidden[0]
    first = layers[0]
    x = decoder[number].copy()
    rows_of_static = first[len(first) - unit - 1 - len(static) : len(first) - unit - 1]
    for value, row in zip(static, rows_of_static, strict=True):
        x += value * row
    if sample.future is not None:
        width = sample.future.shape[-1]
        for place in range(a.segment):
            t = number * a.segment + place
            if t < a.horizon:
                for column in range(width):
                    x += sample.future[t, b, column] * decoder[places + place * width + column]
    hidden, cell = states[0]
    recurrent_and_bias = first[len(first) - unit - 1 :]
    i, f, g, o = np.split(x + np.concatenate([hidden * masks.recurrent[0][b], [1.0]]) @ recurrent_and_bias, 4)
    cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
    x = sigmoid(o) * np.tanh(cell)
    for layer in range(1, len(layers)):
        if masks.output[layer - 1] is not None:
            x = x * masks.output[layer - 1][-1, b]
        hidden, cell = states[layer]
        x, _ = step(layers[layer], x, hidden * masks.recurrent[layer][b], cell)
    if masks.output[-1] is not None:
        x = x * masks.output[-1][b]
    return (np.concatenate([x, [1.0]]) @ head).reshape(-1, a.segment)


def _bounds(raw):
    """Return the median, then low and high of each level, each further out than the one before."""
    made = [raw[0]]
    low = high = raw[0]
    for level in range(1, len(raw), 2):
        low, high = low - softplus(raw[level]), high + softplus(raw[level + 1])
        made += [low, high]
    return np.stack(made)

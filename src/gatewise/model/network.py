"""The network: stacked LSTM layers and a dense head, its weights in one flat vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture
from gatewise.model.lstm import lstm, lstm_step, parts

__all__ = [
    "Layout",
    "Masks",
    "Network",
    "Sample",
    "apply",
    "initialise",
    "layout_of",
    "mask_shapes",
    "masks_of",
    "network_of",
    "no_masks",
    "parameter_count",
    "sample_of",
]


class Layout(NamedTuple):
    """Shapes of the network's matrices, which lie one after another in the flat parameter vector.

    One matrix per LSTM layer, then the decoder's and the series' embedding where there are any, then the dense head.
    Layers and head have their bias as the last row. The optimizer then updates one vector in one fused loop, and a
    checkpoint is one array.

    Attributes:
        shapes: rows and columns of each matrix.
        biases: how many last rows of each are a bias, 0 or 1.
    """

    shapes: tuple[tuple[int, int], ...]
    biases: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(rows * columns for rows, columns in self.shapes)

    def split(self, flat: Any) -> list[Any]:
        """Return the matrices of a flat vector."""
        matrices, start = [], 0
        for rows, columns in self.shapes:
            matrices.append(flat[start : start + rows * columns].reshape(rows, columns))
            start += rows * columns
        return matrices

    def join(self, matrices: list[Array]) -> Array:
        """Return the flat vector of matrices."""
        return jnp.concatenate([matrix.reshape(-1) for matrix in matrices])

    def weights_mask(self) -> Array:
        """Return ones where a weight stands and zeros where a bias does: L2 and weight decay act on weights only."""
        parts: list[Array] = []
        for (rows, columns), bias in zip(self.shapes, self.biases, strict=True):
            parts += [jnp.ones((rows - bias) * columns), jnp.zeros(bias * columns)]
        return jnp.concatenate(parts)


class Network(NamedTuple):
    """The matrices by what they are.

    Attributes:
        layers: one matrix per LSTM layer, see `gatewise.model.lstm`.
        decoder: a row for each segment's place, then the kernel of the known-future columns; None without a decoder.
        embedding: one row per series, None without one.
        head: the dense head, its bias last.
    """

    layers: list[Any]
    decoder: Any | None
    embedding: Any | None
    head: Any


class Sample(NamedTuple):
    """A batch of windows as the network reads them; the covariates are None where there are none.

    Attributes:
        inputs: normalised values, shape ``(time, batch)``.
        past: past and known-future columns of the window, shape ``(time, batch, feature)``.
        future: known-future columns of the horizon, shape ``(horizon, batch, feature)``.
        static: shape ``(batch, feature)``.
        series: number of each window's series, int32, shape ``(batch,)``; the number of series for an unknown one.
    """

    inputs: Any
    past: Any = None
    future: Any = None
    static: Any = None
    series: Any = None


def sample_of(architecture: Architecture, inputs: Any, features: Any, static: Any, series: Any) -> Sample:
    """Return a batch as the network reads it.

    Args:
        architecture: tells past columns from known-future ones.
        inputs: normalised values, shape ``(time, batch)``.
        features: past columns, then known-future ones, shape ``(time + horizon, batch, feature)``, None without any.
        static: shape ``(batch, feature)``, None without any.
        series: number of each window's series, shape ``(batch,)``; read only where there is an embedding.
    """
    steps, widths = architecture.window, architecture.widths
    past = future = None
    if features is not None:
        past = features[:steps]
        if widths.future:
            future = features[steps : steps + architecture.horizon, :, widths.past :]
    return Sample(inputs, past, future, static, series)


def layout_of(architecture: Architecture) -> Layout:
    """Return the shapes of the network's matrices.

    Example:
        >>> layout_of(Architecture(window=10, patch=1, horizon=1, hidden=(64, 32))).size
        29345
    """
    a = architecture
    features = (a.step_features, *a.hidden)
    shapes = [(feature + unit + 1, 4 * unit) for feature, unit in zip(features, a.hidden, strict=False)]
    biases = [1] * len(shapes)
    if a.segment:
        shapes.append((a.segments + a.segment * a.widths.future, 4 * a.hidden[0]))
        biases.append(0)
    if a.embedding:
        shapes.append((a.widths.series, a.embedding))
        biases.append(0)
    # Without a decoder the head reads the known future itself.
    beside = 0 if a.segment else a.horizon * a.widths.future
    outputs = (a.segment or a.horizon) * max(len(a.quantiles), 1)
    return Layout((*shapes, (a.hidden[-1] + beside + 1, outputs)), (*biases, 1))


def network_of(architecture: Architecture, matrices: Sequence[Any]) -> Network:
    """Return the matrices of a flat vector, as `Layout.split` gives them, by what they are."""
    rest = list(matrices)
    layers = [rest.pop(0) for _ in architecture.hidden]
    decoder = rest.pop(0) if architecture.segment else None
    embedding = rest.pop(0) if architecture.embedding else None
    return Network(layers, decoder, embedding, rest.pop(0))


def parameter_count(architecture: Architecture) -> int:
    """Return the number of trainable parameters."""
    return layout_of(architecture).size


def initialise(architecture: Architecture, seed: int) -> np.ndarray:
    """Return initial parameters as one flat float32 vector.

    Input kernels and the head are Glorot uniform, recurrent kernels orthogonal, biases zero with a forget bias of 1.
    Where the network forecasts around a base or a normalised window, the head starts at a tenth of its size, so that
    the first forecast is close to the base.

    Source: Glorot and Bengio (2010) for the kernels, Saxe et al. (2014) for orthogonal recurrent kernels, Jozefowicz,
    Zaremba and Sutskever (2015) for the forget bias.
    """
    generator = np.random.default_rng(seed)
    framed = architecture.base != "none" or architecture.normalise != "none"
    layout = layout_of(architecture)
    flat = np.zeros(layout.size, np.float32)
    network = network_of(architecture, layout.split(flat))
    for layer in network.layers:
        kernel, recurrent, bias = parts(layer)
        kernel[:] = _glorot(generator, kernel.shape)
        recurrent[:] = _orthogonal(generator, *recurrent.shape)
        bias[len(recurrent) : 2 * len(recurrent)] = 1
    if network.decoder is not None:
        network.decoder[:] = _glorot(generator, network.decoder.shape)
    if network.embedding is not None:
        network.embedding[:] = 0.1 * generator.standard_normal(network.embedding.shape)
    network.head[:-1] = _glorot(generator, network.head[:-1].shape) * (0.1 if framed else 1)
    return flat


def _glorot(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return a matrix uniform between plus and minus ``sqrt(6 / (rows + columns))``."""
    limit = math.sqrt(6 / sum(shape))
    return generator.uniform(-limit, limit, shape)


def _orthogonal(generator: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Return a matrix with orthonormal rows (rows <= columns)."""
    q, r = np.linalg.qr(generator.standard_normal((columns, rows)))
    return (q * np.sign(np.diag(r))).T


class Masks(NamedTuple):
    """Dropout masks of one batch, scaled so that the expected value stays the same (inverted dropout).

    Attributes:
        output: after each layer, shape ``(batch, unit)`` of the last step for the last layer, else
            ``(time, batch, unit)``; None where nothing is dropped.
        recurrent: on each layer's recurrent state, shape ``(batch, unit)``.
    """

    output: tuple[Any, ...]
    recurrent: tuple[Any, ...]


def no_masks(architecture: Architecture, batch: int) -> Masks:
    """Return masks that drop nothing, as evaluation uses."""
    ones = tuple(np.ones((batch, unit), np.float32) for unit in architecture.hidden)
    return Masks(output=tuple(None for _ in architecture.hidden), recurrent=ones)


def mask_shapes(architecture: Architecture, batch: int) -> list[tuple[int, ...]]:
    """Return the shapes of all dropout masks of one batch: those after the layers, then the recurrent ones."""
    steps, units = architecture.steps, architecture.hidden
    return [(steps, batch, unit) for unit in units[:-1]] + [(batch, units[-1])] + [(batch, unit) for unit in units]


def masks_of(uniforms: Sequence[Array], dropout: Array, recurrent_dropout: Array) -> Masks:
    """Return the dropout masks of one batch; at a rate of 0 they are all ones.

    Args:
        uniforms: random numbers in [0, 1) of the shapes that `mask_shapes` gives.
        dropout: share of units dropped after each layer, in [0, 1).
        recurrent_dropout: share of recurrent units dropped, in [0, 1).
    """

    def keep(numbers: Sequence[Array], rate: Array) -> tuple[Array, ...]:
        return tuple((one >= rate).astype(rate.dtype) / (1 - rate) for one in numbers)

    layers = len(uniforms) // 2
    return Masks(keep(uniforms[:layers], dropout), keep(uniforms[layers:], recurrent_dropout))


def apply(architecture: Architecture, matrices: Sequence[Array], sample: Sample, masks: Masks) -> Array:
    """Return the head's outputs, shape ``(quantile, horizon, batch)``, with one quantile for a point forecast.

    The head reads the last hidden state, so the newest value reaches every step of the forecast. With segments, it
    reads the state after one more step per segment, all of them side by side from the window's last state.

    Args:
        architecture: the network.
        matrices: the parameters, as `Layout.split` gives them.
        sample: windows and covariates.
        masks: dropout masks.

    Source: Lin et al. (2023), "SegRNN", parallel multi-step forecasting, for the segments.
    """
    network = network_of(architecture, matrices)
    static = _static(architecture, network, sample)
    sequence = _patches(architecture, sample, static)
    states: list[tuple[Array, Array]] = []
    last = len(network.layers) - 1
    for layer, weights in enumerate(network.layers):
        sequence, cell = lstm(
            weights, sequence, masks.recurrent[layer], inner=layer > 0, precision=architecture.precision
        )
        states.append((sequence[-1] * masks.recurrent[layer], cell))
        mask = masks.output[layer]
        if layer < last and mask is not None:
            sequence = sequence * mask
    state = sequence[-1]
    if architecture.segment:
        state = _decode(architecture, network, states, sample, static, masks)
    mask = masks.output[last]
    if mask is not None:
        state = state * jnp.broadcast_to(mask, state.shape)
    return _head(architecture, network.head, state, sample)


def _static(architecture: Architecture, network: Network, sample: Sample) -> Array | None:
    """Return what stays the same along a window, shape ``(batch, feature)``, None where nothing does."""
    columns = [] if sample.static is None else [sample.static]
    if network.embedding is not None:
        # A series that training never saw takes the mean of all.
        table = jnp.concatenate([network.embedding, network.embedding.mean(axis=0, keepdims=True)])
        columns.append(table[sample.series])
    return jnp.concatenate(columns, axis=-1) if columns else None


def _patches(architecture: Architecture, sample: Sample, static: Array | None) -> Array:
    """Return the LSTM's inputs, shape ``(step, batch, feature)``: the values of a patch, their covariates, static."""
    steps, patch, batch = architecture.steps, architecture.patch, sample.inputs.shape[1]
    columns = [sample.inputs.reshape(steps, patch, batch).swapaxes(1, 2)]
    if sample.past is not None:
        columns.append(sample.past.reshape(steps, patch, batch, -1).swapaxes(1, 2).reshape(steps, batch, -1))
    if static is not None:
        columns.append(jnp.broadcast_to(static, (steps, *static.shape)))
    return jnp.concatenate(columns, axis=-1) if len(columns) > 1 else columns[0]


def _decode(
    architecture: Architecture,
    network: Network,
    states: list[tuple[Array, Array]],
    sample: Sample,
    static: Array | None,
    masks: Masks,
) -> Array:
    """Return the last layer's hidden state of every segment, shape ``(segment, batch, unit)``."""
    a, decoder = architecture, network.decoder
    assert decoder is not None
    kernel, recurrent, bias = parts(network.layers[0])
    projected = decoder[: a.segments, None, :] + bias[None, None, :]
    if static is not None:
        projected = projected + (static @ kernel[-a.static_features :])[None]
    if sample.future is not None:
        missing = a.segments * a.segment - a.horizon
        future = jnp.pad(sample.future, ((0, missing), (0, 0), (0, 0)))
        batch = future.shape[1]
        segments = future.reshape(a.segments, a.segment, batch, -1).swapaxes(1, 2).reshape(a.segments, batch, -1)
        projected = projected + segments @ decoder[a.segments :]
    # Every segment starts from the same state: an axis of one, which stands for all of them.
    shared = [(hidden[None], cell[None]) for hidden, cell in states]
    hidden = lstm_step(projected, *shared[0], recurrent)
    for layer in range(1, len(network.layers)):
        kernel, recurrent, bias = parts(network.layers[layer])
        mask = masks.output[layer - 1]
        if mask is not None:
            hidden = hidden * mask[-1:]
        hidden = lstm_step(hidden @ kernel + bias[None, None, :], *shared[layer], recurrent)
    return hidden


def _head(architecture: Architecture, head: Array, state: Array, sample: Sample) -> Array:
    a, count = architecture, max(len(architecture.quantiles), 1)
    batch = state.shape[-2]
    if not a.segment and sample.future is not None:
        state = jnp.concatenate([state, sample.future.swapaxes(0, 1).reshape(batch, -1)], axis=-1)
    outputs = state.reshape(-1, state.shape[-1]) @ head[:-1] + head[-1:]
    if a.segment:
        # (segment, batch, quantile, step) to (quantile, segment and step, batch)
        outputs = outputs.reshape(a.segments, batch, count, a.segment).transpose(2, 0, 3, 1)
        outputs = outputs.reshape(count, a.segments * a.segment, batch)[:, : a.horizon]
    else:
        outputs = outputs.reshape(batch, count, a.horizon).transpose(1, 2, 0)
    return _ordered(outputs) if a.quantiles else outputs


def _ordered(outputs: Array) -> Array:
    """Return quantiles that never cross: the median, then bounds as positive steps away from it, level by level."""
    median, steps = outputs[:1], jax.nn.softplus(outputs[1:])
    below = median - jnp.cumsum(steps[0::2], axis=0)
    above = median + jnp.cumsum(steps[1::2], axis=0)
    bounds = jnp.stack([below, above], axis=1).reshape(steps.shape)
    return jnp.concatenate([median, bounds])

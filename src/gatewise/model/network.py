"""The network: stacked LSTM layers and a dense head, its weights in one flat vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture
from gatewise.model.lstm import lstm, parts

__all__ = [
    "Layout",
    "Masks",
    "apply",
    "initialise",
    "layout_of",
    "mask_shapes",
    "masks_of",
    "no_masks",
    "parameter_count",
]


class Layout(NamedTuple):
    """Shapes of the network's matrices, which lie one after another in the flat parameter vector.

    One matrix per LSTM layer and one for the dense head, each with its bias as the last row. The optimizer then updates
    one vector in one fused loop, and a checkpoint is one array.
    """

    shapes: tuple[tuple[int, int], ...]

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
        parts = [(jnp.ones((rows - 1) * columns), jnp.zeros(columns)) for rows, columns in self.shapes]
        return jnp.concatenate([part for pair in parts for part in pair])


def layout_of(architecture: Architecture) -> Layout:
    """Return the shapes of the network's matrices.

    Example:
        >>> layout_of(Architecture(window=10, patch=1, horizon=1, hidden=(64, 32))).size
        29345
    """
    features = (architecture.patch, *architecture.hidden)
    layers = [(feature + unit + 1, 4 * unit) for feature, unit in zip(features, architecture.hidden, strict=False)]
    return Layout((*layers, (features[-1] + 1, architecture.horizon)))


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
    flat = np.zeros(layout_of(architecture).size, np.float32)
    *layers, head = layout_of(architecture).split(flat)
    for layer in layers:
        kernel, recurrent, bias = parts(layer)
        kernel[:] = _glorot(generator, kernel.shape)
        recurrent[:] = _orthogonal(generator, *recurrent.shape)
        bias[len(recurrent) : 2 * len(recurrent)] = 1
    head[:-1] = _glorot(generator, head[:-1].shape) * (0.1 if framed else 1)
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
    steps, units = architecture.window // architecture.patch, architecture.hidden
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


def apply(architecture: Architecture, matrices: list[Array], inputs: Array, masks: Masks) -> Array:
    """Return the head's outputs, shape ``(batch, horizon)``.

    The head reads the last hidden state, so the newest value reaches every step of the forecast.

    Args:
        architecture: the network.
        matrices: the parameters, as `Layout.split` gives them.
        inputs: shape ``(time, batch, feature)``, where a step of time is one patch.
        masks: dropout masks.
    """
    *layers, head = matrices
    sequence = inputs
    last = len(layers) - 1
    for layer, weights in enumerate(layers):
        sequence = lstm(weights, sequence, masks.recurrent[layer])
        mask = masks.output[layer]
        if layer == last:
            sequence = sequence[-1]
        if mask is not None:
            sequence = sequence * mask
    return sequence @ head[:-1] + head[-1:]

"""The network: stacked LSTM layers and a dense head, its weights in one flat vector."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture
from gatewise.model.lstm import LSTMWeights, lstm
from gatewise.model.random import fold, uniform

__all__ = ["Layout", "Masks", "apply", "draw_masks", "initialise", "layout_of", "no_masks", "parameter_count"]


class Slot(NamedTuple):
    """Where one array lies in the flat vector."""

    name: str
    shape: tuple[int, ...]
    start: int
    is_weight: bool

    @property
    def stop(self) -> int:
        return self.start + math.prod(self.shape)


class Layout(NamedTuple):
    """Names and places of all arrays in the flat parameter vector.

    The optimizer then updates one vector in one fused loop, and a checkpoint is one array.
    """

    slots: tuple[Slot, ...]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.slots[-1].stop

    def split(self, flat: Array) -> dict[str, Array]:
        """Return the named arrays of a flat vector."""
        return {slot.name: flat[slot.start : slot.stop].reshape(slot.shape) for slot in self.slots}

    def join(self, arrays: dict[str, Array]) -> Array:
        """Return the flat vector of named arrays."""
        return jnp.concatenate([arrays[slot.name].reshape(-1) for slot in self.slots])

    def weights_mask(self) -> np.ndarray:
        """Return ones where a weight stands and zeros where a bias does: L2 and weight decay act on weights only."""
        return np.concatenate([np.full(math.prod(s.shape), s.is_weight, np.float32) for s in self.slots])


def layout_of(architecture: Architecture) -> Layout:
    """Return where each array of the network lies.

    Example:
        >>> layout_of(Architecture(window=10, patch=1, horizon=1, hidden=(64, 32))).size
        29345
    """
    slots: list[Slot] = []

    def add(name: str, *shape: int, is_weight: bool = True) -> None:
        slots.append(Slot(name, shape, slots[-1].stop if slots else 0, is_weight))

    feature = architecture.patch
    for layer, unit in enumerate(architecture.hidden):
        add(f"lstm{layer}.kernel", feature, 4 * unit)
        add(f"lstm{layer}.recurrent", unit, 4 * unit)
        add(f"lstm{layer}.bias", 4 * unit, is_weight=False)
        feature = unit
    add("head.kernel", feature, architecture.horizon)
    add("head.bias", architecture.horizon, is_weight=False)
    return Layout(tuple(slots))


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
    parts: list[np.ndarray] = []
    for slot in layout_of(architecture).slots:
        array = np.zeros(slot.shape)
        if slot.name.endswith("recurrent"):
            array = _orthogonal(generator, *slot.shape)
        elif slot.is_weight:
            limit = math.sqrt(6.0 / sum(slot.shape))
            array = generator.uniform(-limit, limit, slot.shape)
            if framed and slot.name == "head.kernel":
                array *= 0.1
        elif slot.name != "head.bias":
            unit = slot.shape[0] // 4
            array[unit : 2 * unit] = 1.0
        parts.append(array.reshape(-1))
    return np.concatenate(parts).astype(np.float32)


def _orthogonal(generator: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Return a matrix with orthonormal rows (rows <= columns)."""
    q, r = np.linalg.qr(generator.standard_normal((columns, rows)))
    return (q * np.sign(np.diag(r))).T


class Masks(NamedTuple):
    """Dropout masks of one batch, scaled so that the expected value stays the same (inverted dropout).

    Attributes:
        output: after each layer, shape ``(batch, unit)`` of the last step for the last layer, else
            ``(time, batch, unit)``.
        recurrent: on each layer's recurrent state, shape ``(batch, unit)``.
    """

    output: tuple[Array | None, ...]
    recurrent: tuple[Array, ...]


def no_masks(architecture: Architecture, batch: int) -> Masks:
    """Return masks that drop nothing, as evaluation uses."""
    ones = tuple(jnp.ones((batch, unit), jnp.float32) for unit in architecture.hidden)
    return Masks(output=tuple(None for _ in architecture.hidden), recurrent=ones)


def draw_masks(architecture: Architecture, batch: int, key: Array, dropout: Array, recurrent_dropout: Array) -> Masks:
    """Draw the dropout masks of one batch; a rate of 0 draws nothing at run time.

    Args:
        architecture: the network.
        batch: windows in the batch.
        key: a key of `gatewise.model.random`.
        dropout: share of units dropped after each layer, in [0, 1).
        recurrent_dropout: share of recurrent units dropped, in [0, 1).
    """
    steps, last = architecture.window // architecture.patch, len(architecture.hidden) - 1

    def draw(rate: Array, one: Array, *shape: int) -> Array:
        def some() -> Array:
            return (uniform(one, shape) >= rate).astype(rate.dtype) / (1 - rate)

        return jax.lax.cond(rate > 0, some, lambda: jnp.ones(shape, rate.dtype))

    output, recurrent = [], []
    for layer, unit in enumerate(architecture.hidden):
        shape = (batch, unit) if layer == last else (steps, batch, unit)
        output.append(draw(dropout, fold(key, 2 * layer), *shape))
        recurrent.append(draw(recurrent_dropout, fold(key, 2 * layer + 1), batch, unit))
    return Masks(tuple(output), tuple(recurrent))


def apply(architecture: Architecture, arrays: dict[str, Array], inputs: Array, masks: Masks) -> Array:
    """Return the head's outputs, shape ``(batch, horizon)``.

    The head reads the last hidden state, so the newest value reaches every step of the forecast.

    Args:
        architecture: the network.
        arrays: named parameters, as `Layout.split` gives them.
        inputs: shape ``(time, batch, feature)``, where a step of time is one patch.
        masks: dropout masks.
    """
    sequence = inputs
    last = len(architecture.hidden) - 1
    for layer in range(len(architecture.hidden)):
        weights = LSTMWeights(*(arrays[f"lstm{layer}.{part}"] for part in LSTMWeights._fields))
        sequence = lstm(weights, sequence, masks.recurrent[layer])
        mask = masks.output[layer]
        if layer == last:
            sequence = sequence[-1]
        if mask is not None:
            sequence = sequence * mask
    return sequence @ arrays["head.kernel"] + arrays["head.bias"][None, :]

"""The compiled training program of one Architecture: a chunk of optimizer steps.

The panel lies once on the device as one flat array; a window is only its first index in it, and a batch gathers its
values inside the program. The program takes its number of steps as an argument and arrays padded to a few sizes, so
neither the length of the data nor any knob compiles anything anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture, Knobs, Scalar
from gatewise.model.network import Layout, apply, layout_of, mask_shapes, masks_of, sample_of
from gatewise.model.random import fold, key_of, normal, uniform
from gatewise.model.recipe import frame, padded_index, unframe
from gatewise.train.augment import add_noise, scale_magnitude, shift_starts
from gatewise.train.device import COMPILER_OPTIONS, device, place, return_freed_memory
from gatewise.train.loss import loss_of
from gatewise.train.optimizer import clip, direction

__all__ = [
    "CHUNK",
    "MOST_PROGRAMS",
    "Batches",
    "Measured",
    "State",
    "Table",
    "chunk_of",
    "compiled_once",
    "size_class",
    "table_of",
    "trainer",
]

CHUNK = 64
"""Batches per call of a compiled program: small enough that Ctrl-C answers at once, large enough to hide the call."""

MOST_PROGRAMS = 8
"""Compiled programs of a kind that stay in memory, 10 to 15 MB each. A search over many Architectures drops the one
that was not used for the longest time, and takes it from the compile cache if it is needed again."""

_making = Lock()


class Table(NamedTuple):
    """The scaled panel on the device, all series one after another, padded at the end.

    Attributes:
        values: float32, shape ``(padded time,)``.
        observed: bool, same shape: whether a value was measured, or filled.
        features: past columns, then known-future ones, float32, shape ``(padded time, feature)``; None without any.
        static: float32, shape ``(padded series, feature)``; None without any.
        linear: coefficients of the linear base, float32, shape ``(window + 1, horizon)``; None with another base.
    """

    values: Array
    observed: Array
    features: Array | None = None
    static: Array | None = None
    linear: Array | None = None


class Batches(NamedTuple):
    """Windows of up to `CHUNK` batches.

    Attributes:
        start: index of each window's first value in the table, int32, shape ``(chunk, batch)``.
        low: smallest start that a time shift may move it to, same shape.
        high: largest start that a time shift may move it to, same shape.
        first: index of the series' first value, same shape; a window that starts before it is padded.
        series: number of the series, same shape.
        weight: of a window in the loss, 0 for padding, float32, same shape.
        learning_rate: float32, shape ``(chunk,)``.
        count: number of batches in use, int32.
    """

    start: Any
    low: Any
    high: Any
    first: Any
    series: Any
    weight: Any
    learning_rate: Any
    count: Any


class State(NamedTuple):
    """All that changes during a training.

    Attributes:
        parameters: float32, shape ``(parameter,)``.
        average: their running mean over the steps, same shape; the parameters themselves without averaging.
        optimizer: the optimizer's state.
        seed: of dropout and augmentation, uint32, which stays.
        step: optimizer steps made, uint32.
    """

    parameters: Any
    average: Any
    optimizer: Any
    seed: Any
    step: Any


class Measured(NamedTuple):
    """Sums over the steps of a chunk, each a float32 scalar.

    Attributes:
        loss: loss times weight over the observed targets.
        targets: their weights.
        norm: gradient norms before clipping.
        largest_norm: the largest of them.
        clipped: steps whose gradient was clipped.
        update_ratio: norms of the update over those of the weights.
        broken: steps whose loss or gradient was not finite.
    """

    loss: Scalar
    targets: Scalar
    norm: Scalar
    largest_norm: Scalar
    clipped: Scalar
    update_ratio: Scalar
    broken: Scalar


class _Sums(NamedTuple):
    """What a chunk adds up: few arrays, so that it costs few operations per step."""

    total: Array
    largest: Array


class Trainer(NamedTuple):
    """Entry points of a training: `start` makes a state, `steps` advances it by a chunk."""

    start: Callable[[np.ndarray, Knobs, int], State]
    steps: Callable[[State, Knobs, Table, Batches], tuple[State, Measured]]


def size_class(length: int, smallest: int = 1024) -> int:
    """Return the padded length: the next of ``1, 1.25, 1.5, 1.75`` times a power of two.

    Example:
        >>> size_class(10), size_class(1100), size_class(2284)
        (1024, 1280, 2560)
    """
    size = smallest
    while size < length:
        quarter = size // 4
        for step in (1, 2, 3, 4):
            if length <= size + step * quarter:
                return size + step * quarter
        size *= 2
    return size


def table_of(
    values: np.ndarray,
    observed: np.ndarray,
    room: int = 0,
    *,
    features: np.ndarray | None = None,
    static: np.ndarray | None = None,
) -> Table:
    """Put a flat panel on the device, padded to the size class of its length or of `room`, whichever is larger."""
    size = size_class(max(len(values), room))
    return Table(
        *place(
            (
                _grown(np.asarray(values, np.float32), size),
                _grown(np.asarray(observed, bool), size),
                None if features is None or not features.shape[1] else _grown(features, size),
                None if static is None or not static.shape[1] else _grown(static, size_class(len(static), 16)),
            )
        )
    )


def _grown(array: np.ndarray, length: int) -> np.ndarray:
    """Return an array with zeros behind it, up to a length."""
    grown = np.zeros((length, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown


def trainer(architecture: Architecture) -> Trainer:
    """Return the training programs of an Architecture, compiled on first use and shared by all its trials."""
    with _making:
        return _train_programs(architecture)


@lru_cache(maxsize=MOST_PROGRAMS)
def _train_programs(architecture: Architecture) -> Trainer:
    run = compiled_once(jax.jit(chunk_of(architecture), donate_argnums=(0,), compiler_options=COMPILER_OPTIONS))

    def start(parameters: np.ndarray, knobs: Knobs, seed: int) -> State:
        # Every state of these optimizers starts at zero, so nothing needs compiling to make one.
        shapes = jax.eval_shape(direction(architecture.optimizer, knobs).init, parameters)
        optimizer = jax.tree.map(lambda array: np.zeros(array.shape, array.dtype), shapes)
        # A copy: the state is donated to the program, and the caller keeps its own array.
        weights = np.array(parameters, np.float32)
        return place(State(weights, weights.copy(), optimizer, np.uint32(seed & 0xFFFFFFFF), np.uint32(0)))

    return Trainer(start, lambda state, knobs, table, batches: run(state, _floats(knobs), table, batches))


def chunk_of(architecture: Architecture) -> Callable[[State, Knobs, Table, Batches], tuple[State, Measured]]:
    """Return the function, yet to be compiled, that makes ``batches.count`` optimizer steps."""
    return partial(_train_chunk, architecture, layout_of(architecture))


def _floats(knobs: Knobs) -> Knobs:
    return Knobs(*(np.float32(value) for value in knobs))


def _train_chunk(
    architecture: Architecture,
    layout: Layout,
    state: State,
    knobs: Knobs,
    table: Table,
    batches: Batches,
) -> tuple[State, Measured]:
    """Make `batches.count` optimizer steps."""
    transform = direction(architecture.optimizer, knobs)
    key, weights_mask = key_of(state.seed), layout.weights_mask()
    loss_and_gradient = jax.value_and_grad(partial(_loss, architecture), has_aux=True)

    def step(index: Array, carried: tuple[State, _Sums]) -> tuple[State, _Sums]:
        (flat, average, optimizer, seed, made), sums = carried
        batch = Batches(*(part[index] for part in batches[:-1]), count=batches.count)
        (_, (data_loss, targets)), gradients = loss_and_gradient(
            layout.split(flat), knobs, table, batch, fold(key, made)
        )
        decay = flat * weights_mask
        clipped = clip(layout.join(gradients) + 2 * knobs.l2 * decay, knobs)
        update, optimizer = transform.update(clipped.gradient, optimizer, flat)
        change = batch.learning_rate * (jnp.asarray(update) + knobs.weight_decay * decay)
        ratio = jnp.sqrt(jnp.sum(change**2) / jnp.maximum(jnp.sum(flat**2), 1e-12))
        flat = flat - change
        # Early steps are forgotten faster, so that the mean does not drag the random start along.
        count = made.astype(jnp.float32)
        keep = jnp.minimum(knobs.averaging, (1 + count) / (10 + count))
        average = keep * average + (1 - keep) * flat
        broken = ~(jnp.isfinite(data_loss) & jnp.isfinite(clipped.norm))
        of_step = [data_loss, targets, clipped.norm, clipped.was_clipped, ratio, broken.astype(jnp.float32)]
        sums = _Sums(sums.total + jnp.stack(of_step), jnp.maximum(sums.largest, clipped.norm))
        return State(flat, average, optimizer, seed, made + 1), sums

    nothing = _Sums(jnp.zeros(6, jnp.float32), jnp.zeros((), jnp.float32))
    state, sums = jax.lax.fori_loop(0, batches.count, step, (state, nothing))
    loss, targets, norm, clipped, ratio, broken = sums.total
    return state, Measured(loss, targets, norm, sums.largest, clipped, ratio, broken)


def _loss(
    architecture: Architecture, matrices: list[Array], knobs: Knobs, table: Table, batch: Batches, key: Array
) -> tuple[Array, tuple[Array, Array]]:
    """Return the mean loss over observed targets; beside it the sum and the number of targets.

    The L2 term is left out here: its gradient is ``2 * lambda * w`` and is added to the flat gradient.
    """
    steps, horizon = architecture.window, architecture.horizon
    size = len(batch.start)
    shapes = [(size,), (1, size), (steps, size), *mask_shapes(architecture, size)]
    for_shift, for_scale, for_noise, *for_dropout = uniform(key, shapes)
    start = shift_starts(for_shift, knobs, batch.start, batch.low, batch.high)
    index = start[None, :] + jnp.arange(steps + horizon, dtype=start.dtype)[:, None]
    index = padded_index(index, batch.first[None, :], max(architecture.season, architecture.long_season))
    values, observed = table.values[index], table.observed[index[steps:]]
    weight = jnp.where(observed, batch.weight[None, :], 0.0)
    window, target = scale_magnitude(normal(for_scale), knobs, values[:steps], values[steps:])
    framed = frame(architecture, add_noise(normal(for_noise), knobs, window), table.linear)
    features = None if table.features is None else table.features[index]
    static = None if table.static is None else table.static[batch.series]
    sample = sample_of(architecture, framed.inputs, features, static, batch.series)
    masks = masks_of(for_dropout, knobs.dropout, knobs.recurrent_dropout)
    forecast = unframe(framed, apply(architecture, matrices, sample, masks))
    losses = loss_of(architecture.loss, architecture.quantiles)(forecast - target[None]).mean(axis=0)
    total, targets = jnp.sum(losses * weight), jnp.sum(weight)
    return total / jnp.maximum(targets, 1e-6), (total, targets)


def compiled_once(program: Callable[..., Any]) -> Callable[..., Any]:
    """Return a program whose first call per device holds a lock: one compiles, the next take it from the cache."""
    compiling, ready = Lock(), set[Any]()

    def call(*arguments: Any) -> Any:
        where = device()
        if where in ready:
            return program(*arguments)
        with compiling:
            made = program(*arguments)
            ready.add(where)
        return_freed_memory()
        return made

    return call

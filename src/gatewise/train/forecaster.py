"""The compiled forecasting programs of one Architecture.

They take the windows themselves rather than places in a panel: so one program serves every length of series, and every
origin of a backtest sees exactly what it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture
from gatewise.model.network import apply, layout_of, no_masks, sample_of
from gatewise.model.recipe import frame, unframe
from gatewise.train.device import COMPILER_OPTIONS, place
from gatewise.train.program import MOST_PROGRAMS, compiled_once

__all__ = ["FEW", "Histories", "compile_forecasters", "forecaster"]

BATCH = 128
"""Windows per batch when forecasting many."""

CHUNK = 8
"""Batches per call when forecasting many."""

FEW = 8
"""Up to so many windows are forecast by a program of their own, so that one series need not pay for a whole batch."""

_making = Lock()


@dataclass(frozen=True, eq=False)
class Histories:
    """What forecasts start from, in the scaled series' units.

    Attributes:
        windows: float32, shape ``(origin, time)``.
        features: past columns, then known-future ones, float32, shape ``(origin, time + ahead, feature)``, where the
            steps ahead are at least those forecast; None without any.
        static: float32, shape ``(origin, feature)``; None without any.
        series: number of each origin's series, int32, shape ``(origin,)``; None where nothing depends on it.
    """

    windows: np.ndarray
    features: np.ndarray | None = None
    static: np.ndarray | None = None
    series: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.windows)


def forecaster(architecture: Architecture, horizon: int) -> Callable[[Any, Histories | np.ndarray, Any], np.ndarray]:
    """Return a function of parameters, histories and the linear base to forecasts.

    The forecasts have the shape ``(origin, quantile, horizon)``, in the scaled series' units. A horizon beyond the
    head's is reached by feeding the (median) forecasts back as new values, a head's length at a time: so a recursive
    model is one whose head forecasts one step.
    """
    plain = architecture._replace(batch_size=0, optimizer="", loss="", precision="float32")
    quantiles = max(len(architecture.quantiles), 1)
    blocks = -(-horizon // architecture.horizon)
    ahead = blocks * architecture.horizon

    def forecast(parameters: Any, histories: Histories | np.ndarray, linear: Any = None) -> np.ndarray:
        if isinstance(histories, np.ndarray):
            histories = Histories(histories)
        # Two programs, one for the few series of a forecast and one for the many windows of a validation: both of a
        # fixed size, so that no number of windows and no length of a series compiles anything anew.
        chunk, batch = (1, FEW) if len(histories) <= FEW else (CHUNK, BATCH)
        with _making:
            program = _forecast_program(plain, blocks, chunk, batch)
        flat, base = place((parameters, linear))
        room = chunk * batch
        forecasts = np.zeros((len(histories), quantiles, horizon), np.float32)

        def padded(array: np.ndarray | None, first: int, shape: tuple[int, ...]) -> np.ndarray | None:
            if array is None:
                return None
            some = array[first : first + room][(slice(None), *(slice(length) for length in shape))]
            made = np.zeros((room, *shape), array.dtype)
            made[(slice(len(some)), *(slice(length) for length in some.shape[1:]))] = some
            return made.reshape(chunk, batch, *shape)

        steps = architecture.window
        series = histories.series if architecture.embedding else None
        for first in range(0, len(histories), room):
            count = min(room, len(histories) - first)
            features = histories.features
            made = program(
                flat,
                base,
                padded(histories.windows, first, (steps,)),
                padded(features, first, (steps + ahead, features.shape[2])) if features is not None else None,
                padded(histories.static, first, (histories.static.shape[1],)) if histories.static is not None else None,
                padded(series, first, ()),
                np.int32(-(-count // batch)),
            )
            forecasts[first : first + room] = np.asarray(made).reshape(room, quantiles, ahead)[:count, :, :horizon]
        return forecasts

    return forecast


def compile_forecasters(architecture: Architecture, horizon: int) -> None:
    """Compile both forecasting programs, or take them from the cache: for a core that has nothing else to do yet."""
    make, parameters = forecaster(architecture, horizon), np.zeros(layout_of(architecture).size, np.float32)
    widths, ahead = architecture.widths, -(-horizon // architecture.horizon) * architecture.horizon
    linear = np.zeros((architecture.window + 1, architecture.horizon), np.float32)
    for count in (FEW, FEW + 1):
        features, static = widths.past + widths.future, widths.static
        histories = Histories(
            np.zeros((count, architecture.window), np.float32),
            np.zeros((count, architecture.window + ahead, features), np.float32) if features else None,
            np.zeros((count, static), np.float32) if static else None,
            np.zeros(count, np.int32),
        )
        make(parameters, histories, linear if architecture.base == "linear" else None)


@lru_cache(maxsize=MOST_PROGRAMS)
def _forecast_program(architecture: Architecture, blocks: int, chunk: int, batch: int) -> Callable[..., Array]:
    layout = layout_of(architecture)
    masks = no_masks(architecture, batch)
    steps, horizon = architecture.window, architecture.horizon
    quantiles = max(len(architecture.quantiles), 1)

    def one(matrices: list[Array], linear: Any, window: Array, features: Any, static: Any, series: Any) -> Array:
        def block(window: Array, number: Array) -> tuple[Array, Array]:
            framed = frame(architecture, window, linear)
            seen = features
            if features is not None:
                seen = jax.lax.dynamic_slice_in_dim(features, number * horizon, steps + horizon)
            sample = sample_of(architecture, framed.inputs, seen, static, series)
            made = unframe(framed, apply(architecture, matrices, sample, masks))
            return jnp.concatenate([window, made[0]])[-steps:], made

        _, made = jax.lax.scan(block, window, jnp.arange(blocks))
        # (block, quantile, step, batch) to (batch, quantile, block and step)
        return made.transpose(3, 1, 0, 2).reshape(batch, quantiles, blocks * horizon)

    def forecast_chunk(
        flat: Array, linear: Any, windows: Array, features: Any, static: Any, series: Any, count: Array
    ) -> Array:
        matrices = layout.split(flat)

        def put(i: Array, made: Array) -> Array:
            of_batch = jax.tree.map(lambda array: array[i], (windows, features, static, series))
            window, seen, fixed, number = of_batch
            seen = None if seen is None else seen.swapaxes(0, 1)
            return made.at[i].set(one(matrices, linear, window.T, seen, fixed, number))

        empty = jnp.zeros((chunk, batch, quantiles, blocks * horizon), jnp.float32)
        return jax.lax.fori_loop(0, count, put, empty)

    return compiled_once(jax.jit(forecast_chunk, compiler_options=COMPILER_OPTIONS))

"""The compiled forecasting programs of one Architecture.

They take the windows themselves rather than places in a panel: so one program serves every length of series, and every
origin of a backtest sees exactly what it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from gatewise.architecture import Architecture
from gatewise.model.network import apply, layout_of, no_masks
from gatewise.model.recipe import frame, unframe
from gatewise.train.device import COMPILER_OPTIONS, place
from gatewise.train.program import compiled_once

__all__ = ["FEW", "compile_forecasters", "forecaster"]

BATCH = 128
"""Windows per batch when forecasting many."""

CHUNK = 8
"""Batches per call when forecasting many."""

FEW = 8
"""Up to so many windows are forecast by a program of their own, so that one series need not pay for a whole batch."""

_making = Lock()


def forecaster(architecture: Architecture, horizon: int) -> Callable[[Any, np.ndarray], np.ndarray]:
    """Return a function of parameters and windows to forecasts.

    The windows have the shape ``(window, time)`` in the scaled series' units, and so have the forecasts,
    ``(window, horizon)``. A horizon beyond the head's is reached by feeding the forecasts back as new values, a head's
    length at a time: so a recursive model is one whose head forecasts one step.
    """
    plain = architecture._replace(batch_size=0, optimizer="", loss="")

    def forecast(parameters: Any, windows: np.ndarray) -> np.ndarray:
        # Two programs, one for the few series of a forecast and one for the many windows of a validation: both of a
        # fixed size, so that no number of windows and no length of a series compiles anything anew.
        chunk, batch = (1, FEW) if len(windows) <= FEW else (CHUNK, BATCH)
        with _making:
            program = _forecast_program(plain, horizon, chunk, batch)
        flat = place(parameters)
        room = chunk * batch
        forecasts = np.zeros((len(windows), horizon), np.float32)
        for first in range(0, len(windows), room):
            some = windows[first : first + room]
            padded = np.zeros((room, architecture.window), np.float32)
            padded[: len(some)] = some
            made = program(flat, padded.reshape(chunk, batch, -1), np.int32(-(-len(some) // batch)))
            forecasts[first : first + room] = np.asarray(made).reshape(room, horizon)[: len(some)]
        return forecasts

    return forecast


def compile_forecasters(architecture: Architecture, horizon: int) -> None:
    """Compile both forecasting programs, or take them from the cache: for a core that has nothing else to do yet."""
    make, parameters = forecaster(architecture, horizon), np.zeros(layout_of(architecture).size, np.float32)
    for count in (FEW, FEW + 1):
        make(parameters, np.zeros((count, architecture.window), np.float32))


@lru_cache(maxsize=256)
def _forecast_program(architecture: Architecture, horizon: int, chunk: int, batch: int) -> Callable[..., Array]:
    layout = layout_of(architecture)
    masks = no_masks(architecture, batch)

    def one(matrices: list[Array], window: Array) -> Array:
        def block(window: Array, _: None) -> tuple[Array, Array]:
            framed = frame(architecture, window)
            made = unframe(framed, apply(architecture, matrices, framed.inputs, masks))
            return jnp.concatenate([window, made])[-architecture.window :], made

        blocks = -(-horizon // architecture.horizon)
        _, made = jax.lax.scan(block, window, None, length=blocks)
        return made.reshape(blocks * architecture.horizon, batch)[:horizon].T

    def forecast_chunk(flat: Array, windows: Array, count: Array) -> Array:
        matrices = layout.split(flat)
        empty = jnp.zeros((chunk, batch, horizon), jnp.float32)
        return jax.lax.fori_loop(0, count, lambda i, made: made.at[i].set(one(matrices, windows[i].T)), empty)

    return compiled_once(jax.jit(forecast_chunk, compiler_options=COMPILER_OPTIONS))

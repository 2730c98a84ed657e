"""Memory and time of one training through Gatewise's layers, for a panel of any size."""

from __future__ import annotations

import math
import resource
import statistics
import sys
import time

import numpy as np
import pandas as pd
from peers.prepared import lessons_of

from gatewise.architecture import architecture_of
from gatewise.data.panel import Panel, Series
from gatewise.settings import Settings
from gatewise.train.device import place
from gatewise.train.fit import Lessons, train
from gatewise.workbench import Workbench

WARM_UP = 1
"""Epochs that are not timed: the first compiles."""


def measure(
    path: str, rows: int, series: int, window: int, units: int, batch: int, windows_per_epoch: int, epochs: int
) -> dict[str, float]:
    """Return what a training took: peak memory above that after import, preparation, and time per window.

    Args:
        path: ``workbench`` goes from a panel through scaling, splitting and windowing, as the commands do; ``arrays``
            hands a flat array and window numbers to the training.
        rows: of all series together.
        series: number of series of the same length.
        window: steps that the model sees.
        units: of its one layer.
        batch: windows per step.
        windows_per_epoch: windows drawn for each epoch, the same for any number of rows.
        epochs: that are timed; the median counts. 0 only fills the cache.
    """
    place(np.zeros(1, np.float32))  # the client's own memory belongs to the start, not to the rows
    before = _peak_mib()
    settings = Settings.of(
        window=window,
        horizon=1,
        hidden=(units,),
        dropout=0.2,
        batch_size=batch,
        windows_per_epoch=windows_per_epoch,
        val_windows=8,
        test_windows=0,
        season=1,
        patience=10**6,
    )
    began = time.perf_counter()
    lessons = _through_workbench(settings, rows, series) if path == "workbench" else _arrays(settings, rows)
    prepared_s = time.perf_counter() - began
    training = train(settings, architecture_of(settings), lessons, None, epochs=WARM_UP + epochs)
    seconds = statistics.median([epoch.seconds for epoch in training.epochs[WARM_UP:]] or [math.nan])
    return {
        "peak above import, MiB": _peak_mib() - before,
        "preparing, s": prepared_s,
        "per window, µs": 1e6 * seconds / windows_per_epoch,
    }


def _arrays(settings: Settings, rows: int) -> Lessons:
    return lessons_of(np.sin(np.arange(rows, dtype=np.float32)), rows - (settings.window or 1))


def _through_workbench(settings: Settings, rows: int, series: int) -> Lessons:
    length = rows // series
    index = pd.RangeIndex(length)
    everywhere, nowhere = np.ones(length, bool), np.zeros(length, bool)
    panel = Panel(
        tuple(
            Series(f"series {number}", index, np.sin(np.arange(length) + number), everywhere, nowhere)
            for number in range(series)
        ),
        freq=1,
    )
    return Workbench.of(panel, settings).lessons(settings)


def _peak_mib() -> float:
    unit = 1 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes there, in KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20

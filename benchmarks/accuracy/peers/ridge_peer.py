"""Ridge regression from a normalised window to all steps ahead, in closed form: the bar that an LSTM must clear.

A window loses its level (last value or mean) and is divided by its standard deviation; one regression serves all
series. Level, window and penalty are chosen on origins of the validation part, then the regression is fitted on all
rows before the test part (on the training part alone where nothing may be trained anew).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd
from task import LONGEST_WINDOW, Task

SEASONS = (1, 2, 3, 7, 14, 21)
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""As shares of the mean variance of an input."""
MOST_WINDOWS, MOST_ORIGINS, AT_ONCE = 60_000, 4096, 4096


def forecast(task: Task) -> pd.DataFrame:
    """Return the frame."""
    best = (np.inf, task.window, "last", PENALTIES[0])
    for window, level in product(_windows(task), ("last", "mean")):
        gram, cross = _sums(task, window, level, task.test_rows + task.validation)
        blocks, unit = _judged(task, window)
        for penalty in PENALTIES:
            error = np.abs(_apply(_solve(gram, cross, penalty), blocks[:, :window], level) - blocks[:, window:]) / unit
            best = min(best, (float(np.mean(error**2 if task.squared else error)), window, level, penalty))
    _, window, level, penalty = best
    unseen = task.test_rows if task.refitted else task.test_rows + task.validation
    weights = _solve(*_sums(task, window, level, unseen), penalty)
    return task.from_origins(lambda histories, _: _apply(weights, histories, level), window)


def _windows(task: Task) -> list[int]:
    """Return the windows to try, whole seasons or horizons; a single series keeps half of its rows for targets."""
    lengths = [len(values) - task.test_rows for values in task.series.values()]
    room = (int(np.median(lengths)) - task.validation - task.horizon) // (2 if len(lengths) == 1 else 1)
    most = min(LONGEST_WINDOW, room, min(lengths))
    wanted = {times * step for times in SEASONS for step in (task.season, task.horizon) if step > 1}
    return sorted({window for window in wanted if window <= most} or {most})


def _sums(task: Task, window: int, level: str, unseen: int) -> tuple[np.ndarray, np.ndarray]:
    """Return X'X and X'Y over the windows, with a column of ones behind the inputs."""
    gram, cross = np.zeros((window + 1, window + 1)), np.zeros((window + 1, task.horizon))
    for blocks in _blocks(task, window, unseen):
        inputs, targets = _normalised(blocks, window, level)
        gram += inputs.T @ inputs
        cross += inputs.T @ targets
    return gram, cross


def _blocks(task: Task, window: int, unseen: int) -> Iterator[np.ndarray]:
    """Yield windows with the steps behind them, evenly spread where there are too many."""
    size = window + task.horizon
    counts = {name: max(len(values) - unseen - size + 1, 0) for name, values in task.series.items()}
    stride = max(sum(counts.values()) // MOST_WINDOWS, 1)
    for name, count in counts.items():
        starts = np.arange(count - 1, -1, -stride)
        for first in range(0, len(starts), AT_ONCE):
            yield task.series[name][starts[first : first + AT_ONCE, None] + np.arange(size)]


def _judged(task: Task, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows from validation origins, and the seasonal naive error of each one's series."""
    blocks, units = [], []
    each = max(MOST_ORIGINS // len(task.series), 1)
    for values in task.series.values():
        seen = values[: -task.test_rows]
        origins = np.arange(len(seen) - task.validation, len(seen) - task.horizon + 1)
        origins = origins[origins >= window]
        origins = origins[np.linspace(0, len(origins) - 1, min(len(origins), each)).astype(int)]
        learn = seen[: -task.validation]
        unit = np.abs(learn[task.season :] - learn[: -task.season]).mean() if len(learn) > task.season else 0.0
        if unit > 0:
            blocks.append(seen[origins[:, None] + np.arange(-window, task.horizon)])
            units.append(np.full((len(origins), 1), unit))
    return np.concatenate(blocks), np.concatenate(units)


def _frame(histories: np.ndarray, level: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the level and the spread of each window; a constant one has spread 1."""
    middle = histories[:, -1:] if level == "last" else histories.mean(axis=1, keepdims=True)
    spread = histories.std(axis=1, keepdims=True)
    return middle, np.where(spread > 1e-6 * (1 + np.abs(middle)), spread, 1.0)


def _normalised(blocks: np.ndarray, window: int, level: str) -> tuple[np.ndarray, np.ndarray]:
    middle, spread = _frame(blocks[:, :window], level)
    framed = (blocks - middle) / spread
    return np.column_stack([framed[:, :window], np.ones(len(blocks))]), framed[:, window:]


def _solve(gram: np.ndarray, cross: np.ndarray, penalty: float) -> np.ndarray:
    """Return ``(X'X + penalty * I)^-1 X'Y``; the intercept is not penalised."""
    added = np.full(len(gram), penalty * np.trace(gram[:-1, :-1]) / (len(gram) - 1))
    added[-1] = 0.0
    return np.linalg.solve(gram + np.diag(added), cross)


def _apply(weights: np.ndarray, histories: np.ndarray, level: str) -> np.ndarray:
    middle, spread = _frame(histories, level)
    return ((histories - middle) / spread) @ weights[:-1] * spread + weights[-1] * spread + middle

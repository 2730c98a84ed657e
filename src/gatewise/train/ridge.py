"""The linear base: ridge regression from a framed window to the steps ahead, in closed form.

Source: Hoerl and Kennard (1970), "Ridge regression"; Toner and Darlow (2024), "An analysis of linear time series
forecasting models", for how far such a forecast goes.
"""

from __future__ import annotations

import numpy as np

from gatewise.architecture import Architecture
from gatewise.data.windows import Flat, Windows
from gatewise.model.recipe import normaliser, padded_index

__all__ = ["fit_linear"]

MOST_WINDOWS = 60_000
"""Windows that the regression is fitted on; with more, evenly spread ones stand for all."""

AT_ONCE = 4096
"""Windows gathered at a time."""

PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Ridge penalties tried, as shares of the mean variance of an input."""

HELD_OUT = 0.2
"""Share of the windows, the last of each series, on which the penalty is chosen."""


def fit_linear(architecture: Architecture, flat: Flat, windows: Windows) -> np.ndarray:
    """Return coefficients and intercept, float32, shape ``(window + 1, horizon)``.

    Inputs and targets are framed as the network's: the level is subtracted, and both are divided by the scale. The
    penalty is the one with the smallest squared error on the last fifth of each series' windows after a fit on the
    others; the regression is then fitted on all of them. Windows with filled targets are left out.

    Args:
        architecture: window, horizon and normalisation.
        flat: the scaled panel.
        windows: training windows.
    """
    windows = windows.thin(MOST_WINDOWS)
    position = np.arange(len(windows)) - np.flatnonzero(np.diff(windows.series, prepend=-1))[_rank(windows.series)]
    late = position >= (1 - HELD_OUT) * np.bincount(_rank(windows.series))[_rank(windows.series)]
    early_sums, late_sums = (_sums(architecture, flat, windows, chosen) for chosen in (~late, late))
    penalty = min(PENALTIES, key=lambda one: _error(_solve(*early_sums[:2], one), *late_sums))
    gram, cross = (a + b for a, b in zip(early_sums[:2], late_sums[:2], strict=True))
    return _solve(gram, cross, penalty).astype(np.float32)


def _rank(series: np.ndarray) -> np.ndarray:
    """Return for each window the rank of its series among those present; windows come series by series."""
    return np.cumsum(np.diff(series, prepend=series[:1]) != 0)


def _sums(
    architecture: Architecture, flat: Flat, windows: Windows, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return X'X, X'Y and the sum of Y^2 over the chosen windows, with a column of ones behind the inputs."""
    steps, horizon = architecture.window, architecture.horizon
    gram, cross, total = np.zeros((steps + 1, steps + 1)), np.zeros((steps + 1, horizon)), 0.0
    season = max(architecture.season, architecture.long_season)
    picked = np.flatnonzero(chosen)
    for first in range(0, len(picked), AT_ONCE):
        some = picked[first : first + AT_ONCE]
        index = windows.start[some] + np.arange(steps + horizon)[:, None]
        index = padded_index(index, windows.first[some], season)
        index = index[:, flat.observed[index[steps:]].all(axis=0)]
        window, target = flat.values[index[:steps]], flat.values[index[steps:]]
        level, scale = normaliser(architecture, window)
        inputs = np.concatenate([(window - level) / scale, np.ones_like(level)]).astype(np.float64)
        outputs = ((target - level) / scale).astype(np.float64)
        gram += inputs @ inputs.T
        cross += inputs @ outputs.T
        total += float((outputs**2).sum())
    return gram, cross, total


def _solve(gram: np.ndarray, cross: np.ndarray, penalty: float) -> np.ndarray:
    """Return ``(X'X + penalty)^-1 X'Y``; the intercept is not penalised."""
    count = max(gram[-1, -1], 1.0)
    variance = max(float(np.trace(gram[:-1, :-1])) / (count * (len(gram) - 1)), 1e-12)
    ridge = np.full(len(gram), penalty * variance * count)
    ridge[-1] = 1e-9 * count
    return np.linalg.solve(gram + np.diag(ridge), cross)


def _error(solution: np.ndarray, gram: np.ndarray, cross: np.ndarray, total: float) -> float:
    """Return the sum of squared errors of a solution, from the sums alone."""
    return float(total - 2 * (solution * cross).sum() + (solution * (gram @ solution)).sum())

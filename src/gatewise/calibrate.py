"""Forecast intervals by split conformal prediction: residuals on validation origins, never on training ones.

Source: Vovk, Gammerman and Shafer (2005); Stankeviciute, Alaa and van der Schaar (2021), "Conformal time-series
forecasting", for one radius per step of the horizon; Meeker, Hahn and Escobar (2017), "Statistical intervals",
section 4.7, for what a small sample asks for beside it.
"""

from __future__ import annotations

import math

import numpy as np

from gatewise.data.panel import Panel, Series, fill

__all__ = ["FEWEST", "LEVELS", "MOST_RESIDUALS", "enough_for", "independent", "radius", "small_sample", "unrest"]

MOST_RESIDUALS = 1000
"""Residuals kept per step; more change the quantiles by less than their own noise."""


LEVELS = np.arange(1, 100)
"""The levels that an interval may have, in %."""

MOST_LAGS = 8
"""Steps of the horizon, evenly spread, that stand for all where naive errors are looked at."""

FEWEST = 4
"""Independent residuals that every calibration counts at least."""


def enough_for(origins: int, level: int) -> bool:
    """Tell whether a step's own residuals can carry a level: it takes ``level / (100 - level)`` of them.

    Example:
        >>> enough_for(19, 95), enough_for(18, 95)
        (True, False)
    """
    return math.ceil((origins + 1) * level / 100) <= origins


def independent(series: np.ndarray, horizon: int) -> int:
    """Return how many forecasts without a common target stand behind overlapping ones.

    Origins that follow each other share all but one of their targets, so a hundred of them say little more than the few
    of them that lie a horizon apart.

    Args:
        series: number of each origin's series, shape ``(origin,)``.
        horizon: steps forecast from each.

    Example:
        >>> import numpy as np
        >>> independent(np.repeat([0, 1], [13, 1]), 12)
        3
    """
    counts = np.bincount(series)
    return int((-(-(counts[counts > 0] + horizon - 1) // horizon)).sum())


def small_sample(level: int, count: int) -> float:
    """Return by what an interval from a few independent residuals is too narrow.

    It is the half-width of the prediction interval of a normal sample with unknown variance over that with a known one:
    the quantile of Student's t times ``sqrt(1 + 1 / n)``, over the normal quantile. Above 1, and near it for many.

    Args:
        level: coverage asked for, in %.
        count: independent residuals, at least 1. Fewer than four count as four: the steps of one forecast say something
            of each other, too.

    Example:
        >>> [round(small_sample(80, count), 2) for count in (2, 10, 1000)]
        [1.43, 1.13, 1.0]
    """
    from scipy.special import ndtri, stdtrit

    upper, count = 0.5 + level / 200, max(count, FEWEST)
    return float(stdtrit(count - 1, upper) / ndtri(upper) * math.sqrt(1 + 1 / count))


def unrest(panel: Panel, validation: int, season: int, horizon: int) -> np.ndarray:
    """Return by how much the whole history was less calm than the validation part, at each of `LEVELS`; at least 1.

    What is compared are the quantiles of the seasonal naive forecast's absolute errors, which need no training and so
    are known for all of the history: a network's own errors are honest on the validation part only, and where that
    happens to be calm, they promise too much. A validation part less calm than the rest narrows nothing.

    Args:
        panel: the rows before the test part.
        validation: steps of the validation part at its end.
        season: period in steps, 1 for none.
        horizon: steps forecast; a naive forecast of a later step repeats an earlier value.

    Returns:
        Factors, shape ``(level,)``.
    """
    steps = np.unique(np.linspace(1, horizon, MOST_LAGS).round().astype(int))
    ratios = []
    for lag in np.unique(season * -(-steps // season)):
        parts = [_naive_errors(one, int(lag)) for one in panel if len(one) > lag]
        whole = np.concatenate([part[np.isfinite(part)] for part in parts]) if parts else np.empty(0)
        late = [part[-validation:] for part in parts]
        late = np.concatenate([part[np.isfinite(part)] for part in late]) if late else whole
        if len(late) and (quantiles := np.percentile(late, LEVELS)).min() > 0:
            ratios.append(np.percentile(whole, LEVELS) / quantiles)
    return np.maximum(np.mean(ratios, axis=0), 1.0) if ratios else np.ones(len(LEVELS))


def _naive_errors(one: Series, lag: int) -> np.ndarray:
    """Return what a value differs from the one a lag before, over the mean of it; NaN where one was not observed."""
    values = np.where(one.observed, one.values, np.nan)
    errors = np.abs(values[lag:] - values[:-lag])
    known = errors[np.isfinite(errors)]
    mean = known.mean() if len(known) else 0.0
    return errors / mean if mean > 0 else np.full_like(errors, np.nan)


def radius(residuals: np.ndarray, level: int) -> np.ndarray:
    """Return what an interval needs on both sides at each step, shape ``(horizon,)``.

    With enough origins this is the ``ceil((n + 1) * level)``-th smallest residual of the step. With fewer, the steps
    are pooled, each in units of its own mean size (with one residual a step, in those of the data: a residual says
    nothing of its own size), and the radius is at least the step's largest residual: a higher level is never narrower
    than a lower one.

    Args:
        residuals: on validation origins, shape ``(origin, horizon)``, NaN where the truth is missing: absolute errors
            of a point forecast, or distances beyond the bounds of an interval, which are negative inside of them.
        level: coverage asked for, in %, between 1 and 99.
    """
    return np.array([_step_radius(residuals, step, level) for step in range(residuals.shape[1])])


def _step_radius(residuals: np.ndarray, step: int, level: int) -> float:
    own = residuals[:, step]
    own = own[np.isfinite(own)]
    if enough_for(len(own), level):
        return _quantile(own, level)
    known = np.isfinite(residuals)
    count, total = known.sum(axis=0), np.where(known, np.abs(residuals), 0.0).sum(axis=0)
    # A step that was never observed (a weekday without data, say) takes the mean of its neighbours.
    means = fill(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    if count.max() == 1:
        means = np.full_like(means, total.sum() / count.sum())
    pooled = residuals / np.where(means > 0, means, 1.0)
    pooled = pooled[np.isfinite(pooled)]
    widest = float(own.max()) if len(own) else -math.inf
    if len(pooled) == 0:
        return 0.0
    return max(widest, float(means[step]) * _quantile(pooled, level))


def _quantile(values: np.ndarray, level: int) -> float:
    """Return the finite-sample quantile, or the largest value where there are too few."""
    rank = min(math.ceil((len(values) + 1) * level / 100), len(values))
    return float(np.sort(values)[rank - 1])

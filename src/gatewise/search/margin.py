"""Whether the winner of a search is better than the runner-up by more than noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatewise.search.trial import Trial
from gatewise.workbench import Candidate, Truth

__all__ = ["Margin", "margin_of", "standard_error"]

ENOUGH_SERIES = 20
"""Series from which on each counts as one observation, so that nothing need be assumed of its origins."""


@dataclass(frozen=True)
class Margin:
    """How far the runner-up is behind the winner.

    Attributes:
        winner: number of the best trial.
        runner_up: number of the second.
        difference: score of the runner-up less that of the winner.
        standard_error: of that difference over validation origins (or series) and repeats, NaN where there are too few.
    """

    winner: int
    runner_up: int
    difference: float
    standard_error: float

    @property
    def within_noise(self) -> bool:
        """Whether the difference is less than two standard errors."""
        return not self.difference >= 2 * self.standard_error

    def __str__(self) -> str:
        by = f"MASE {self.difference:.4f} on validation, standard error {self.standard_error:.4f}"
        if math.isnan(self.standard_error):
            return f"The validation part is too short to tell trial {self.winner} from the runner-up {self.runner_up}."
        if self.within_noise:
            return f"The runner-up, trial {self.runner_up}, is within noise of trial {self.winner} ({by})."
        return f"Trial {self.winner} beats the runner-up, trial {self.runner_up}, by more than noise ({by})."


def margin_of(models: Sequence[tuple[Trial, Candidate]], truth: Truth) -> Margin | None:
    """Return how far the runner-up of a search is behind; None with one trial.

    Args:
        models: trials and their models, the best trial first; of several repeats the first one stands for the origins.
        truth: what the validation origins are judged by.
    """
    first: dict[int, tuple[Trial, Candidate]] = {}
    for trial, candidate in models:
        first.setdefault(trial.number, (trial, candidate))
    if len(first) < 2:
        return None
    (one, winner), (two, runner_up) = list(first.values())[:2]
    errors = truth.errors(runner_up.forecast[:, 0]) - truth.errors(winner.forecast[:, 0])
    horizon = truth.values.shape[1]
    over_origins = standard_error(errors[truth.counts], truth.series[truth.counts], horizon)
    repeats = one.settings.repeats
    over_repeats = math.sqrt((one.spread**2 + two.spread**2) / repeats) if repeats > 1 else 0.0
    return Margin(one.number, two.number, two.score - one.score, math.hypot(over_origins, over_repeats))


def standard_error(values: np.ndarray, series: np.ndarray, horizon: int) -> float:
    """Return the standard error of a mean over series of means over origins, whose forecasts overlap.

    With many series each gives one observation. With few, the origins of each are a time series that is correlated over
    a horizon, for which the variance is that of Newey and West.

    Args:
        values: one per origin, shape ``(origin,)``, in the order of time within each series.
        series: number of each origin's series, same shape.
        horizon: steps over which origins share targets.

    Source: Newey and West (1987), with the Bartlett kernel; Diebold and Mariano (1995) for its use on forecast errors.
    """
    groups = [values[series == number] for number in np.unique(series)]
    if len(groups) >= ENOUGH_SERIES:
        means = np.array([group.mean() for group in groups])
        return float(means.std(ddof=1) / math.sqrt(len(means)))
    variances = [_newey_west(group, horizon) for group in groups]
    return float(math.sqrt(sum(variances)) / len(groups)) if groups else math.nan


def _newey_west(values: np.ndarray, lags: int) -> float:
    """Return the variance of the mean of a time series that is correlated over some lags, NaN where it is too short."""
    count = len(values)
    if count <= lags + 1:
        return math.nan
    centred = values - values.mean()
    total = float(centred @ centred)
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag])
    return max(total, 0.0) / count**2

"""What the backtest says: error by step, how often the intervals held, and where it is largest."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.report.words import model_label

__all__ = ["Coverage", "StepErrors", "coverages", "levels_of", "models_of", "relative_errors", "step_errors"]

BOUND = re.compile(r"^(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+)$")
"""The column of an interval's bound."""

REFERENCES = ("seasonal_naive", "last_value")
"""Baselines whose mean error makes the errors of different series comparable, the first that is there."""


@dataclass(frozen=True)
class StepErrors:
    """Mean absolute error at each step of the horizon.

    Attributes:
        reference: None for errors in the data's units; else the baseline whose mean error over a series is 1.
        models: by model, one error per step; None where nothing could be compared.
        origins: forecasts that each mean is over.
    """

    reference: str | None
    models: dict[str, tuple[float | None, ...]]
    origins: int


@dataclass(frozen=True)
class Coverage:
    """How often an interval held the truth.

    Attributes:
        level: what it promises, in %.
        inside: share of the truths inside, 0-1.
        truths: truths that were compared.
    """

    level: int
    inside: float
    truths: int


def models_of(backtest: pd.DataFrame) -> tuple[str, ...]:
    """Return the models that a backtest holds forecasts of.

    Example:
        >>> models_of(pd.DataFrame(columns=["ds", "cutoff", "y", "gatewise", "gatewise-lo-80", "last_value"]))
        ('gatewise', 'last_value')
    """
    known = {"unique_id", "ds", "cutoff", "y"}
    return tuple(name for name in backtest.columns if name not in known and not BOUND.match(name))


def levels_of(frame: pd.DataFrame) -> tuple[int, ...]:
    """Return the levels of Gatewise's intervals, smallest first.

    Example:
        >>> levels_of(pd.DataFrame(columns=["gatewise-lo-95", "gatewise-hi-95", "gatewise-lo-80", "gatewise-hi-80"]))
        (80, 95)
    """
    found = (BOUND.match(name) for name in frame.columns)
    sides = [(int(match["level"]), match["side"]) for match in found if match and match["model"] == "gatewise"]
    return tuple(sorted(level for level, side in sides if side == "lo" and (level, "hi") in sides))


def coverages(backtest: pd.DataFrame) -> tuple[Coverage, ...]:
    """Return how often each interval held the truth."""
    made = []
    for level in levels_of(backtest):
        low, high, truth = (backtest[name] for name in (f"gatewise-lo-{level}", f"gatewise-hi-{level}", "y"))
        compared = truth.notna() & low.notna() & high.notna()
        if compared.any():
            inside = (low <= truth) & (truth <= high)
            made.append(Coverage(level, float(inside[compared].mean()), int(compared.sum())))
    return tuple(made)


def _reference(backtest: pd.DataFrame) -> str | None:
    return next((name for name in REFERENCES if name in backtest.columns), None)


def _errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return absolute errors by model, NaN where there is no truth."""
    return pd.DataFrame({name: (backtest[name] - backtest["y"]).abs() for name in models_of(backtest)})


def relative_errors(backtest: pd.DataFrame) -> dict[str, float]:
    """Return Gatewise's mean absolute error on each series, divided by the reference baseline's.

    A series on which the baseline makes no error is left out, as is everything when there is no baseline.
    """
    reference = _reference(backtest)
    if backtest.empty or reference is None or "gatewise" not in backtest:
        return {}
    means = _errors(backtest).groupby(backtest["unique_id"], sort=False).mean()
    ratio = (means["gatewise"] / means[reference].where(means[reference] > 0)).dropna()
    return {str(name): float(value) for name, value in ratio.items()}


def step_errors(backtest: pd.DataFrame, horizon: int | None = None) -> StepErrors | None:
    """Return the error at each step of the horizon, each series counting the same; None when there is but one step.

    The errors of one series stay in the data's units. Those of several are divided by the reference baseline's mean
    error on the same series. Origins that lack a row are left out: which step it was cannot be told.

    Args:
        backtest: as ``backtest.csv`` has it.
        horizon: steps of a whole origin; the most rows of any origin when unknown.
    """
    if backtest.empty or not {"unique_id", "cutoff", "y"} <= set(backtest):
        return None
    origin = backtest.groupby(["unique_id", "cutoff"], sort=False)
    step, rows = origin.cumcount(), origin["y"].transform("size")
    horizon, series = horizon or int(rows.max()), backtest["unique_id"]
    whole = rows == horizon
    if horizon < 2 or not whole.any():
        return None
    errors, reference = _errors(backtest), None
    if series.nunique() > 1:
        reference = _reference(backtest)
        if reference is None:
            return None
        scale = errors[reference].groupby(series).transform("mean")
        errors = errors.div(scale.where(scale > 0), axis=0)
    by_series = errors[whole].groupby([series[whole], step[whole]]).mean()
    means = by_series.groupby(level=1).mean().reindex(range(horizon))
    return StepErrors(
        reference=model_label(reference) if reference else None,
        models={name: tuple(float(x) if np.isfinite(x) else None for x in means[name]) for name in means},
        origins=int(whole.sum()) // horizon,
    )

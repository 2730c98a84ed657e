"""What the backtest says: error by step, how often the intervals held, and where it is largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.evaluate.columns import group_means, levels_of, models_of
from gatewise.report.words import model_label

__all__ = ["Coverage", "StepErrors", "coverages", "relative_errors", "step_errors"]

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


def coverages(backtest: pd.DataFrame) -> tuple[Coverage, ...]:
    """Return how often each interval held the truth."""
    made = []
    for level in levels_of(backtest):
        low, high, truth = (_column(backtest, name) for name in (f"gatewise-lo-{level}", f"gatewise-hi-{level}", "y"))
        compared = np.isfinite(truth) & np.isfinite(low) & np.isfinite(high)
        if compared.any():
            inside = (low <= truth) & (truth <= high)
            made.append(Coverage(level, float(inside[compared].mean()), int(compared.sum())))
    return tuple(made)


def relative_errors(backtest: pd.DataFrame) -> dict[str, float]:
    """Return Gatewise's mean absolute error on each series, divided by the reference baseline's.

    A series on which the baseline makes no error is left out, as is everything when there is no baseline.
    """
    reference = _reference(backtest)
    if backtest.empty or reference is None or not {"unique_id", "y", "gatewise"} <= set(backtest.columns):
        return {}
    number, names = _coded(backtest, "unique_id")
    ours, theirs = (group_means(_errors(backtest, model), number, len(names)) for model in ("gatewise", reference))
    return {
        name: float(our / their)
        for name, our, their in zip(names, ours, theirs, strict=True)
        if np.isfinite(our) and their > 0
    }


def step_errors(backtest: pd.DataFrame, horizon: int | None = None) -> StepErrors | None:
    """Return the error at each step of the horizon, each series counting the same; None when there is but one step.

    The errors of one series stay in the data's units. Those of several are divided by the reference baseline's mean
    error on the same series. Origins that lack a row are left out: which step it was cannot be told.

    Args:
        backtest: as ``backtest.csv`` has it.
        horizon: steps of a whole origin; the most rows of any origin when unknown.
    """
    if backtest.empty or not {"unique_id", "cutoff", "y"} <= set(backtest.columns):
        return None
    series, names = _coded(backtest, "unique_id")
    origin = np.unique(np.stack([series, _coded(backtest, "cutoff")[0]]), axis=1, return_inverse=True)[1].reshape(-1)
    rows, step = _positions(origin)
    horizon = horizon or int(rows.max())
    whole = rows == horizon
    reference = _reference(backtest) if len(names) > 1 else None
    if horizon < 2 or not whole.any() or (len(names) > 1 and reference is None):
        return None
    scale = np.ones(len(names))
    if reference is not None:
        scale = group_means(_errors(backtest, reference), series, len(names))
    divisor = np.where(scale > 0, scale, np.nan)[series]
    models = {}
    for model in models_of(backtest):
        errors = np.where(whole, _errors(backtest, model) / divisor, np.nan)
        by_series = group_means(errors, series * horizon + np.minimum(step, horizon - 1), len(names) * horizon)
        means = group_means(by_series, np.tile(np.arange(horizon), len(names)), horizon)
        models[model] = tuple(float(mean) if np.isfinite(mean) else None for mean in means)
    return StepErrors(model_label(reference) if reference else None, models, int(whole.sum()) // horizon)


def _reference(backtest: pd.DataFrame) -> str | None:
    return next((name for name in REFERENCES if name in backtest.columns), None)


def _column(table: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(table[name], dtype=np.float64)


def _errors(backtest: pd.DataFrame, model: str) -> np.ndarray:
    """Return absolute errors, NaN where there is no truth."""
    return np.abs(_column(backtest, model) - _column(backtest, "y"))


def _coded(table: pd.DataFrame, name: str) -> tuple[np.ndarray, list[str]]:
    """Return the number of each row's text, in order of first appearance, and the texts."""
    texts = list(table[name])
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return np.array([numbers[text] for text in texts]), list(numbers)


def _positions(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row how many rows its group has, and which of them it is, in the rows' order."""
    order = np.argsort(group, kind="stable")
    counts = np.bincount(group)
    position = np.empty(len(group), dtype=np.int64)
    position[order] = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    return counts[group], position

"""Trials as numbers: each varied setting as columns, whatever parameters of the study stood behind it, and the losses.

The space of a search is conditional: a decay rate exists under some schedules only, each window has patches and bases
of its own, and plain SGD has learning rates of its own. Here each setting is one thing again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatewise.architecture import knobs_of
from gatewise.search.past import Tried
from gatewise.search.repeats import training_key
from gatewise.search.space import SGD_FACTOR
from gatewise.settings import Prior, Settings

__all__ = ["Columns", "columns_of", "distinct", "is_active", "losses_of", "number_of", "value_of"]

CURVATURE = 0.5
"""Scale of the squares: a bend, which the few trials at the ends decide, needs more evidence than a slope."""

FENCE = 1.5
"""Interquartile ranges above the upper quartile from which on a log loss is as bad as any (Tukey, 1977)."""


@dataclass(frozen=True, eq=False)
class Columns:
    """One setting over the trials.

    Attributes:
        name: the setting.
        values: a range as its standardised number and half of that squared, a choice as one column per value, float64,
            shape ``(trial, column)``; 0 where it is idle, as a decay rate under a constant schedule.
        raw: its value in each trial, on a logarithmic range the logarithm to base 10.
        active: whether a trial used it, shape ``(trial,)``.
        shown: its value in each trial, as the user writes it.
        ranged: whether it is a range and not a choice.
    """

    name: str
    values: np.ndarray
    raw: tuple[Any, ...]
    active: np.ndarray
    shown: tuple[Any, ...]
    ranged: bool


def distinct(trials: Sequence[Tried]) -> list[Tried]:
    """Return the first trial of each configuration: a repeated one is no new evidence."""
    first: dict[str, Tried] = {}
    for one in trials:
        first.setdefault(training_key(one.settings), one)
    return list(first.values())


def losses_of(trials: Sequence[Tried]) -> np.ndarray:
    """Return the logarithms of the scores; those without a score, and outliers, as bad as the worst usual ones."""
    scores = np.array([one.score for one in trials], np.float64)
    known = np.isfinite(scores)
    logs = np.log(np.maximum(scores, 1e-12), where=known, out=np.full(len(scores), np.inf))
    low, high = np.quantile(logs[known], [0.25, 0.75])
    worst = min(float(high + FENCE * (high - low)), float(logs[known].max()))
    return np.minimum(logs, worst)


def columns_of(name: str, prior: Prior, trials: Sequence[Tried]) -> Columns | None:
    """Return a setting over the trials, None where it took one value only."""
    active = np.array([is_active(prior, one.settings) for one in trials])
    shown = tuple(value_of(name, one.settings) for one in trials)
    used = [value for value, on in zip(shown, active, strict=True) if on]
    if len(set(used)) < 2:
        return None
    if prior.low is None:
        raw = shown
        # The last value's column would say what the others say; ridge regression has a use for it all the same.
        kinds = list(dict.fromkeys(used))
        values = np.array([[on and value == kind for kind in kinds] for value, on in zip(shown, active, strict=True)])
        return Columns(name, values.astype(np.float64), raw, active, shown, ranged=False)
    raw = tuple(number_of(name, prior, one.settings) for one in trials)
    numbers = np.array(raw, np.float64)
    middle, spread = numbers[active].mean(), numbers[active].std()
    scaled = np.where(active, (numbers - middle) / spread, 0.0)
    squared = np.where(active, CURVATURE * (scaled**2 - 1), 0.0)
    return Columns(name, np.stack([scaled, squared], axis=1), raw, active, shown, ranged=True)


def is_active(prior: Prior, settings: Settings) -> bool:
    """Tell whether a configuration makes use of a setting with this prior."""
    return prior.when is None or getattr(settings, prior.when[0]) in prior.when[1]


def value_of(name: str, settings: Settings) -> Any:
    """Return the value of a setting as one writes it: layers as text, and what stands open as the training takes it."""
    value = getattr(settings, name)
    if value is None:
        value = getattr(knobs_of(settings), name, None)
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def number_of(name: str, prior: Prior, settings: Settings) -> float:
    """Return the number of a range: its logarithm to base 10 on a logarithmic one.

    A learning rate of plain SGD counts as that of another optimizer, which is `SGD_FACTOR` times smaller.
    """
    value = float(value_of(name, settings) or 0.0)
    if name == "learning_rate" and settings.optimizer == "sgd":
        value /= SGD_FACTOR
    return math.log10(max(value, 1e-12)) if prior.log else value

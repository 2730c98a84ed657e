"""What the knobs did: every varied setting against the score of the trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gatewise.report.batch_sizes import BatchSizes, batch_sizes
from gatewise.report.hidden_units import HiddenUnits, hidden_units, total_units
from gatewise.report.trials import TrialRow
from gatewise.report.words import number, setting_value
from gatewise.table import Row, settings_table

__all__ = ["Knobs", "Slice", "best_of", "knobs_from"]

FEW_VALUES = 6
"""Up to this many distinct numbers are drawn side by side, more on an axis."""

FEW_DIGITS = 8
"""A number written longer than this was drawn from a range and not picked from a list, and belongs on an axis."""


@dataclass(frozen=True)
class Slice:
    """Scores against the values of one setting.

    Attributes:
        name: the setting.
        unit: its unit, empty when it has none.
        kind: "range" for an axis of numbers, "values" for values side by side.
        log: True when the axis is logarithmic.
        trials: numbers of the trials.
        values: their values: numbers for a range, text for values.
        scores: their validation MASE.
        order: the distinct values in their order, for values side by side.
    """

    name: str
    unit: str
    kind: str
    log: bool
    trials: tuple[int, ...]
    values: tuple[float | str, ...]
    scores: tuple[float, ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class Knobs:
    """What the varied settings did; None for one that did not vary."""

    batch_size: BatchSizes | None = None
    hidden: HiddenUnits | None = None
    slices: tuple[Slice, ...] = ()


def knobs_from(trials: Sequence[TrialRow], best: TrialRow | None) -> Knobs:
    """Return what the varied settings did over the trials of a search."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    slices = (_slice(name, [trial for trial in trials if trial.score is not None]) for name in names)
    return Knobs(batch_sizes(trials, best), hidden_units(trials, best), tuple(one for one in slices if one))


@cache
def _known() -> dict[str, Row]:
    return {row.name: row for row in settings_table()}


def _slice(name: str, scored: list[TrialRow]) -> Slice | None:
    """Return the scores against one setting, None when it took fewer than two values."""
    rows = [(trial.number, trial.settings[name], trial.score or 0.0) for trial in scored if _matters(name, trial)]
    distinct = list(dict.fromkeys(value for _, value, _ in rows))
    if len(distinct) < 2:
        return None
    known = _known().get(name)
    prior = known.prior if known else None
    numeric = all(isinstance(value, int | float) for value in distinct)
    ranged = numeric and (len(distinct) > FEW_VALUES or any(len(repr(value)) > FEW_DIGITS for value in distinct))
    log = ranged and min(distinct) > 0 and bool(prior and prior.log)
    key = (lambda value: value) if numeric else (lambda value: (total_units(str(value)), str(value)))
    return Slice(
        name=name,
        unit=known.unit if known else "",
        kind="range" if ranged else "values",
        log=log,
        trials=tuple(trial for trial, _, _ in rows),
        values=tuple(value if ranged else setting_value(value) for _, value, _ in rows),
        scores=tuple(score for _, _, score in rows),
        order=() if ranged else tuple(setting_value(value) for value in sorted(distinct, key=key)),
    )


def _matters(name: str, trial: TrialRow) -> bool:
    """Return whether a trial made use of a setting: decay_rate, say, means nothing to a constant schedule."""
    known = _known().get(name)
    if name not in trial.settings or known is None or known.prior is None or known.prior.when is None:
        return name in trial.settings
    other, values = known.prior.when
    return other not in trial.settings or trial.settings[other] in values


def best_of(one: Slice) -> str:
    """Return one sentence on the value with the lowest score.

    Example:
        >>> best_of(Slice("dropout", "", "range", False, (0, 1), (0.1, 0.4), (0.9, 0.8), ()))
        'Best: 0.8 at 0.4 (trial 1).'
    """
    best = min(range(len(one.scores)), key=lambda place: one.scores[place])
    value = setting_value(one.values[best])
    return f"Best: {number(one.scores[best])} at {value} (trial {one.trials[best]})."

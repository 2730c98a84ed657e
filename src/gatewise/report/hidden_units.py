"""What the number of hidden units did, growing from small to large."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.report.trials import TrialRow
from gatewise.report.words import CLEAR, change, counted, number

__all__ = ["HiddenUnits", "UnitScores", "Units", "hidden_units", "total_units"]

SCALED_BY = ("loss", "scaling")
"""Settings that change the units of a loss: only trials that share them have comparable losses."""


@dataclass(frozen=True)
class Units:
    """Losses of comparable trials with the same number of hidden units over all layers, medians."""

    total: int
    trials: int
    train_loss: float
    val_loss: float


@dataclass(frozen=True)
class UnitScores:
    """Scores of all trials with the same number of hidden units: how the layers were cut, best and median MASE."""

    total: int
    layers: tuple[str, ...]
    trials: int
    best: float
    median: float


@dataclass(frozen=True)
class HiddenUnits:
    """Training and validation loss against hidden units, from small to large.

    Attributes:
        medians: one per total, over comparable trials.
        points: of each comparable trial: number, total, layers, training loss, validation loss.
        shared: the settings that these trials share so that their losses compare, empty when all trials do.
        scores: one per total, over all trials.
        sentence: what the units did.
    """

    medians: tuple[Units, ...]
    points: tuple[tuple[int, int, str, float, float], ...]
    shared: dict[str, str]
    scores: tuple[UnitScores, ...]
    sentence: str


def hidden_units(trials: Sequence[TrialRow], best: TrialRow | None) -> HiddenUnits | None:
    """Return losses and scores against hidden units, None when every trial had the same number of them."""
    sized = [(total_units(_layers(trial)), trial) for trial in trials if trial.score is not None]
    sized = [(total, trial) for total, trial in sized if total]
    totals = sorted({total for total, _ in sized})
    if len(totals) < 2:
        return None
    scores = tuple(_unit_scores(total, [trial for one, trial in sized if one == total]) for total in totals)
    shared = _shared([trial for _, trial in sized], best)
    points = tuple(
        (trial.number, total, _layers(trial), trial.train_loss, trial.val_loss)
        for total, trial in sized
        if trial.train_loss is not None
        and trial.val_loss is not None
        and all(str(trial.settings.get(name)) == value for name, value in shared.items())
    )
    medians = tuple(
        Units(
            total=total,
            trials=len(members := [point for point in points if point[1] == total]),
            train_loss=statistics.median(point[3] for point in members),
            val_loss=statistics.median(point[4] for point in members),
        )
        for total in sorted({point[1] for point in points})
    )
    return HiddenUnits(medians, points, shared, scores, _hidden_sentence(medians))


def _layers(trial: TrialRow) -> str:
    return ", ".join(part.strip() for part in str(trial.settings.get("hidden", "")).split(","))


def _unit_scores(total: int, trials: list[TrialRow]) -> UnitScores:
    scores = [trial.score for trial in trials if trial.score is not None]
    layers = tuple(dict.fromkeys(map(_layers, trials)))
    return UnitScores(total, layers, len(trials), min(scores), float(statistics.median(scores)))


def _shared(trials: Sequence[TrialRow], best: TrialRow | None) -> dict[str, str]:
    """Return the most common values of the settings that change a loss's units, where the trials differ in them.

    Where two are as common, the best trial's win.
    """
    varied = [name for name in SCALED_BY if len({str(trial.settings.get(name)) for trial in trials}) > 1]
    kinds = [tuple(str(trial.settings.get(name)) for name in varied) for trial in trials]
    ours = tuple(str(best.settings.get(name)) for name in varied) if best else ()
    most = max(kinds, key=lambda kind: (kinds.count(kind), kind == ours))
    return dict(zip(varied, most, strict=True))


def total_units(layers: str) -> int:
    """Return the units of all layers, 0 when the text names none.

    Example:
        >>> total_units("64,32"), total_units("16"), total_units("wide")
        (96, 16, 0)
    """
    parts = [part.strip() for part in layers.strip("()[] ").split(",") if part.strip()]
    return sum(map(int, parts)) if parts and all(part.isdigit() for part in parts) else 0


def _hidden_sentence(medians: tuple[Units, ...]) -> str:
    if len(medians) < 2:
        return "Too few trials have losses of the same kind to set training against validation loss."
    first, last = medians[0], medians[-1]
    best = min(medians, key=lambda units: units.val_loss)
    train, val = change(first.train_loss, last.train_loss), change(first.val_loss, last.val_loss)
    moved = (
        f"From {first.total} to {last.total} units the median training loss went from {number(first.train_loss)} to "
        f"{number(last.train_loss)}, the validation loss from {number(first.val_loss)} to {number(last.val_loss)}"
    )
    if train <= -CLEAR and val <= -CLEAR:
        meaning = "more units helped on new data too"
    elif train <= -CLEAR:
        meaning = "more units fitted the training data better, but not new data: the sign of overfitting"
    elif val <= -CLEAR:
        meaning = "more units helped on new data, though the training loss did not fall"
    elif train >= CLEAR:
        meaning = "larger networks did not even fit the training data better: try more epochs or another learning rate"
    else:
        meaning = "size made no clear difference"
    few = min(units.trials for units in medians)
    hedge = f" Some sizes have only {counted(few, 'trial')}: a weak hint." if few < 3 else ""
    return f"{moved}: {meaning}. The lowest median validation loss was at {best.total} units.{hedge}"

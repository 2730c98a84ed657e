"""What the size of batches and networks did: small against large batches, few against many hidden units."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gatewise.report.words import counted, duration, number, setting_value

__all__ = ["BatchSizes", "Group", "HiddenUnits", "TrialRow", "Units", "batch_sizes", "hidden_units", "total_units"]

LARGEST_SMALL = 64
"""Largest batch size that is called small."""

SMALLEST_LARGE = 128
"""Smallest batch size that is called large."""

CLEAR = 0.02
"""Relative difference from which two medians are called different."""

SCALED_BY = ("loss", "scaling")
"""Settings that change the units of a loss: only trials that share them have comparable losses."""


@dataclass(frozen=True)
class TrialRow:
    """One trial as ``trials.csv`` has it; None where a cell is empty or not finite.

    Attributes:
        number: from 0.
        status: early-stopped, epoch-limit, interrupted, diverged or failed.
        score: validation MASE.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        train_loss: training loss of the best epoch.
        val_loss: validation loss of the best epoch.
        seconds: duration.
        message: one sentence on how it ended.
        settings: the varied settings.
    """

    number: int
    status: str
    score: float | None
    best_epoch: float | None
    epochs: float | None
    train_loss: float | None
    val_loss: float | None
    seconds: float | None
    message: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Trials whose batch sizes are alike.

    Attributes:
        name: small, medium or large.
        label: the name with its range.
        sizes: batch sizes that were tried.
        trials: trials with a score.
        unusable: trials without one (diverged or failed).
        best: lowest validation MASE.
        median: median validation MASE.
        epochs: median epochs trained.
        seconds: median duration.
    """

    name: str
    label: str
    sizes: tuple[int, ...]
    trials: int
    unusable: int
    best: float | None
    median: float | None
    epochs: float | None
    seconds: float | None


@dataclass(frozen=True)
class BatchSizes:
    """Small against large batches."""

    groups: tuple[Group, ...]
    sentence: str


@dataclass(frozen=True)
class Units:
    """Trials with the same number of hidden units over all layers."""

    total: int
    trials: int
    train_loss: float
    val_loss: float


@dataclass(frozen=True)
class HiddenUnits:
    """Training and validation loss against hidden units, from small to large.

    Attributes:
        medians: one per total.
        points: of each trial: number, total, layers, training loss, validation loss.
        shared: the settings that all these trials share so that their losses compare, empty when all trials do.
        sentence: what they did.
    """

    medians: tuple[Units, ...]
    points: tuple[tuple[int, int, str, float, float], ...]
    shared: dict[str, str]
    sentence: str


# -- batch size -------------------------------------------------------------------------------------------------------


def batch_sizes(trials: Sequence[TrialRow], best: TrialRow | None) -> BatchSizes | None:
    """Return small against large batches, None when every trial used the same size.

    Source: Keskar et al. (2017), "On Large-Batch Training for Deep Learning", which sets small against large.
    """
    tried = [(trial.settings.get("batch_size"), trial) for trial in trials]
    sized = [(int(size), trial) for size, trial in tried if isinstance(size, int | float)]
    if len({size for size, _ in sized}) < 2:
        return None
    smallest = min(size for size, _ in sized)
    bounds = {
        "small": (0, LARGEST_SMALL, f"small ({min(16, smallest)}–{LARGEST_SMALL})"),
        "medium": (LARGEST_SMALL + 1, SMALLEST_LARGE - 1, f"medium ({LARGEST_SMALL + 1}–{SMALLEST_LARGE - 1})"),
        "large": (SMALLEST_LARGE, float("inf"), f"large ({SMALLEST_LARGE} and more)"),
    }
    groups = tuple(
        _group(name, label, members)
        for name, (low, high, label) in bounds.items()
        if (members := [(size, trial) for size, trial in sized if low <= size <= high])
    )
    return BatchSizes(groups, _batch_sentence(groups, best))


def _group(name: str, label: str, members: list[tuple[int, TrialRow]]) -> Group:
    scored = [trial for _, trial in members if trial.score is not None]
    return Group(
        name=name,
        label=label,
        sizes=tuple(sorted({size for size, _ in members})),
        trials=len(scored),
        unusable=len(members) - len(scored),
        best=min((trial.score for trial in scored if trial.score is not None), default=None),
        median=_median([trial.score for trial in scored]),
        epochs=_median([trial.epochs for trial in scored]),
        seconds=_median([trial.seconds for trial in scored]),
    )


def _batch_sentence(groups: tuple[Group, ...], best: TrialRow | None) -> str:
    usable = [group for group in groups if group.median is not None]
    if len(usable) < 2:
        only = usable[0].name if usable else "no"
        return f"Only {only} batches gave a score, so small and large cannot be compared."
    first, last = usable[0], usable[-1]
    change = _change(first.median or 0, last.median or 0)
    better = first if change > 0 else last
    parts = [
        f"{better.name.capitalize()} batches did better: median validation MASE {number(first.median)} for "
        f"{first.name} against {number(last.median)} for {last.name}"
        if abs(change) >= CLEAR
        else f"{first.name.capitalize()} and {last.name} batches came out about the same (median validation MASE "
        f"{number(first.median)} and {number(last.median)})"
    ]
    if first.seconds and last.seconds:
        parts.append(
            f"a training took {duration(first.seconds)} and {number(first.epochs)} epochs with {first.name} batches, "
            f"{duration(last.seconds)} and {number(last.epochs)} epochs with {last.name} ones (medians)"
        )
    if best and "batch_size" in best.settings:
        parts.append(f"the best trial used {setting_value(best.settings['batch_size'])}")
    few = min(first.trials, last.trials)
    hedge = f" With only {counted(few, 'trial')} in a group this is a weak hint." if few < 3 else ""
    return f"{'; '.join(parts)}.{hedge}"


# -- hidden units -----------------------------------------------------------------------------------------------------


def hidden_units(trials: Sequence[TrialRow], best: TrialRow | None) -> HiddenUnits | None:
    """Return losses against hidden units, None when all comparable trials had the same number of them."""
    shared = _shared(trials, best)
    points = []
    for trial in trials:
        layers, train, val = str(trial.settings.get("hidden", "")), trial.train_loss, trial.val_loss
        alike = all(str(trial.settings.get(name)) == value for name, value in shared.items())
        if not alike or trial.score is None or train is None or val is None or not total_units(layers):
            continue
        points.append((trial.number, total_units(layers), layers.replace(",", ", "), train, val))
    totals = sorted({total for _, total, *_ in points})
    if len(totals) < 2:
        return None
    medians = tuple(
        Units(
            total=total,
            trials=len(members := [point for point in points if point[1] == total]),
            train_loss=statistics.median(point[3] for point in members),
            val_loss=statistics.median(point[4] for point in members),
        )
        for total in totals
    )
    return HiddenUnits(medians, tuple(points), shared, _hidden_sentence(medians))


def _shared(trials: Sequence[TrialRow], best: TrialRow | None) -> dict[str, str]:
    """Return the best trial's value of each setting that changes a loss's units, where the trials differ in it."""
    varied = [name for name in SCALED_BY if len({str(trial.settings.get(name)) for trial in trials}) > 1]
    return {name: str(best.settings.get(name)) for name in varied} if best else {}


def total_units(layers: str) -> int:
    """Return the units of all layers, 0 when the text names none.

    Example:
        >>> total_units("64,32"), total_units("16"), total_units("wide")
        (96, 16, 0)
    """
    parts = [part.strip() for part in layers.strip("()[] ").split(",") if part.strip()]
    return sum(map(int, parts)) if parts and all(part.isdigit() for part in parts) else 0


def _hidden_sentence(medians: tuple[Units, ...]) -> str:
    first, last = medians[0], medians[-1]
    best = min(medians, key=lambda units: units.val_loss)
    train, val = _change(first.train_loss, last.train_loss), _change(first.val_loss, last.val_loss)
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


def _change(before: float, after: float) -> float:
    """Return the relative change, 0 from nothing."""
    return after / before - 1 if before else 0.0


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known else None

"""What the batch size did: small against large batches."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.report.trials import TrialRow
from gatewise.report.words import CLEAR, change, counted, duration, number, setting_value

__all__ = ["BatchSizes", "Group", "batch_sizes"]

LARGEST_SMALL = 64
"""Largest batch size that is called small."""

SMALLEST_LARGE = 128
"""Smallest batch size that is called large."""


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
    gap = change(first.median or 0, last.median or 0)
    better = first if gap > 0 else last
    parts = [
        f"{better.name.capitalize()} batches did better: median validation MASE {number(first.median)} for "
        f"{first.name} against {number(last.median)} for {last.name}"
        if abs(gap) >= CLEAR
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


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known else None

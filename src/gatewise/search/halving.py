"""Successive halving: every trial trains to the first rung, and only the better ones train on from where they paused.

The form is the asynchronous one, in which a trial goes on as soon as it is among the best so far of its rung: no trial
waits for a whole rung to fill. But it decides on the results that were told, in the order of telling, and never on the
clock: so the same results lead to the same decisions for any number of jobs.

Sources: Jamieson and Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter optimization";
Li et al. (2018), "Hyperband"; Li et al. (2020), "A system for massively parallel hyperparameter tuning" (ASHA).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gatewise.settings import Settings

__all__ = ["Halving", "rungs_of"]


def rungs_of(settings: Settings) -> tuple[int, ...]:
    """Return the epochs at which a trial may pause, rising; the last is where it ends.

    Example:
        >>> rungs_of(Settings.of(halving="halving", epochs=100, halving_factor=3, halving_epochs=4))
        (4, 12, 34, 100)
        >>> rungs_of(Settings.of(halving="none", epochs=100))
        (100,)
    """
    rungs, factor = [settings.epochs], settings.halving_factor
    while settings.halving != "none" and rungs[0] / factor >= settings.halving_epochs:
        rungs.insert(0, math.ceil(rungs[0] / factor))
    return tuple(rungs)


@dataclass
class _Entry:
    """Where a trial stands.

    Attributes:
        bracket: the first rung that may pause it.
        scores: its score at each rung from there on.
        running: whether it trains now.
        ended: whether its training has ended.
    """

    bracket: int
    scores: list[float] = field(default_factory=list)
    running: bool = True
    ended: bool = False

    @property
    def rung(self) -> int:
        """The highest rung that it has reached, its bracket where there is none."""
        return self.bracket + max(len(self.scores) - 1, 0)

    def score_at(self, rung: int) -> float | None:
        """Return its score at a rung, its last one where it ended below; None where it has none."""
        place = rung - self.bracket
        if place < 0 or not self.scores or (place >= len(self.scores) and not self.ended):
            return None
        return self.scores[min(place, len(self.scores) - 1)]


class Halving:
    """Decides which trial trains on.

    Args:
        rungs: epochs at which a trial may pause, rising; the last is where it ends.
        factor: one of that many goes on from each rung.
        hyperband: whether some trials pass over the first rungs, for curves that cross late.
        finals: trials that train to their end, however few a rung would let through.
    """

    def __init__(self, rungs: tuple[int, ...], factor: int, *, hyperband: bool = False, finals: int = 1):
        self._rungs, self._factor, self._finals = rungs, factor, finals
        top = len(rungs) - 1
        # Bracket s of Hyperband starts with so many trials, of those that share one budget.
        shares = [math.ceil((top + 1) * factor ** (top - rung) / (top - rung + 1)) for rung in range(top + 1)]
        self._shares = shares if hyperband else [1]
        self._entries: dict[int, _Entry] = {}

    def begin(self, number: int) -> None:
        """Note that a trial starts; numbers rise one by one."""
        counts = [sum(one.bracket == bracket for one in self._entries.values()) for bracket in range(len(self._shares))]
        all_shares = sum(self._shares)
        wanted = [share * (number + 1) / all_shares - n for share, n in zip(self._shares, counts, strict=True)]
        self._entries[number] = _Entry(wanted.index(max(wanted)))

    def until(self, number: int) -> int | None:
        """Return the epochs up to which a running trial trains, None for its end."""
        entry = self._entries[number]
        rung = entry.bracket + len(entry.scores)
        return self._rungs[rung] if rung < len(self._rungs) - 1 else None

    def tell(self, number: int, score: float, *, ended: bool) -> None:
        """Note the score with which a trial reached its rung or its end."""
        entry = self._entries[number]
        entry.scores.append(score)
        entry.running, entry.ended = False, ended

    def promote(self) -> int | None:
        """Return the trial that goes on now, the highest rung first; None where no paused one is good enough."""
        for rung in reversed(range(len(self._rungs) - 1)):
            for bracket in range(len(self._shares)):
                ranked = self._ranked(rung, bracket)
                for number in ranked[: len(ranked) // self._factor]:
                    if self._is_paused(number) and self._entries[number].rung == rung:
                        return self._go_on(number)
        return None

    def finish(self) -> int | None:
        """Return the best paused trial of those that must train to their end; None where all have."""
        known = [(one.scores[-1], number) for number, one in self._entries.items() if one.scores]
        for _, number in sorted(known)[: self._finals]:
            if self._is_paused(number):
                return self._go_on(number)
        return None

    def _ranked(self, rung: int, bracket: int) -> list[int]:
        """Return the trials of a bracket with a score at a rung, the best first, the older of two equal ones first."""
        scores = {n: one.score_at(rung) for n, one in self._entries.items() if one.bracket == bracket}
        return [number for _, number in sorted((score, n) for n, score in scores.items() if score is not None)]

    def _is_paused(self, number: int) -> bool:
        entry = self._entries[number]
        return not entry.running and not entry.ended

    def _go_on(self, number: int) -> int:
        self._entries[number].running = True
        return number

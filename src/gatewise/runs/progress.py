"""Where a run stands: its trials and trainings as its files tell of them, and what follows from that."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gatewise.runs.tail import parse_rows

__all__ = ["Ended", "Phase", "Snapshot", "Training", "parse_trials"]

Phase = Literal["absent", "starting", "searching", "training anew", "finished", "interrupted", "stopped"]
"""Where a run stands: stopped means that no process works on it any more, though it came to no end."""

FACTS = ("number", "status", "score", "best_epoch", "epochs", "train_loss", "val_loss", "seconds", "message", "spread")
"""Columns of ``trials.csv`` that are no settings."""


@dataclass(frozen=True)
class Ended:
    """A trial in ``trials.csv``.

    Attributes:
        number: from 0.
        status: how it ended, or paused.
        score: MASE on the validation part, infinite where it gave no model.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        seconds: duration.
        message: one sentence on how it ended.
        settings: the settings that vary, as text.
    """

    number: int
    status: str
    score: float
    best_epoch: int
    epochs: int
    seconds: float
    message: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Ended:
        """Return a row of ``trials.csv`` as a record.

        Raises:
            KeyError: when a column is missing.
            ValueError: when a number is none.
        """
        return cls(
            number=int(row["number"]),
            status=row["status"],
            score=float(row["score"] or "inf"),
            best_epoch=int(row["best_epoch"]),
            epochs=int(row["epochs"]),
            seconds=float(row["seconds"] or 0),
            message=row["message"],
            settings={name: value for name, value in row.items() if name not in FACTS and value},
        )


@dataclass(eq=False)
class Training:
    """A training as ``events.jsonl`` tells of it.

    Attributes:
        name: the number of its trial, or what the training on more rows is called.
        losses: validation loss of every epoch, training loss where there is none; NaN where neither is finite.
        last: the last event, with the names of the file.
        seconds: duration of the epochs.
    """

    name: int | str
    losses: list[float] = field(default_factory=list)
    last: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def take(self, event: Mapping[str, Any]) -> None:
        """Add an epoch; one that is told again takes the place of the first telling and of all behind it."""
        epoch = int(event["epoch"])
        losses = [event.get("val_loss"), event.get("train_loss")]
        loss = next((float(one) for one in losses if isinstance(one, int | float)), math.nan)
        again = epoch <= len(self.losses)
        self.losses = [*self.losses[: epoch - 1], loss] if again else [*self.losses, loss]
        self.seconds = self.seconds if again else self.seconds + float(event.get("seconds") or 0.0)
        self.last = event

    @property
    def best(self) -> tuple[int, float]:
        """Epoch and value of the lowest loss; 0 and infinity where there is none."""
        known = [(loss, epoch) for epoch, loss in enumerate(self.losses, start=1) if not math.isnan(loss)]
        loss, epoch = min(known, default=(math.inf, 0))
        return epoch, loss


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where a run stands at one moment.

    Attributes:
        folder: the run folder.
        phase: where it stands.
        command: ``tune``, ``fit`` or ``demo``; empty where it is not known yet.
        name: of the data.
        settings: ``run.toml`` by name.
        ended: the trials that have ended or paused, by number.
        running: the trials under way (where the run stopped, those that it left behind), by number; one that has
            ended no epoch yet is not known.
        refits: the trainings on more rows, in the order in which they began.
        elapsed: seconds since this process began the run, or that the run took in the end.
        quiet: seconds since the last news.
        held: whether a process holds the run, None where that cannot be known.
        summary: ``summary.json`` of a run at its end.
    """

    folder: Path
    phase: Phase
    command: str
    name: str
    settings: Mapping[str, Any]
    ended: tuple[Ended, ...]
    running: tuple[Training, ...]
    refits: tuple[Training, ...]
    elapsed: float
    quiet: float
    held: bool | None
    summary: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of this process; one that has its summary still writes the report."""
        return self.phase in ("finished", "interrupted", "stopped") and self.held is not True

    @property
    def total(self) -> int | None:
        """Trials that the run makes, None where the preset decides."""
        wanted = self.settings.get("members" if self.command == "fit" else "trials")
        return None if wanted is None else int(wanted)

    @property
    def best(self) -> Ended | None:
        """The trial with the lowest score so far."""
        return min((one for one in self.ended if math.isfinite(one.score)), key=lambda one: one.score, default=None)

    @property
    def bests(self) -> tuple[float, ...]:
        """The best score so far after each trial, in the order of their numbers."""
        so_far, best = [], math.inf
        for one in self.ended:
            best = min(best, one.score)
            so_far += [best] if math.isfinite(best) else []
        return tuple(so_far)

    @property
    def concurrency(self) -> float:
        """Trials that went on side by side so far, at most as many as may."""
        jobs = min(int(self.settings.get("jobs") or os.cpu_count() or 1), int(self.settings.get("lookahead") or 4))
        trained = sum(one.seconds for one in self.ended) + self._seconds_under_way
        return min(max(trained / max(self.elapsed, 1e-9), 0.05), jobs)

    @property
    def pace(self) -> float | None:
        """Trials a minute, None before the first has ended."""
        mean = self._seconds_per_trial
        return 60.0 * self.concurrency / mean if mean else None

    @property
    def left(self) -> float | None:
        """Seconds until the search ends at the pace so far, None where that cannot be told.

        That is before the first trial has ended, and where trials pause, any of which may go on.
        """
        mean, total = self._seconds_per_trial, self.total
        may_go_on = any(one.status == "paused" for one in self.ended)
        if self.phase != "searching" or mean is None or total is None or may_go_on:
            return None
        todo = mean * (total - len(self.ended)) - self._seconds_under_way
        left = max(todo, 0.0) / self.concurrency
        limit = self.settings.get("time_limit")
        return left if limit is None else min(left, max(float(limit) - self.elapsed, 0.0))

    @property
    def _seconds_under_way(self) -> float:
        """Seconds of the trainings under way that are in no trial's record yet."""
        recorded: dict[int | str, float] = {one.number: one.seconds for one in self.ended}
        return sum(max(one.seconds - recorded.get(one.name, 0.0), 0.0) for one in self.running)

    @property
    def _seconds_per_trial(self) -> float | None:
        took = [one.seconds for one in self.ended if one.seconds > 0]
        return sum(took) / len(took) if took else None


def parse_trials(text: str) -> tuple[Ended, ...]:
    """Return the trials of ``trials.csv`` by number; a row that is damaged is left out."""
    ended = {}
    for row in parse_rows(text):
        try:
            one = Ended.of(row)
        except (KeyError, ValueError):
            continue
        ended[one.number] = one
    return tuple(ended[number] for number in sorted(ended))

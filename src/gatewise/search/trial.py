"""One trial of a search: its record, and how it is written down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from gatewise.errors import InputError
from gatewise.settings import Settings
from gatewise.workbench import Candidate

__all__ = ["Trial", "failed", "from_line", "to_line", "trial_of"]


@dataclass(frozen=True)
class Trial:
    """A trial that has ended, or pauses because others were better by then.

    Attributes:
        number: from 0, in the order of asking.
        settings: its configuration.
        status: how its training ended: early-stopped, epoch-limit, interrupted, diverged, paused, or failed where the
            data could not carry the configuration.
        message: one sentence on that.
        score: mean absolute scaled error of its best weights on the validation part, mean over its repeats; infinite if
            there are none.
        spread: standard deviation of the score over the repeats, NaN with one.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        train_loss: training loss of that epoch, NaN if there is none.
        val_loss: validation loss of that epoch.
        seconds: duration of its trainings.
        parameters: what the sampler drew.
        rungs: its score after as many epochs as each rung has.
        final: whether it went on only because there were no new trials left to start.
    """

    number: int
    settings: Settings
    status: str
    message: str
    score: float
    best_epoch: int
    epochs: int
    train_loss: float
    val_loss: float
    seconds: float
    spread: float = math.nan
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rungs: tuple[tuple[int, float], ...] = ()
    final: bool = False

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.status != "paused"


def trial_of(number: int, settings: Settings, candidates: Sequence[Candidate], **more: Any) -> Trial:
    """Return the record of a trial from its trainings, one per repeat; what is not a mean is the first one's."""
    training = candidates[0].training
    best = training.epochs[training.best_epoch - 1] if training.best_epoch else None
    scores = [one.score if one.training.best_epoch else math.inf for one in candidates]
    several = len(scores) > 1 and all(map(math.isfinite, scores))
    bad = next((one.training for one in candidates if one.training.status in ("diverged", "interrupted")), training)
    return Trial(
        number=number,
        settings=settings,
        status=bad.status,
        message=bad.message,
        score=float(np.mean(scores)),
        spread=float(np.std(scores, ddof=1)) if several else math.nan,
        best_epoch=training.best_epoch,
        epochs=len(training.epochs),
        train_loss=best.train_loss if best else math.nan,
        val_loss=training.best_loss,
        seconds=sum(one.training.seconds for one in candidates),
        **more,
    )


def failed(number: int, settings: Settings, error: InputError, **more: Any) -> Trial:
    """Return the record of a configuration that the data cannot carry."""
    return Trial(number, settings, "failed", str(error), math.inf, 0, 0, math.nan, math.nan, 0.0, **more)


def to_line(trial: Trial) -> dict[str, Any]:
    """Return a record as plain data; NaN and infinity stay what they are."""
    facts = {one.name: getattr(trial, one.name) for one in fields(trial)}
    return {**facts, "settings": trial.settings.model_dump(mode="json")}


def from_line(line: Mapping[str, Any]) -> Trial:
    """Return a record from plain data.

    Raises:
        SettingsError: when its settings are not of this version.
        TypeError: when a field is missing.
    """
    rungs = tuple((int(epochs), float(score)) for epochs, score in line["rungs"])
    return Trial(**{**line, "settings": Settings.of(**line["settings"]), "rungs": rungs})

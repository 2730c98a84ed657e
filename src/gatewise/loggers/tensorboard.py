"""A log for TensorBoard, written by tensorboardX: a folder per training, with its settings as hyperparameters."""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewise.loggers.words import SCORE, as_text, leaderboard_scores
from gatewise.search.study import Trial
from gatewise.settings import Settings

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

__all__ = ["TensorBoardLog"]


class TensorBoardLog:
    """Writes event files; show them with ``tensorboard --logdir RUN_DIR/tensorboard``.

    Args:
        folder: where the event files go.
        varied: names of the settings that are shown as hyperparameters.
    """

    def __init__(self, folder: Path, varied: Sequence[str]):
        self._folder, self._varied = folder, varied
        self._files: dict[str, EventsWriter] = {}
        self._count = itertools.count()
        self._end: dict[str, Any] = {}

    def open(self) -> None:
        """Load the library."""
        import tensorboardX.event_file_writer
        import tensorboardX.summary  # noqa: F401

        self._folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, settings: Settings) -> None:
        """Write a trial's settings as hyperparameters."""
        from tensorboardX.summary import hparams

        values = {one: _plain(getattr(settings, one)) for one in self._varied}
        experiment, begin, self._end[name] = hparams(values, {SCORE: 0.0})
        for summary in (experiment, begin):
            self._write(name, summary)

    def epoch(self, name: str, number: int, measured: Mapping[str, float], at: float) -> None:
        """Write what an epoch measured."""
        for one, value in measured.items():
            self._scalar(name, one, value, number, at)
        self._files[name].flush()

    def trial(self, name: str, trial: Trial) -> None:
        """Write a trial's score, at its last epoch, and close its file; one that goes on gets another."""
        if math.isfinite(trial.score):
            self._scalar(name, SCORE, trial.score, trial.epochs)
            if name in self._end:
                self._write(name, self._end[name])
        if name in self._files:
            self._files.pop(name).close()

    def close(self, summary: Mapping[str, Any] | None) -> None:
        """Write the verdict as text, and the test scores of every model of the leaderboard."""
        from tensorboardX.summary import text

        if summary is not None:
            self._write(".", text("verdict", str(summary["verdict"])))
            for name, value in leaderboard_scores(summary).items():
                self._scalar(".", name, value, 0)
        for file in self._files.values():
            file.close()

    def _scalar(self, name: str, tag: str, value: float, step: int, at: float | None = None) -> None:
        from tensorboardX.summary import scalar

        self._write(name, scalar(tag, value), step, at)

    def _write(self, name: str, summary: Any, step: int = 0, at: float | None = None) -> None:
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

        if name not in self._files:
            place = self._folder / name.replace(",", "").replace(" ", "-")
            place.mkdir(parents=True, exist_ok=True)
            # A file's name holds the second in which it was opened, and opening one of the same name empties it.
            suffix = f".{os.getpid()}.{next(self._count)}"
            self._files[name] = EventsWriter(str(place / "events"), suffix)
        self._files[name].write_event(Event(wall_time=time.time() if at is None else at, step=step, summary=summary))


def _plain(value: Any) -> bool | float | str:
    """Return a setting as one of the kinds that hyperparameters may be of."""
    return value if isinstance(value, bool | int | float | str) else as_text(value)

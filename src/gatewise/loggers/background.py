"""One log fed from many threads: a queue and a thread of its own, so that no training waits for it or fails with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

from gatewise.experiment import refit_name
from gatewise.loggers.words import measures
from gatewise.search.study import Listener, Trial
from gatewise.settings import Settings
from gatewise.train.fit import Epoch

__all__ = ["Background", "Log"]

PATIENCE = 60.0
"""Seconds that the end of a run waits for a log to be written."""


class Log(Protocol):
    """What writes for one tool; it is only ever called from one thread, in the order in which things happened.

    A training is called by its name: ``trial 3``, or what the training on more rows is called.
    """

    def open(self) -> None:
        """Load the library and begin."""
        ...

    def start(self, name: str, settings: Settings) -> None:
        """Note that a trial starts, or goes on from where it paused."""
        ...

    def epoch(self, name: str, number: int, measured: Mapping[str, float], at: float) -> None:
        """Note what one epoch measured, at a time in seconds since the epoch of the clock."""
        ...

    def trial(self, name: str, trial: Trial) -> None:
        """Note that a trial ended or paused."""
        ...

    def close(self, summary: Mapping[str, Any] | None) -> None:
        """End; the summary is None where the run failed."""
        ...


class Background:
    """Feeds a log from a thread of its own.

    The first failure is told once; from then on the log is left alone, and the run goes on without it.

    Args:
        name: what the log is called in that message.
        log: the log; its library is loaded on that thread, beside the first trainings.
        warn: takes the message.
        clock: returns the time in seconds since the epoch.
    """

    def __init__(self, name: str, log: Log, warn: Callable[[str], None], clock: Callable[[], float] = time.time):
        self._name, self._log, self._warn, self._clock = name, log, warn, clock
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._has_failed = False
        self._calls.put(log.open)
        self._thread = Thread(target=self._work, name=f"log-{name}", daemon=True)
        self._thread.start()

    def listener(self) -> Listener:
        """Return what a run tells its events to; every method returns at once."""
        return Listener(self._on_start, self._on_epoch, self._on_trial)

    def close(self, summary: Mapping[str, Any] | None, patience: float = PATIENCE) -> None:
        """Write what is left and end.

        Args:
            summary: of the run, None where it failed.
            patience: seconds to wait at most.
        """
        self._calls.put(lambda: self._log.close(summary))
        self._calls.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            self._has_failed = True
            self._warn(f"the {self._name} log is not complete: it was not written {patience:g} s after the run's end.")

    def _on_start(self, number: int, settings: Settings) -> None:
        self._calls.put(lambda: self._log.start(title(number), settings))

    def _on_epoch(self, number: int, epoch: Epoch) -> None:
        at = self._clock()
        self._calls.put(lambda: self._log.epoch(title(number), epoch.number, measures(epoch), at))

    def _on_trial(self, trial: Trial) -> None:
        self._calls.put(lambda: self._log.trial(title(trial.number), trial))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._has_failed:
                continue
            try:
                call()
            except Exception as error:
                self._has_failed = True
                self._warn(
                    f"the {self._name} log ends here, and the run goes on without it: {type(error).__name__}: {error}"
                )


def title(number: int) -> str:
    """Return what a training is called, by the number under which a listener hears of it.

    Example:
        >>> title(3), title(-1)
        ('trial 3', 'refit')
    """
    return refit_name(number) or f"trial {number}"

"""Clocks, the same for every peer: one that ends a training after enough timed epochs, and one for single calls."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

__all__ = ["LEAST_EPOCHS", "LONGEST_S", "Clock", "latency_ms", "lightning_callback", "once_ms"]

LEAST_EPOCHS = 2
"""Epochs that are timed at least, however long they take."""

LONGEST_S = 5.0
"""Calls of one kind are timed for so long at most."""


class Clock:
    """Times a training from its first tick on, which ends the warm-up epoch.

    Args:
        seconds: how long the timed epochs last at least.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.epochs = -1
        self.began = self.ended = 0.0

    def tick(self) -> bool:
        """Note the end of an epoch and return whether that is enough."""
        self.ended = time.perf_counter()
        self.epochs += 1
        if self.epochs == 0:
            self.began = self.ended
        return self.epochs >= LEAST_EPOCHS and self.ended - self.began >= self.seconds

    @property
    def rate(self) -> float:
        """Epochs per second, the first one left out."""
        return self.epochs / (self.ended - self.began)


def lightning_callback(clock: Clock, steps: int) -> Any:
    """Return a callback for a Lightning trainer: `steps` optimizer steps are an epoch, whatever Lightning calls one."""
    from pytorch_lightning import Callback

    class EpochClock(Callback):
        def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
            if trainer.global_step % steps == 0 and clock.tick():
                trainer.should_stop = True

    return EpochClock()


def latency_ms(call: Callable[[], Any], calls: int, name: str) -> dict[str, float]:
    """Return the median and the 95th percentile of a call's duration.

    Args:
        call: what is timed.
        calls: at most; fewer where they take longer than `LONGEST_S` together.
        name: of the figures.
    """
    durations: list[float] = []
    began = time.perf_counter()
    while len(durations) < calls and time.perf_counter() - began < LONGEST_S:
        before = time.perf_counter()
        call()
        durations.append(1e3 * (time.perf_counter() - before))
    ordered = sorted(durations)
    return {
        f"{name}, median ms": statistics.median(ordered),
        f"{name}, p95 ms": ordered[math.ceil(0.95 * len(ordered)) - 1],
    }


def once_ms(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and its duration."""
    began = time.perf_counter()
    made = call()
    return made, 1e3 * (time.perf_counter() - began)

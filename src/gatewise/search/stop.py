"""When a search stops: the user asked, the time is up, or something broke."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Event

__all__ = ["Stop"]


class Stop:
    """When running trials end and no new one starts.

    However short the time limit is, the first epoch of the first trial ends: there is always a model to show.

    Args:
        time_limit: in seconds from now, None for none.
        should_stop: the user's question.
        clock: seconds that only go forward.
        spent: seconds of the limit that are gone already.
    """

    def __init__(
        self, time_limit: float | None, should_stop: Callable[[], bool], clock: Callable[[], float], spent: float = 0.0
    ):
        self.asked, self._clock = should_stop, clock
        self._deadline = clock() + time_limit - spent if time_limit else math.inf
        self._any_epoch, self._abandoned = Event(), Event()
        self.reserved = 0.0

    def at_once(self) -> bool:
        """Tell whether to stop without finishing an epoch: the time is up, or the search broke down."""
        late = self._clock() + self.reserved >= self._deadline and self._any_epoch.is_set()
        return late or self._abandoned.is_set()

    def reached(self) -> bool:
        """Tell whether to stop."""
        return self.at_once() or self.asked()

    def epoch_ended(self) -> None:
        """Note that there is a model to show."""
        self._any_epoch.set()

    def abandon(self) -> None:
        """Stop everything, whatever the clock says."""
        self._abandoned.set()

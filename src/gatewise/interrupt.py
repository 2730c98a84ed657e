"""Ctrl-C as a question that a running training is asked, instead of an exception that tears it down."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupt"]


class Interrupt:
    """Ctrl-C once ends the work early and keeps the best so far; twice stops at once.

    Args:
        leave: the second time, end the process with status 130 rather than raise KeyboardInterrupt, which can surface
            in the middle of any library. For a program of one job; never for a notebook.
        keeps: whether the work leaves its best so far when it is ended early, rather than nothing; for the words alone.
    """

    def __init__(self, *, leave: bool = False, keeps: bool = True) -> None:
        self._leave, self._keeps = leave, keeps
        self._asked = threading.Event()

    def __call__(self) -> bool:
        """Tell whether the user asked to stop."""
        return self._asked.is_set()

    @contextmanager
    def armed(self) -> Iterator[Interrupt]:
        """Catch SIGINT inside the block; elsewhere than in the main thread, where Python cannot, do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = signal.signal(signal.SIGINT, self._handle)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._asked.is_set() and self._leave:
            show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
            what = "the run folder holds what had finished" if self._keeps else "nothing was written"
            os.write(2, f"{show_cursor}stopped at once; {what}\n".encode())
            os._exit(130)
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
        what = "finishing the epoch, keeping the best so far" if self._keeps else "ending soon, without a result"
        print(f"interrupted: {what}; press Ctrl-C again to stop at once", file=sys.stderr, flush=True)

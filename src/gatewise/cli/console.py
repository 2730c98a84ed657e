"""What a run says while it goes: a live display on a terminal, few plain lines elsewhere, always on stderr."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from gatewise.search.study import Listener, Trial
    from gatewise.settings import Settings
    from gatewise.train.checkpoint import Epoch

__all__ = ["Reporter", "sparkline"]

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 40) -> str:
    """Return values as a line of bars, the newest last.

    Example:
        >>> sparkline([4.0, 3.0, 2.0, 1.0])
        '█▆▃▁'
    """
    shown = [value for value in values if value == value][-width:]
    if not shown:
        return ""
    low, span = min(shown), (max(shown) - min(shown)) or 1.0
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] for value in shown)


class Reporter:
    """Follows a run and shows it.

    Args:
        total: trials that the run will make.
        quiet: say nothing but errors.
        verbose: a line for every epoch.
        time_limit: seconds after which no trial starts, None for no limit.
    """

    def __init__(self, total: int, *, quiet: bool = False, verbose: bool = False, time_limit: float | None = None):
        self.total, self.quiet, self.verbose, self.time_limit = total, quiet, verbose, time_limit
        self.began = time.monotonic()
        self.best: Trial | None = None
        self.done: set[int] = set()
        self.past = 0
        self.curves: dict[int, list[Epoch]] = {}
        self.limits: dict[int, int] = {}
        self._name_refit: Callable[..., str | None] = lambda number, *names: None
        self._lock = threading.Lock()
        self._show_live = sys.stderr.isatty() and not quiet and not verbose

    def listener(self) -> Listener:
        """Return what a run tells its events to."""
        from gatewise.experiment import refit_name
        from gatewise.search.study import Listener

        self._name_refit = refit_name
        return Listener(self._on_start, self._on_epoch, self._on_trial, self._on_past)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Keep the live display up inside the block, where stderr is a terminal."""
        if not self._show_live:
            yield
            return
        from rich.live import Live

        with Live(console=self._console(), get_renderable=self._render, refresh_per_second=4, transient=True):
            yield

    def say(self, text: str) -> None:
        """Print one line to stderr, unless quiet."""
        if self.quiet:
            return
        try:
            print(text, file=sys.stderr, flush=True)
        except OSError:  # whoever read the lines has gone; the work goes on
            self.quiet = True

    def _console(self) -> Console:
        from rich.console import Console

        return Console(stderr=True)

    def _on_start(self, number: int, settings: Settings) -> None:
        with self._lock:
            self.curves[number], self.limits[number] = [], settings.epochs

    def _on_epoch(self, number: int, epoch: Epoch) -> None:
        with self._lock:
            curve = self.curves.setdefault(number, [])
            curve.append(epoch)
        if self.verbose:
            name = self._name(number)
            validation = f", validation {epoch.val_loss:.5g}" if epoch.val_loss == epoch.val_loss else ""
            self.say(
                f"{name} epoch {epoch.number}: train {epoch.train_loss:.5g}{validation}, "
                f"rate {epoch.learning_rate:.3g}, gradient {epoch.gradient_norm:.3g}, clipped {epoch.clipped:.0%}, "
                f"{epoch.seconds:.2f} s"
            )

    def _on_past(self, trial: Trial) -> None:
        self._take(trial)
        self.past = len(self.done)

    def _take(self, trial: Trial) -> bool:
        """Note a trial, and tell whether it is the best so far."""
        with self._lock:
            self.done.add(trial.number)
            self.curves.pop(trial.number, None)
            better = self.best is None or trial.score < self.best.score
            if better:
                self.best = trial
        return better

    def _on_trial(self, trial: Trial) -> None:
        better = self._take(trial)
        if self._show_live:
            return
        mark = " (best so far)" if better and self.total > 1 else ""
        score = trial.status if math.isinf(trial.score) else f"MASE {trial.score:.4f} on validation{mark}"
        took = f"{trial.epochs} epoch{'s' * (trial.epochs != 1)}, {trial.seconds:.1f} s"
        self.say(f"trial {trial.number} ({len(self.done)}/{self.total}): {score}, {took}; {trial.message}")

    def _name(self, number: int) -> str:
        return self._name_refit(number, "on all rows", "before the test") or f"trial {number}"

    def _left(self) -> str:
        """Return the time left as a text, by the pace so far."""
        spent = time.monotonic() - self.began
        done = len(self.done) - self.past
        if not done:
            return "estimating"
        left = spent / done * (self.total - len(self.done))
        if self.time_limit is not None:
            left = min(left, max(self.time_limit - spent, 0.0))
        return f"{int(left // 60)}:{int(left % 60):02d} left"

    def _render(self) -> RenderableType:
        from rich.table import Table

        with self._lock:
            best = f"MASE {self.best.score:.4f} (trial {self.best.number})" if self.best else "none yet"
            table = Table.grid(padding=(0, 2))
            table.add_row("[bold]Gatewise[/]", f"{len(self.done)}/{self.total} trials", self._left(), f"best {best}")
            for number, epochs in sorted(self.curves.items()):
                name = self._name(number)
                losses = [one.train_loss if one.val_loss != one.val_loss else one.val_loss for one in epochs]
                now = f"{losses[-1]:.4g}" if losses else "waiting or compiling"
                limit = self.limits.get(number, "")
                table.add_row(
                    name, f"epoch {len(epochs)}/{limit}" if limit else f"epoch {len(epochs)}", now, sparkline(losses)
                )
        return table

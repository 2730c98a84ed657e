"""A followed run for a person and for a program: panel, lines and plain data."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatewise.cli.console import sparkline
from gatewise.report.words import counted, duration, number, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gatewise.runs.progress import Ended, Snapshot, Training

__all__ = ["Lines", "ending", "panel", "plain"]

KEY_SETTINGS = ("window", "patch", "base", "normalise", "hidden", "learning_rate", "batch_size", "dropout", "loss")
"""Settings of the best trial that are shown, where they vary."""

CURVE = 24
"""Epochs of a training's curve that are shown."""

HEAD, LEAST = 12, 3
"""Lines of the panel around its tables, and rows of a table on however small a terminal."""

SILENCE = 60.0
"""Seconds without news from which on that is said, where it cannot be known whether the run still goes on."""


def panel(snapshot: Snapshot, height: int = 40) -> RenderableType:
    """Return how a run stands, for a terminal.

    Args:
        snapshot: the run.
        height: lines that the terminal has.
    """
    from rich.console import Group
    from rich.text import Text

    rows = max(height - HEAD, 2 * LEAST)
    trainings = (snapshot.refits if snapshot.phase == "training anew" else snapshot.running)[-rows // 2 :]
    ended = snapshot.ended[-max(rows - len(trainings), LEAST) :][::-1]
    parts: list[RenderableType] = [_head(snapshot)]
    if trainings:
        parts += [Text(), _trainings_table(trainings, snapshot)]
    elif snapshot.phase in ("starting", "searching"):
        parts += [Text(), Text("compiling, or in the first epoch of the next trials", style="dim")]
    if ended:
        parts += [Text(), _ended_table(ended, snapshot.best)]
    return Group(*parts)


def _head(snapshot: Snapshot) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    best = snapshot.best
    head = Table.grid(padding=(0, 2))
    head.add_column(style="dim", no_wrap=True)
    head.add_column()
    head.add_row("run", Text(f"{snapshot.command} {snapshot.name}  {snapshot.folder}", style="bold"))
    head.add_row("state", Text(_state(snapshot)))
    head.add_row("trials", Text(_trials(snapshot)))
    head.add_row("best", Text(_best(best) if best else "none yet"))
    if best and (shown := _key_settings(best)):
        head.add_row("", Text(", ".join(f"{name} {value}" for name, value in shown.items())))
    if len(snapshot.bests) > 1:
        first, last = number(snapshot.bests[0]), number(snapshot.bests[-1])
        head.add_row("history", Text(f"{sparkline(list(snapshot.bests))}  {first} to {last}"))
    return head


def _state(snapshot: Snapshot) -> str:
    words = f"{snapshot.phase}, {duration(snapshot.elapsed)}"
    if snapshot.held is None and not snapshot.is_over and snapshot.quiet > SILENCE:
        words += f"; no news for {duration(snapshot.quiet)}: a long epoch, or the run has died"
    return words


def _trials(snapshot: Snapshot) -> str:
    total, done = snapshot.total, len(snapshot.ended)
    parts = [f"{done}/{total}" if total else f"{done}"]
    for status in ("paused", "diverged", "failed"):
        count = sum(one.status == status for one in snapshot.ended)
        parts += [f"{count} {status}"] if count else []
    if snapshot.phase == "searching":
        pace, left = snapshot.pace, snapshot.left
        parts += [f"{number(pace)} a minute"] if pace else []
        parts += [f"about {duration(left)} left in the search" if left is not None else "time left unknown"]
    return ", ".join(parts)


def _best(best: Ended) -> str:
    return f"MASE {best.score:.4f} on validation (trial {best.number}, epoch {best.best_epoch})"


def _key_settings(best: Ended) -> dict[str, str]:
    return {name: best.settings[name] for name in KEY_SETTINGS if name in best.settings}


def _trainings_table(trainings: tuple[Training, ...], snapshot: Snapshot) -> RenderableType:
    from rich.text import Text

    table = _table("training", "epoch", "train loss", "val loss", "best at", "curve", "rate", "clipped", "update", "s")
    limit = snapshot.settings.get("epochs")
    for one in trainings:
        last, (best_epoch, _) = one.last, one.best
        is_trial = isinstance(one.name, int)
        epoch = f"{len(one.losses)}/{limit}" if limit and is_trial else f"{len(one.losses)}"
        table.add_row(
            Text(f"trial {one.name}" if is_trial else str(one.name)),
            epoch,
            number(last.get("train_loss")),
            number(last.get("val_loss")),
            str(best_epoch) if is_trial else "",
            sparkline(one.losses, CURVE),
            number(last.get("learning_rate")),
            percent(last.get("clipped")),
            number(last.get("update_ratio")),
            number(last.get("seconds")),
        )
    return table


def _ended_table(ended: tuple[Ended, ...], best: Ended | None) -> RenderableType:
    from rich.text import Text

    table = _table("trial", "MASE", "epochs", "time", "status", "")
    for one in ended:
        score = f"{one.score:.4f}" if math.isfinite(one.score) else "–"
        message = Text(one.message.replace("\n", " "), overflow="ellipsis", no_wrap=True)
        style = "bold" if best is not None and one.number == best.number else ""
        table.add_row(f"{one.number}", score, f"{one.epochs}", duration(one.seconds), one.status, message, style=style)
    return table


def _table(first: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, no_wrap=True)
    for name in columns:
        left = name in ("curve", "status", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    return table


class Lines:
    """A run as lines: one for each trial that ends or pauses, in the order in which that is seen."""

    def __init__(self) -> None:
        self._said: dict[int, Ended] = {}
        self._phase = ""
        self._is_silence_said = False

    def of(self, snapshot: Snapshot) -> Iterator[str]:
        """Yield the lines that are new with a snapshot."""
        if not self._phase:
            yield f"following {snapshot.command} {snapshot.name} in {snapshot.folder}: {_state(snapshot)}"
        elif self._phase == "stopped" != snapshot.phase:
            yield "the run goes on"
        best = min((one.score for one in self._said.values()), default=math.inf)
        for one in snapshot.ended:
            known = self._said.get(one.number)
            # A run that is gone on with tells again, pause by pause, what its trials had come to.
            if known is not None and (
                one.epochs < known.epochs or (one.status == known.status and one.epochs == known.epochs)
            ):
                continue
            self._said[one.number] = one
            is_best, best = one.score < best, min(best, one.score)
            yield _line(one, len(self._said), snapshot.total, is_best)
        if snapshot.phase == "training anew" != self._phase:
            yield "training the chosen networks anew on more rows"
        is_silent = snapshot.held is None and not snapshot.is_over and snapshot.quiet > SILENCE
        if is_silent and not self._is_silence_said:
            yield _state(snapshot)
        self._is_silence_said, self._phase = is_silent, snapshot.phase


def _line(one: Ended, done: int, total: int | None, is_best: bool) -> str:
    mark = " (best so far)" if is_best else ""
    score = f"MASE {one.score:.4f} on validation{mark}" if math.isfinite(one.score) else one.status
    took = f"{counted(one.epochs, 'epoch')}, {duration(one.seconds)}"
    message = one.message.replace("\n", " ")
    return f"trial {one.number} ({done}{f'/{total}' if total else ''}): {score}, {took}; {message}"


def ending(snapshot: Snapshot) -> str:
    """Return the last word on a run: its verdict, why there is none, or how to go on."""
    folder, done = snapshot.folder, counted(len(snapshot.ended), "trial")
    match snapshot.phase:
        case "finished" | "interrupted":
            how = f"{snapshot.phase} after {duration(snapshot.elapsed)} and {done}"
            return f"{how}: {snapshot.summary.get('verdict', '')}\nreport    {folder / 'report.html'}"
        case "stopped":
            go_on = (
                "" if snapshot.command == "fit" else f"\ngo on     gatewise tune --resume {shlex.quote(str(folder))}"
            )
            return f"stopped before its end, after {done}: no process works on it any more{go_on}"
        case "absent":
            return f"gone: '{folder}' is no run folder any more; the run ended before there was anything to keep"
        case _:
            return f"{snapshot.phase}: {_trials(snapshot)}"


def plain(snapshot: Snapshot) -> dict[str, Any]:
    """Return a run as plain data for JSON; what is not known or not finite is null."""
    best = snapshot.best
    return {
        "run_folder": str(snapshot.folder),
        "phase": snapshot.phase,
        "command": snapshot.command,
        "name": snapshot.name,
        "elapsed": round(snapshot.elapsed, 3),
        "quiet": round(snapshot.quiet, 3),
        "trials": {"finished": len(snapshot.ended), "total": snapshot.total},
        "trials_per_minute": snapshot.pace,
        "seconds_left": snapshot.left,
        "best": _record(best) if best else None,
        "bests": snapshot.bests,
        "running": [_training(one) for one in snapshot.running],
        "refits": [_training(one) for one in snapshot.refits],
        "ended": [_record(one) for one in snapshot.ended],
        "verdict": snapshot.summary.get("verdict"),
    }


def _record(one: Ended) -> dict[str, Any]:
    facts = {name: value for name, value in vars(one).items() if name != "number"}
    return {"trial": one.number, **facts, "score": _finite(one.score)}


def _training(one: Training) -> dict[str, Any]:
    return {**one.last, "losses": [_finite(loss) for loss in one.losses], "best_epoch": one.best[0]}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

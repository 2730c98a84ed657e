"""`gatewise watch`: follow a run from a second terminal, without touching it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewise.cli.options import JsonOption
from gatewise.errors import RunFolderError, SettingsError

if TYPE_CHECKING:
    from gatewise.runs.follow import Follower
    from gatewise.runs.progress import Snapshot

__all__ = ["watch"]

INTERVAL = 0.5
"""Seconds between two looks."""

STOPPED = 1
"""Exit status where the run came to no end."""


def watch(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run, which may be about to begin.")],
    *,
    once: Annotated[bool, typer.Option("--once", help="Show how the run stands now, and leave.")] = False,
    as_json: JsonOption = False,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", help="How long to wait for a run to begin, or to be gone on with."),
    ] = 10.0,
) -> int:
    """Follow a run that goes on in another terminal; nothing is trained or written, and Ctrl-C leaves it alone."""
    from gatewise.runs.follow import Follower

    if not 0 <= wait < float("inf"):
        raise SettingsError(f"--wait must be a number of seconds from 0, but is {wait:g}. Leave it out for 10.")
    try:
        follower = Follower(run_dir)
        snapshot = _first(follower, run_dir, wait)
        if as_json:
            return _print_json(snapshot)
        if once:
            return _print_once(snapshot)
        looks = _looks(follower, snapshot, wait)
        last = _show_live(looks, snapshot) if sys.stdout.isatty() else _print_lines(looks, snapshot)
    except KeyboardInterrupt:
        return 0
    return STOPPED if last.phase in ("stopped", "absent") else 0


def _first(follower: Follower, folder: Path, wait: float) -> Snapshot:
    """Return the first snapshot of a run, once there is one.

    Raises:
        RunFolderError: when there is none after the wait.
    """
    deadline = time.monotonic() + wait
    while (snapshot := follower.look()).phase == "absent":
        if time.monotonic() >= deadline:
            raise RunFolderError(
                f"RUN_DIR must be the folder of a run, but '{folder}' holds no run.json after {wait:g} s of waiting. "
                f"{_nearby(folder)} A run that is still to begin: --wait 600."
            )
        time.sleep(min(INTERVAL, wait))
    return snapshot


def _nearby(folder: Path) -> str:
    """Return which run the user may mean: the newest one in the folder, or else beside it."""
    for place in (folder, folder.parent):
        runs = [(file.stat().st_mtime, file.parent) for file in place.glob("*/run.json")]
        if runs:
            return f"The newest run in '{place}' is '{max(runs)[1]}'."
    return "Name the folder that 'gatewise tune' was given with --out, or one in runs/."


def _looks(follower: Follower, snapshot: Snapshot, wait: float) -> Iterator[Snapshot]:
    """Yield snapshots until the run is over; one whose folder has gone is the last, too.

    A run that has stopped already may be about to be gone on with, so that is waited for.
    """
    deadline = time.monotonic() + wait if snapshot.phase == "stopped" else 0.0
    yield snapshot
    while not (snapshot.is_over or snapshot.phase == "absent") or (
        snapshot.phase == "stopped" and time.monotonic() < deadline
    ):
        time.sleep(INTERVAL)
        snapshot = follower.look()
        yield snapshot


def _print_json(snapshot: Snapshot) -> int:
    from gatewise.cli.watching import plain

    json.dump(plain(snapshot), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


def _print_once(snapshot: Snapshot) -> int:
    from rich.console import Console

    from gatewise.cli.watching import ending, panel

    # What is read by another program is not folded to the width of a terminal that is not there.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(panel(snapshot))
    console.print(ending(snapshot), markup=False, soft_wrap=True)
    return 0


def _show_live(looks: Iterator[Snapshot], snapshot: Snapshot) -> Snapshot:
    """Show the run on the terminal until it is over; return its last state."""
    from rich.console import Console
    from rich.live import Live

    from gatewise.cli.watching import ending, panel

    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for current in looks:
            if current.phase != "absent":
                live.update(panel(current, console.height), refresh=True)
            snapshot = current
    console.print(ending(snapshot), markup=False, soft_wrap=True)
    return snapshot


def _print_lines(looks: Iterator[Snapshot], snapshot: Snapshot) -> Snapshot:
    """Print a line for each trial that ends or pauses, until the run is over; return its last state."""
    from gatewise.cli.watching import Lines, ending

    lines = Lines()
    for current in looks:
        for line in lines.of(current):
            print(line, flush=True)
        snapshot = current
    print(ending(snapshot), flush=True)
    return snapshot

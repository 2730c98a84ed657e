"""`gatewise audit`: whether anything in a run rests on values that it must not have seen."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewise.cli.options import FutureDataOption, JsonOption, NoCacheOption, QuietOption
from gatewise.cli.training import INTERRUPTED

if TYPE_CHECKING:
    from gatewise.evaluate.audit import Audit

__all__ = ["audit"]


def audit(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run.")],
    *,
    trials: Annotated[
        int, typer.Option("--trials", metavar="N", help="Trials of the search that are made again, twice.")
    ] = 3,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", help="Trainings side by side.  [default: as in the run]")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="TABLE", help="The run's data, where they have moved.")
    ] = None,
    future_data: FutureDataOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    no_cache: NoCacheOption = False,
) -> int:
    """Scramble every value behind each cutoff of a run, and check that nothing up to the cutoff changes by a bit."""
    from gatewise.interrupt import Interrupt
    from gatewise.train.device import CACHE_VARIABLE

    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    # Armed before the heavy libraries load: some of them swallow a KeyboardInterrupt while they do.
    with Interrupt(leave=True, keeps=False).armed() as interrupt:
        from gatewise.auditing.run import audit as run
        from gatewise.auditing.run import expected_seconds

        def say(text: str) -> None:
            if not quiet:
                print(text, file=sys.stderr, flush=True)

        expected = expected_seconds(run_dir, trials)
        if expected is not None:
            say(f"auditing {run_dir}: about {max(expected, 1):.0f} s of training, on one core; --trials 1 takes less")
        found = run(
            run_dir,
            data,
            future_data=future_data,
            trials=trials,
            jobs=jobs,
            on_check=lambda check: say(f"{'passed' if check.passed else 'FAILED'}  {check.name}"),
            should_stop=interrupt,
        )
    if found.interrupted:
        say("interrupted: nothing was written")
        return INTERRUPTED
    if as_json:
        from gatewise.runs.store import finite

        json.dump(finite(found.to_dict()), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(found, run_dir)
    return 0 if found.passed else 1


def _show(found: Audit, folder: Path) -> None:
    """Print the result for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title="Leakage audit: what stands behind each cutoff scrambled", title_justify="left")
    table.add_column("check", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was compared, or what changed")
    for one in found.checks:
        result, style = ("passed", "") if one.passed else ("FAILED", "bold red")
        table.add_row(escape(one.name), result, escape(one.detail), style=style)
    console.print(table)
    say = Console(highlight=False, soft_wrap=True).print
    say(f"[bold]{escape(found.line)}[/]")
    for note in found.notes:
        say(f"[dim]{escape(note)}[/]")
    say(escape(f"\naudit     {folder / 'audit.json'}, {found.seconds:.0f} s"))

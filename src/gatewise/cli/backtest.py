"""`gatewise backtest`: the model of a run on rolling origins, beside the baselines."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.options import FutureDataOption, JsonOption, NoCacheOption, QuietOption, with_flags
from gatewise.cli.tables import free_folder, leaderboard_table
from gatewise.cli.training import INTERRUPTED
from gatewise.errors import TrainingError

if TYPE_CHECKING:
    from gatewise.backtesting import Backtest

__all__ = ["backtest"]


@with_flags("jobs", "baselines", "baseline_time")
def backtest(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run, or a model folder.")],
    *,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NEWER", help="Newer data.  [default: the data of the run]")
    ] = None,
    future_data: FutureDataOption = None,
    windows: Annotated[
        int | None,
        typer.Option(
            "--windows",
            metavar="K",
            help="Number of origins.  [default: what fits behind the run's data, at most 20; else its test origins]",
        ),
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", metavar="S", help="Steps between two origins.  [default: the horizon]")
    ] = None,
    refit: Annotated[
        int | None,
        typer.Option(
            "--refit", metavar="N", help="Train anew after every N origins.  [default: only before the first]"
        ),
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--sliding", metavar="ROWS", help="Train on the last ROWS rows of each series.  [default: on all]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder for the results.  [default: RUN_DIR/backtest]"),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Forecast from rolling origins with the model of a run, and compare with the baselines; nothing is tuned."""
    from gatewise.interrupt import Interrupt
    from gatewise.train.device import CACHE_VARIABLE

    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    # Armed before the heavy libraries load: some of them swallow a KeyboardInterrupt while they do.
    with Interrupt(leave=True, keeps=False).armed() as interrupt:
        from gatewise.backtesting import backtest as run
        from gatewise.settings import Settings

        asked = Settings.of(**flags)
        folder = out or free_folder(run_dir / "backtest")

        def say(done: int, total: int) -> None:
            if not quiet:
                print(f"training {done}/{total}", file=sys.stderr, flush=True)

        try:
            made = run(
                run_dir,
                data=data,
                future_data=future_data,
                windows=windows,
                step=step,
                refit=refit,
                rows=rows,
                out=folder,
                on_training=say,
                should_stop=interrupt,
                **{name: getattr(asked, name) for name in flags},
            )
        except TrainingError:
            if not interrupt():
                raise
            print("interrupted: nothing was written", file=sys.stderr)
            return INTERRUPTED
    if as_json:
        from gatewise.runs.store import finite

        json.dump(finite(made.to_dict()), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(made, folder)
    return 0


def _show(made: Backtest, folder: Path) -> None:
    """Print the result for a person."""
    from rich.console import Console
    from rich.markup import escape

    origins = made.rolling.origins
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"\n[bold]{escape(made.verdict)}[/]\n")
    count = len(origins.distances)
    console.print(leaderboard_table(made.leaderboard, f"Leaderboard on {count} origin{'s' * (count != 1)}"))
    for entry in made.to_dict()["intervals"]:
        held = f"{entry['level']}% interval: held {100 * entry['coverage']:.0f}% of {entry['truths']} true values"
        console.print(f"{held}, mean width {entry['width']:.4g}")
    for name in (*made.evaluation.left_out.values(), *made.notes):
        console.print(f"[dim]{escape(name)}[/]")
    console.print(escape(f"\nbacktest  {folder / 'backtest.csv'}"))

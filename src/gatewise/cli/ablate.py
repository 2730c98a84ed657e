"""`gatewise ablate`: what each trick of a run's winner was worth."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewise.cli.options import FutureDataOption, JsonOption, NoCacheOption, QuietOption
from gatewise.cli.tables import free_folder

if TYPE_CHECKING:
    from gatewise.ablation import Ablation
    from gatewise.retraining import Progress

__all__ = ["ablate"]

INTERRUPTED = 130


def ablate(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run.")],
    *,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Trainings of each variant.")] = 3,
    unused: Annotated[
        bool, typer.Option("--all", help="Also switch on, in a usual dose, what the winner does not use.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", metavar="N", help="Trainings side by side.  [default: as in the run]")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="TABLE", help="The run's data, where they have moved.")
    ] = None,
    future_data: FutureDataOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder for the results.  [default: RUN_DIR/ablation]"),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    no_cache: NoCacheOption = False,
) -> int:
    """Switch each trick of a run's winner off in turn, retrain over seeds, and say what each was worth."""
    from gatewise.interrupt import Interrupt
    from gatewise.train.device import CACHE_VARIABLE

    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    # Armed before the heavy libraries load: some of them swallow a KeyboardInterrupt while they do.
    with Interrupt(leave=True).armed() as interrupt:
        from gatewise.ablation import ablate as run

        folder = out or free_folder(run_dir / "ablation")

        def say(progress: Progress) -> None:
            if not quiet:
                print(_line(progress), file=sys.stderr, flush=True)

        made = run(
            run_dir,
            seeds=seeds,
            unused=unused,
            jobs=jobs,
            out=folder,
            data=data,
            future_data=future_data,
            on_training=say,
            should_stop=interrupt,
        )
    if as_json:
        from gatewise.runs.store import finite

        json.dump(finite(made.to_dict()), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(made, folder)
    return INTERRUPTED if made.interrupted else 0


def _line(progress: Progress) -> str:
    what = f"{progress.trick} {'off' if progress.used else 'on'}" if progress.trick else "the winner"
    score = f"MASE {progress.score:.4f}" if math.isfinite(progress.score) else "no usable model"
    return (
        f"training {progress.number}/{progress.total}: {what}, seed {progress.seed}: {score}, {progress.seconds:.1f} s"
    )


def _show(made: Ablation, folder: Path) -> None:
    """Print the result for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True, highlight=False)
    board = Table(title="What each trick was worth, on the validation part", title_justify="left")
    for name in ("trick", "here"):
        board.add_column(name)
    for name in ("worth", "±", "MASE with", "without"):
        board.add_column(name, justify="right")
    for one in made.effects:
        cells = ["not used" if not one.used and not one.seeds else one.what]
        if one.seeds:
            means = [sum(scores) / len(scores) for scores in (one.scores_with, one.scores_without)]
            cells += [_percent(one.percent), _percent(one.percent_error), *(f"{mean:.4g}" for mean in means)]
        style = {"helped": "bold", "hurt": "bold red"}.get(one.verdict if one.seeds else "", "dim")
        board.add_row(escape(one.trick), *map(escape, cells), *[""] * (5 - len(cells)), style=style)
    console.print(board)
    for sentence in made.sentences:
        console.print(escape(sentence))
    for remark in made.notes:
        console.print(f"[dim]{escape(remark)}[/]")
    console.print(escape(f"\nablation  {folder / 'ablation.html'}"))


def _percent(value: float) -> str:
    return f"{value:.1f} %".replace("-0.0 ", "0.0 ") if math.isfinite(value) else "–"

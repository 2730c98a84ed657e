"""`gatewise sweep`: a study of one knob."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.options import (
    TRAINING,
    ConfigOption,
    DataArgument,
    FutureDataOption,
    JsonOption,
    NoCacheOption,
    OutOption,
    QuietOption,
    SetOption,
    VerboseOption,
    given_settings,
    with_flags,
)
from gatewise.cli.training import INTERRUPTED, Manner, planned, read_lines
from gatewise.errors import SettingsError, TrainingError

if TYPE_CHECKING:
    from gatewise.cli.console import Reporter
    from gatewise.interrupt import Interrupt
    from gatewise.knob import Knob
    from gatewise.planning import Plan
    from gatewise.search.study import Listener
    from gatewise.swept import Row, Sweep

__all__ = ["ONE_NETWORK", "sweep"]

ONE_NETWORK = tuple(name for name in TRAINING if name not in ("level", "members"))
"""Flags of a command that trains one network at a time and forecasts nothing."""

OverOption = Annotated[
    str,
    typer.Option(
        "--over",
        metavar="KNOB=VALUES",
        help="A setting and its values: hidden=16,32,64+32 (two layers with a plus), dropout=0..0.5:6 (six values over "
        "a range), hidden=64.. (doubled until it no longer helps), or a name alone.",
    ),
]
SeedsOption = Annotated[int, typer.Option("--seeds", metavar="TRAININGS", min=1, help="Trainings of each value.")]


@with_flags(*ONE_NETWORK, "jobs")
def sweep(
    data: DataArgument,
    *,
    over: OverOption,
    seeds: SeedsOption = 3,
    future_data: FutureDataOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Try the values of one knob with several seeds each, and say which is the cheapest that is as good as the best."""
    from gatewise.interrupt import Interrupt
    from gatewise.knob import parse_over
    from gatewise.settings import Settings
    from gatewise.train.device import CACHE_VARIABLE

    if quiet and verbose:
        raise SettingsError("--quiet and --verbose exclude each other, but both are given. Leave one out.")
    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    knob = parse_over(over)
    given = {name: value for name, value in given_settings(config, assignments, flags).items() if name != knob.name}
    Settings.of(**given)
    manner = Manner(as_json, quiet, verbose, no_cache)
    with Interrupt(leave=True).armed() as interrupt:
        made = planned("fit", (data, future_data), given, manner)
        if interrupt():
            return INTERRUPTED
        return _studied(made, knob, seeds, out, manner, interrupt)


def _studied(made: Plan, knob: Knob, seeds: int, out: Path | None, manner: Manner, interrupt: Interrupt) -> int:
    """Train, write and show; return the exit status."""
    from gatewise.cli.console import Reporter
    from gatewise.runs.store import RunFolder, default_folder, finite
    from gatewise.studies import sweep_into

    folder = RunFolder(out or default_folder(f"{made.panel.name}-sweep"))
    reporter = Reporter(seeds * len(knob.values), quiet=manner.quiet, verbose=manner.verbose)
    for line in read_lines(made):
        reporter.say(line)
    try:
        with reporter.showing():
            found = sweep_into(
                folder, made, knob, seeds=seeds, listener=_listener(reporter, knob), should_stop=interrupt
            )
    except TrainingError:
        if not interrupt():
            raise
        folder.discard()
        reporter.say("interrupted before the first training ended: there is nothing to keep")
        return INTERRUPTED
    if manner.as_json:
        json.dump(finite({**found.summary(), "run_folder": str(folder.path)}), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(found, folder.path)
    return INTERRUPTED if interrupt() else 0


def _listener(reporter: Reporter, knob: Knob) -> Listener:
    """Return what a study tells its events to: the live display, or a line for every training that names its value."""
    from gatewise.knob import shown

    heard = reporter.listener()

    def on_start(number: int, settings: Any) -> None:
        # How far a growing knob grows is not known before.
        reporter.total = max(reporter.total, number + 1)
        heard.on_start(number, settings)

    def on_trial(trial: Any) -> None:
        name = f"{knob.name} {shown(getattr(trial.settings, knob.name))}, seed {trial.settings.seed}"
        epochs = f"{trial.epochs} epoch{'s' * (trial.epochs != 1)}"
        reporter.say(f"{name}: MASE {trial.score:.4f} on validation, {epochs}, {trial.seconds:.1f} s")

    is_live = sys.stderr.isatty() and not reporter.verbose
    return replace(heard, on_start=on_start, on_trial=heard.on_trial if is_live else on_trial)


def _show(found: Sweep, folder: Path) -> None:
    """Print the study for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from gatewise.report.sweep_page import sweep_words

    console = Console(soft_wrap=True, highlight=False)
    sizes = len({row.mean("parameters") for row in found.rows if row.repeats}) > 1
    title = f"{found.knob.name}, {found.seeds} trainings each, on the validation part"
    table = Table(box=None, padding=(0, 2, 0, 0), title=title, title_justify="left")
    table.add_column(found.knob.name, no_wrap=True)
    for name in ("MASE", "± error", "train", "val loss", "epochs", "seconds", *(["weights"] if sizes else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in found.rows:
        table.add_row(*map(escape, _cells(row, found, sizes)), style="bold" if row is found.choice.row else "")
    console.print(table)
    console.print(f"\n[bold]{escape(found.choice.reason)}[/]")
    for words in sweep_words(found):
        console.print(f"[dim]{escape(words)}[/]")
    console.print()
    for name, file in (
        ("page", "sweep.html"),
        ("picture", "sweep.svg"),
        ("table", "sweep.csv"),
        ("settings", "best.toml"),
    ):
        console.print(escape(f"{name:<9} {folder / file}"))


def _cells(row: Row, found: Sweep, sizes: bool) -> list[str]:
    """Return the cells of a value, with the number of weights where values differ in it."""
    from gatewise.knob import shown
    from gatewise.report.words import number

    error = "" if row.standard_error != row.standard_error else f"{row.standard_error:.2g}"
    means = [number(float(f"{row.mean(name):.3g}")) for name in ("train_loss", "val_loss", "epochs", "seconds")]
    means += [number(row.mean("parameters"))] if sizes else []
    role = "<- chosen" if row is found.choice.row else "lowest" if row is found.choice.best else ""
    state = row.status if row.status != "ok" else ""
    some = 0 < len(row.repeats) < found.seeds
    marks = [role, state, f"{len(row.repeats)} of {found.seeds}" if some else ""]
    return [shown(row.value), number(row.score), error, *means, ", ".join(filter(None, marks))]

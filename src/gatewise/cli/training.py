"""`gatewise fit`, `gatewise tune` and `gatewise demo`: one experiment each."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gatewise.cli.options import (
    SEARCHING,
    TRAINING,
    ConfigOption,
    DataArgument,
    FutureDataOption,
    JsonOption,
    LogOption,
    NoCacheOption,
    OptionalDataArgument,
    OutOption,
    QuietOption,
    ResumeOption,
    SetOption,
    SpaceOption,
    VerboseOption,
    given_settings,
    with_flags,
)
from gatewise.cli.tables import leaderboard_table
from gatewise.errors import SettingsError, TrainingError

if TYPE_CHECKING:
    import pandas as pd

    from gatewise.data.panel import Panel
    from gatewise.interrupt import Interrupt
    from gatewise.outcome import Outcome
    from gatewise.planning import Command, Plan
    from gatewise.runs.store import RunFolder

__all__ = ["INTERRUPTED", "Manner", "demo", "fit", "planned", "read_lines", "tune"]

RESUMABLE = ("trials", "time_limit", "jobs")
"""Settings that may change when a run is gone on with: the trials that it has made stay what they are."""

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

DEMO: dict[str, Any] = {"horizon": 26, "trials": 8, "members": 4}
"""Half a year ahead, with a search of about a minute and an ensemble of four."""


@with_flags(*TRAINING)
def fit(
    data: DataArgument,
    *,
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
    """Train a few LSTMs that suit the data, without a search, and forecast: your settings, the preset for the rest."""
    given = given_settings(config, assignments, flags)
    return _experiment("fit", (data, future_data), given, out, Manner(as_json, quiet, verbose, no_cache))


@with_flags(*SEARCHING)
def tune(
    data: OptionalDataArgument = None,
    *,
    resume: ResumeOption = None,
    future_data: FutureDataOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
    assignments: SetOption = None,
    space: SpaceOption = None,
    log: LogOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Search for the best LSTM, compare it with strong baselines, forecast, and write a report: the main job."""
    from gatewise.loggers.choice import checked_logs

    manner = Manner(as_json, quiet, verbose, no_cache, checked_logs(log or ()))
    given = given_settings(config, assignments, {**flags, "space": tuple(space)} if space else flags)
    if resume is not None:
        return _resumed(resume, (data, future_data), given, out, manner)
    if data is None:
        raise SettingsError("tune needs DATA, a table to read, or --resume RUN_DIR, but neither is given.")
    return _experiment("tune", (data, future_data), given, out, manner)


@with_flags("seed", "trials", "time_limit", "jobs")
def demo(
    *,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Check, tune and forecast weekly CO2 at Mauna Loa (statsmodels ships the data), in about a minute."""
    return _experiment("demo", (), {**DEMO, **flags}, out, Manner(as_json, quiet, verbose, no_cache))


class Manner(NamedTuple):
    """How a command speaks, caches and logs, as its flags say."""

    as_json: bool
    quiet: bool
    verbose: bool
    no_cache: bool
    log: tuple[str, ...] = ()


def _experiment(
    command: Command, tables: tuple[Any, ...], given: dict[str, Any], out: Path | None, manner: Manner
) -> int:
    """Run one experiment from a table to a run folder; return the exit status."""
    from gatewise.runs.store import RunFolder, default_folder
    from gatewise.settings import Settings

    Settings.of(**given)
    return _run(
        manner,
        lambda: planned(command, tables, given, manner),
        lambda made: RunFolder(out or default_folder(made.panel.name)),
    )


def _resumed(run_dir: Path, tables: tuple[Any, ...], given: dict[str, Any], out: Path | None, manner: Manner) -> int:
    """Go on with a run; return the exit status."""
    from gatewise.opened import open_run
    from gatewise.runs.store import RunFolder

    if out is not None:
        raise SettingsError("--resume goes on in the run's own folder, but --out is given, too. Leave it out.")
    if other := [name for name in given if name not in RESUMABLE]:
        raise SettingsError(
            f"--resume goes on with the settings of the run, but {other[0]} is given, too. Leave it out, or start a "
            f"new run; only {', '.join(RESUMABLE)} may change."
        )
    folder = RunFolder(run_dir, resume=True)
    if folder.finished and not any(given.get(name) is not None for name in RESUMABLE):
        folder.tidy()
        message = f"'{run_dir}' is finished: nothing is left to do. Go on with more trials with --trials N."
        if not manner.quiet:
            print(message, file=sys.stderr)
        return 0
    return _run(manner, lambda: open_run(run_dir, data=tables[0], future_data=tables[1], **given), lambda _: folder)


def _run(manner: Manner, made_plan: Callable[[], Plan], folder_of: Callable[[Plan], RunFolder]) -> int:
    """Plan, then run; return the exit status."""
    from gatewise.interrupt import Interrupt
    from gatewise.train.device import CACHE_VARIABLE

    began = time.monotonic()
    if manner.quiet and manner.verbose:
        raise SettingsError("--quiet and --verbose exclude each other, but both are given. Leave one out.")
    if manner.no_cache:
        os.environ[CACHE_VARIABLE] = ""
    # Armed before the heavy libraries load: some of them swallow a KeyboardInterrupt while they do.
    with Interrupt(leave=True).armed() as interrupt:
        made = made_plan()
        if interrupt():
            return INTERRUPTED
        return _carried_out(made, folder_of(made), manner, interrupt, began)


def planned(command: Command, tables: tuple[Any, ...], given: dict[str, Any], manner: Manner) -> Plan:
    """Read the tables and check everything; nothing is trained or written."""
    from gatewise.forecast import panel_of
    from gatewise.planning import Source, plan
    from gatewise.settings import Settings

    panel = (
        _demo_panel(manner) if command == "demo" else panel_of(tables[0], Settings.of(**given), future_data=tables[1])
    )
    return plan(command, panel, given, Source.of(*tables) if tables else Source())


def _demo_panel(manner: Manner) -> Panel:
    """Load weekly CO2, and show what the data doctor says of it."""
    from gatewise.cli.check import show
    from gatewise.data.check import diagnose
    from gatewise.data.example import co2_panel

    panel = co2_panel()
    if not (manner.as_json or manner.quiet):
        show(panel, diagnose(panel))
    return panel


def _carried_out(made: Plan, folder: RunFolder, manner: Manner, interrupt: Interrupt, began: float) -> int:
    """Train, write and show; return the exit status."""
    from gatewise.cli.console import Reporter
    from gatewise.experiment import run
    from gatewise.loggers.choice import logged

    reporter = Reporter(made.trials, quiet=manner.quiet, verbose=manner.verbose, time_limit=made.settings.time_limit)
    for line in read_lines(made):
        reporter.say(line)
    try:
        with (
            reporter.showing(),
            logged(manner.log, folder.path, made, reporter.listener(), warn=reporter.say) as logs,
        ):
            outcome = run(made, folder, listener=logs.listener, should_stop=interrupt, began=began)
            logs.summary = outcome.summary(folder.path)
    except TrainingError:
        if not interrupt():
            raise
        if not folder.resumed:
            folder.discard()
        reporter.say("interrupted before the first epoch ended: there is no model to keep")
        return INTERRUPTED
    if manner.as_json:
        json.dump(_printable(outcome, folder.path), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(outcome, folder.path)
    return INTERRUPTED if outcome.interrupted else 0


def read_lines(made: Plan) -> list[str]:
    """Return what was read, repaired, found and chosen, a line each."""
    panel = made.panel
    one = panel.series[0]
    names = f"{len(panel)} series" if len(panel) > 1 else f"series '{one.unique_id}'"
    repairs = panel.repairs
    lines = [f"read {panel.name}: {names}, {panel.lengths.sum()} rows, frequency {panel.freq}"]
    lines += [f"  {note}" for note in repairs.notes]
    if repairs.duplicate_rows:
        lines.append(f"  {repairs.duplicate_rows} exact duplicate rows dropped")
    if repairs.filled_values:
        lines.append(f"  {repairs.filled_values} missing values filled, at most {repairs.longest_gap} in a row")
    lines += [f"  warning: {warning}" for warning in made.diagnosis.warnings]
    return lines + [f"  {reason}" for reason in made.reasons]


def _printable(outcome: Outcome, folder: Path) -> dict[str, Any]:
    from gatewise.runs.store import finite

    return finite(outcome.summary(folder))


def _show(outcome: Outcome, folder: Path) -> None:
    """Print the result for a person."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"\n[bold]{escape(outcome.verdict)}[/]\n")
    if outcome.leaderboard is not None:
        console.print(leaderboard_table(outcome.leaderboard, "Leaderboard on the test origins"))
    if outcome.forecast is not None:
        recommended = outcome.judgement.verdict.recommended if outcome.judgement else "gatewise"
        console.print(_forecast_head(outcome.forecast, recommended, several=len(outcome.plan.panel) > 1))
    for note in outcome.notes:
        console.print(f"[dim]{escape(note)}[/]")
    best = outcome.best
    trials = f"best of {len(outcome.trials)} trials: number {best.number}" if len(outcome.trials) > 1 else "the trial"
    console.print(f"\n{trials}: MASE {best.score:.4f} on validation")
    for name, file in (("forecast", "forecast.csv"), ("model", "model"), ("report", "report.html")):
        if name == "forecast" and outcome.forecast is None:
            continue
        console.print(escape(f"{name:<9} {folder / file}"))
    if outcome.interrupted:
        console.print(escape(f"go on    gatewise tune --resume {folder}"))


def _forecast_head(forecast: pd.DataFrame, recommended: str, several: bool, rows: int = 6) -> Any:
    """Return the first rows of the forecast, each interval in one column, and the baseline where it is recommended."""
    from rich.markup import escape
    from rich.table import Table

    from gatewise.runs.store import csv_text

    head = forecast.head(rows)
    better = [] if recommended == "gatewise" else [recommended]
    title = f"Forecast, the first {len(head)} of {len(forecast)} rows{f'; recommended: {recommended}' * len(better)}"
    table = Table(title=title, title_justify="left")
    levels = [name.removeprefix("gatewise-lo-") for name in head.columns if name.startswith("gatewise-lo-")]
    for name in [*(["unique_id"] if several else []), "ds"]:
        table.add_column(name)
    for name in ["gatewise", *(f"{level}% interval" for level in levels), *better]:
        table.add_column(name, justify="right")
    stamps = csv_text(head.loc[:, ["ds"]]).splitlines()[1:]
    for stamp, row in zip(stamps, head.to_dict("records"), strict=True):
        spans = [f"{row[f'gatewise-lo-{level}']:.6g} to {row[f'gatewise-hi-{level}']:.6g}" for level in levels]
        names = [escape(str(row["unique_id"]))] if several else []
        table.add_row(*names, stamp, f"{row['gatewise']:.6g}", *spans, *(f"{row[name]:.6g}" for name in better))
    return table

"""`gatewise fit`, `gatewise tune` and `gatewise demo`: one experiment each."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.options import SEARCHING, TRAINING, ConfigOption, SetOption, given_settings, with_flags
from gatewise.errors import SettingsError, TrainingError

if TYPE_CHECKING:
    from gatewise.experiment import Command, Outcome, Plan

__all__ = ["demo", "fit", "tune"]

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

DEMO: dict[str, Any] = {"horizon": 26, "trials": 8}
"""Half a year ahead, with a search of about a minute."""

DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="CSV, TSV (also gzipped) or Parquet file.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="RUN_DIR", help="Folder for the results.  [default: runs/<name>-<time>]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One machine-readable summary on stdout and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every epoch.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Do not keep compiled programs on disk.")]


@with_flags(*TRAINING)
def fit(
    data: DataArgument,
    *,
    out: OutOption = None,
    config: ConfigOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Train one LSTM and forecast: the settings you give, the preset for the rest."""
    given = given_settings(config, assignments, flags)
    return _experiment("fit", data, given, out, as_json=as_json, quiet=quiet, verbose=verbose, no_cache=no_cache)


@with_flags(*SEARCHING)
def tune(
    data: DataArgument,
    *,
    out: OutOption = None,
    config: ConfigOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Search for the best LSTM, compare it with strong baselines, forecast, and write a report: the main job."""
    given = given_settings(config, assignments, flags)
    return _experiment("tune", data, given, out, as_json=as_json, quiet=quiet, verbose=verbose, no_cache=no_cache)


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
    from statsmodels.datasets import co2

    table = co2.load_pandas().data.rename_axis("date").reset_index()
    given = {**DEMO, **flags}
    return _experiment("demo", table, given, out, as_json=as_json, quiet=quiet, verbose=verbose, no_cache=no_cache)


def _experiment(
    command: Command,
    data: Any,
    given: dict[str, Any],
    out: Path | None,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    no_cache: bool,
) -> int:
    """Run one experiment from a table to a run folder; return the exit status."""
    from gatewise.cli.console import Interrupt, Reporter
    from gatewise.settings import Settings
    from gatewise.train.device import CACHE_VARIABLE

    if quiet and verbose:
        raise SettingsError("--quiet and --verbose exclude each other, but both are given. Leave one out.")
    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    asked = Settings.of(**given)

    from gatewise.experiment import plan, run
    from gatewise.forecast import panel_of
    from gatewise.runs.store import RunFolder, default_folder

    panel = panel_of(data, asked)
    name = "co2" if command == "demo" else panel.name
    made = plan(command, panel, given)
    folder = RunFolder(out or default_folder(name))
    total = 1 if command == "fit" else made.settings.trials
    reporter = Reporter(total, quiet=quiet, verbose=verbose, time_limit=made.settings.time_limit)
    for line in _read_lines(made):
        reporter.say(line)
    with Interrupt().armed() as interrupt, reporter.showing():
        try:
            outcome = run(made, folder, listener=reporter.listener(), should_stop=interrupt)
        except TrainingError:
            if not interrupt():
                raise
            reporter.say("interrupted before the first epoch ended: there is no model to keep")
            return INTERRUPTED
    if as_json:
        json.dump(_printable(outcome, folder.path), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _show(outcome, folder.path)
    return INTERRUPTED if outcome.interrupted else 0


def _read_lines(made: Plan) -> list[str]:
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
    from rich.table import Table

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"\n[bold]{outcome.verdict}[/]\n")
    if outcome.leaderboard is not None:
        board = Table(title="Leaderboard on the test origins", title_justify="left")
        board.add_column("model")
        for metric in ("MASE", "sMAPE", "RMSE", "MAE"):
            board.add_column(metric, justify="right")
        for row in outcome.leaderboard.to_dict("records"):
            cells = [f"{row[metric]:.4g}" for metric in ("MASE", "sMAPE", "RMSE", "MAE")]
            board.add_row(str(row["model"]), *cells, style="bold" if row["model"] == "gatewise" else "")
        console.print(board)
    console.print(_forecast_head(outcome))
    for note in outcome.notes:
        console.print(f"[dim]{note}[/]")
    best = outcome.best
    console.print(f"\nbest of {len(outcome.trials)} trials: number {best.number}, MASE {best.score:.4f} on validation")
    console.print(f"forecast  {folder / 'forecast.csv'}")
    console.print(f"model     {folder / 'model'}")
    console.print(f"report    {folder / 'report.html'}")


def _forecast_head(outcome: Outcome, rows: int = 6) -> Any:
    from rich.table import Table

    from gatewise.runs.store import csv_text

    lines = csv_text(outcome.forecast.head(rows)).splitlines()
    table = Table(
        title=f"Forecast, the first {min(rows, len(outcome.forecast))} of {len(outcome.forecast)} rows",
        title_justify="left",
    )
    for name in lines[0].split(","):
        table.add_column(name, justify="left" if name in ("unique_id", "ds") else "right")
    for line in lines[1:]:
        table.add_row(*(_short(cell) for cell in line.split(",")))
    return table


def _short(cell: str) -> str:
    """Return a cell with at most six significant digits, where it is a decimal number."""
    try:
        return f"{float(cell):.6g}" if "." in cell else cell
    except ValueError:
        return cell

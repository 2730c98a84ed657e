"""`gatewise predict`: forecast with a saved model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gatewise.cli.options import FutureDataOption, JsonOption, QuietOption, with_flags
from gatewise.errors import SettingsError

__all__ = ["predict"]

COLUMNS = ("target", "time", "id", "freq")
"""How newer data are read where their columns are named otherwise than those of the run."""


@with_flags("horizon", "level", *COLUMNS)
def predict(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run, or a model folder.")],
    *,
    data: Annotated[
        str | None, typer.Option("--data", metavar="NEW", help="Newer history.  [default: the data of the run]")
    ] = None,
    future_data: FutureDataOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Folder for forecast.csv.  [default: print it]")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    flags: dict[str, Any],
) -> int:
    """Forecast beyond the end of the data, or of newer data, with the model of a run."""
    from gatewise.forecast import Forecaster
    from gatewise.runs.store import RunFolder, csv_text, finite
    from gatewise.settings import Settings

    asked = Settings.of(**flags)
    forecaster = Forecaster.load(run_dir)
    levels = asked.level if "level" in flags else None
    if data is None and (named := [name for name in COLUMNS if name in flags]):
        raise SettingsError(
            f"--{named[0]} names a column of newer data, but --data is missing. Add --data, or leave it out."
        )
    reading = {name: getattr(asked, name) for name in COLUMNS if name in flags}
    table, panel = forecaster.forecast_of(data, asked.horizon, levels, future_data, **reading)
    path = RunFolder(out).write_table("forecast.csv", table) if out is not None else None
    if as_json:
        summary = {"model": str(run_dir), "series": len(panel), "rows": len(table), "file": str(path) if path else None}
        if path is None:
            summary["forecast"] = table.assign(ds=table["ds"].astype(str)).to_dict("records")
        json.dump(finite(summary), sys.stdout, indent=1)
        sys.stdout.write("\n")
    elif path is None:
        sys.stdout.write(csv_text(table))
    elif not quiet:
        print(f"forecast  {path}")
    return 0

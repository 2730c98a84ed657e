"""Flags: the common ones come from the table of settings, so that each is written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from gatewise.configuration import parse_assignment, read_toml
from gatewise.table import settings_table

__all__ = [
    "READING",
    "SEARCHING",
    "TRAINING",
    "ConfigOption",
    "DataArgument",
    "FutureDataOption",
    "JsonOption",
    "NoCacheOption",
    "OptionalDataArgument",
    "OutOption",
    "QuietOption",
    "ResumeOption",
    "SetOption",
    "SpaceOption",
    "VerboseOption",
    "given_settings",
    "with_flags",
]

READING = ("target", "past", "future", "static", "time", "id", "freq", "season", "max_missing")
"""Settings with a flag of their own in every command that reads a table."""
TRAINING = (
    *READING,
    "holidays",
    "horizon",
    "val_windows",
    "test_windows",
    "level",
    "preset",
    "members",
    "seed",
    "time_limit",
)
"""Settings with a flag of their own in every command that trains."""
SEARCHING = (*TRAINING, "trials", "jobs")
"""Settings with a flag of their own in every command that searches."""

SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting, such as dropout=0.3; repeatable.")
]
OptionalDataArgument = Annotated[
    str | None, typer.Argument(metavar="DATA", help="CSV, TSV (also gzipped) or Parquet file.", show_default=False)
]
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="CSV, TSV (also gzipped) or Parquet file.")]
FutureDataOption = Annotated[
    str | None,
    typer.Option("--future-data", metavar="TABLE", help="Covariates known ahead, for the steps to forecast."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="RUN_DIR", help="Folder for the results.  [default: runs/<name>-<time>]")
]
SpaceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--space",
        metavar="NAME=RANGE",
        help="What a search draws a setting from: learning_rate=1e-4..1e-2 or hidden=32|64|64,32; repeatable.",
    ),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="RUN_DIR",
        help="Go on with a run that was interrupted or killed, or with more --trials; DATA only if it has moved.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One machine-readable summary on stdout and nothing else.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors and the result.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="A line for every epoch.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Do not keep compiled programs on disk.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings from a TOML file.")]


def with_flags(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command one flag per named setting, in place of its parameter `flags`.

    The command is called with ``flags`` as a dictionary of those that were given, still as text: the settings check
    and convert them, so a flag, a TOML file and Python say the same about the same mistake.
    """
    rows = {row.name: row for row in settings_table()}

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(command).parameters
        # Evaluated here: the annotations of a module are text, and the wrapper below lives in another one.
        hints = get_type_hints(command, include_extras=True)

        def wrapped(**arguments: Any) -> Any:
            flags = {name: arguments.pop(name) for name in names}
            return command(**arguments, flags={name: value for name, value in flags.items() if value is not None})

        parameters = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name])
            for parameter in own.values()
            if parameter.name != "flags"
        ]
        for name in names:
            row = rows[name]
            shown = "|".join(row.choices) if row.choices else (row.unit or row.kind).upper()
            option = typer.Option(
                f"--{name.replace('_', '-')}", metavar=shown, help=f"{row.help[0].upper()}{row.help[1:]}."
            )
            parameters.append(
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
                )
            )
        wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
        wrapped.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapped

    return decorate


def given_settings(config: Path | None, assignments: list[str] | None, flags: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that the user gave: a flag wins over ``--set``, which wins over ``--config``.

    Raises:
        SettingsError: for a file or an assignment that cannot be read, or an unknown name in the file.
    """
    given = read_toml(config) if config is not None else {}
    given.update(parse_assignment(text) for text in assignments or [])
    given.update(flags)
    return given

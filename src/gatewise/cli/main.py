"""The entry point: the commands together, and errors turned into one message and an exit status."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import Exit, TyperException

from gatewise.cli.ablate import ablate
from gatewise.cli.advise import advise
from gatewise.cli.audit import audit
from gatewise.cli.backtest import backtest
from gatewise.cli.check import check
from gatewise.cli.lr_find import lr_find
from gatewise.cli.predict import predict
from gatewise.cli.report import report
from gatewise.cli.sweep import sweep
from gatewise.cli.training import INTERRUPTED, demo, fit, tune
from gatewise.cli.watch import watch
from gatewise.errors import GatewiseError

__all__ = ["TRACEBACK_VARIABLE", "app", "main"]

TRACEBACK_VARIABLE = "GATEWISE_TRACEBACK"
"""Environment variable that shows the traceback of an unexpected error."""

app = typer.Typer(
    name="gatewise",
    help="From a table of time series to a tuned LSTM forecaster, and an honest word on whether it earned its place.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, check, fit, tune, predict, report, backtest, audit, watch, sweep, lr_find, ablate, advise):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed

        print(f"gatewise {installed('gatewise')}")
        raise Exit(0)


VersionOption = Annotated[
    bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
]


@app.callback()
def _root(version: VersionOption = False) -> None:
    """Hold the options that stand before a command."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, 1 failed, 2 usage or bad input, 130 interrupted.

    Args:
        arguments: without the program's name; None takes those of the process.
    """
    if not (sys.argv[1:] if arguments is None else arguments):
        arguments = ["--help"]
    try:
        status = app(args=arguments, standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except Exit as done:
        return done.exit_code
    except TyperException as error:
        return _fail(f"{error.format_message()}\nTry 'gatewise --help'.", error.exit_code)
    except GatewiseError as error:
        return _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        # Python would try to write what is left, and complain, once more when it closes stdout.
        sys.stdout = None
        return _fail(f"cannot read or write: {error.strerror or error}. Free some space, or choose another place.", 1)
    except Exception as error:
        if TRACEBACK_VARIABLE in os.environ:
            raise
        return _fail(
            f"unexpected {type(error).__name__}: {error}. This is a defect of Gatewise; please report it with what is "
            f"printed when {TRACEBACK_VARIABLE}=1 is set.",
            1,
        )


def _fail(message: str, status: int) -> int:
    with contextlib.suppress(OSError):
        print(f"error: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

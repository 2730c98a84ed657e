"""The entry point: the commands together, and errors turned into one message and an exit status."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import Exit, TyperException

from gatewise.cli.check import check
from gatewise.cli.predict import predict
from gatewise.cli.training import INTERRUPTED, demo, fit, tune
from gatewise.errors import GatewiseError

__all__ = ["app", "main"]

app = typer.Typer(
    name="gatewise",
    help="From a table of time series to a tuned LSTM forecaster, and an honest word on whether it earned its place.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, check, fit, tune, predict):
    app.command()(command)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"gatewise {installed('gatewise')}")
        raise Exit(0)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, 1 failed, 2 usage or bad input, 130 interrupted.

    Args:
        arguments: without the program's name; None takes those of the process.
    """
    try:
        status = app(args=arguments, standalone_mode=False)
        return int(status or 0)
    except Exit as done:
        return done.exit_code
    except TyperException as error:
        print(f"error: {error.format_message()}\nTry 'gatewise --help'.", file=sys.stderr)
        return error.exit_code
    except GatewiseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (head, say) has gone; Python would complain again when it closes stdout.
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())

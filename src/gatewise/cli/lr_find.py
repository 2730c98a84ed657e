"""`gatewise lr-find`: the learning-rate range test."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.options import (
    ConfigOption,
    DataArgument,
    FutureDataOption,
    JsonOption,
    NoCacheOption,
    QuietOption,
    SetOption,
    given_settings,
    with_flags,
)
from gatewise.cli.plot import plot
from gatewise.cli.sweep import ONE_NETWORK
from gatewise.cli.training import INTERRUPTED, Manner, planned, read_lines

if TYPE_CHECKING:
    from gatewise.train.range_curve import RangeTest

__all__ = ["lr_find"]

OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder for the curve as CSV, JSON, SVG and a page.")
]
SeedsOption = Annotated[
    int, typer.Option("--seeds", metavar="TRAININGS", min=1, help="Short trainings that the curve is the mean of.")
]

HIGHEST_SHOWN = 1.2
"""Relative losses above this stand on the upper edge of the curve."""


@with_flags(*(name for name in ONE_NETWORK if name != "time_limit"))
def lr_find(
    data: DataArgument,
    *,
    seeds: SeedsOption = 3,
    future_data: FutureDataOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    no_cache: NoCacheOption = False,
    flags: dict[str, Any],
) -> int:
    """Raise the learning rate from step to step of a short training, show the loss, and suggest a rate."""
    from gatewise.interrupt import Interrupt
    from gatewise.runs.store import finite
    from gatewise.settings import Settings
    from gatewise.train.device import CACHE_VARIABLE

    if no_cache:
        os.environ[CACHE_VARIABLE] = ""
    given = given_settings(config, assignments, flags)
    Settings.of(**given)
    with Interrupt(leave=True).armed() as interrupt:
        from gatewise.studies import range_test_into

        made = planned("fit", (data, future_data), given, Manner(as_json, quiet, False, no_cache))
        if not quiet:
            print(*read_lines(made), sep="\n", file=sys.stderr)
        found = range_test_into(out, made, seeds=seeds, should_stop=interrupt)
        if interrupt():
            return INTERRUPTED
    if as_json:
        json.dump(finite(found.summary()), sys.stdout, indent=1)
        sys.stdout.write("\n")
        return 0
    _show(found, len(made.space.portfolio))
    if out is not None:
        print(f"\npage      {out / 'lr-find.html'}\npicture   {out / 'lr-find.svg'}\ntable     {out / 'lr-find.csv'}")
    return 0


def _show(found: RangeTest, framings: int) -> None:
    """Print the curve and its suggestion for a person."""
    named = {"s": found.steepest, "m": found.minimum, "D": found.diverges_at, "*": found.suggestion}
    marks = {letter: rate for letter, rate in named.items() if rate is not None}
    curve = found.smoothed
    print("loss, relative to that of the untrained network on the same windows, over the learning rate")
    print(*plot(found.rates[: len(curve)], curve, marks, min(max(curve), HIGHEST_SHOWN)), sep="\n")
    words = {"*": "suggestion", "s": "steepest descent", "m": "lowest loss", "D": "diverges"}
    print(f"{'':>15}{', '.join(f'{letter} {words[letter]}' for letter in words if letter in marks)}\n")
    print(found.advice, found.evidence)
    if found.suggestion is not None:
        print(f"To train with it: --set learning_rate={found.suggestion:.2g}")
    if framings > 1:
        print(f"It is the test of the first of {framings} framings that the preset would train.")

"""`gatewise advise`: which settings mattered in a search, and what to try next."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewise.cli.options import JsonOption, QuietOption
from gatewise.errors import SettingsError

if TYPE_CHECKING:
    from gatewise.search.advice import Insight
    from gatewise.search.importance import Importance

__all__ = ["advise"]

SHOWN, BAR = 12, 22
"""Settings shown, and the length of the longest bar."""

METHODS = "additive, fanova, ped-anova, mean-decrease"


def advise(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a search, finished or stopped.")],
    *,
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help=f"How the bars come about: {METHODS}.")
    ] = "additive",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say which settings mattered in a search, where its ranges were too narrow, and what to try next."""
    from gatewise.search.advice import insight_of
    from gatewise.search.importance import METHODS as KNOWN
    from gatewise.search.importance import importance_of
    from gatewise.search.past import open_study, past_trials, priors_of

    if method not in KNOWN:
        raise SettingsError(f"--method must be one of {', '.join(KNOWN)}, but is '{method}'.")
    study = open_study(run_dir)
    trials, priors = past_trials(study), priors_of(study)
    # Fewer trials than can tell anything are an error here; a run that ends with so few just says so.
    importance = importance_of(trials, priors, method)
    insight = insight_of(trials, priors, str(run_dir))
    if as_json:
        from gatewise.runs.store import finite

        shown = {**insight.to_dict(), "importance": importance.to_dict()}
        json.dump(finite(shown), sys.stdout, indent=1)
        sys.stdout.write("\n")
    elif not quiet:
        _show(importance, insight)
    return 0


def _show(importance: Importance, insight: Insight) -> None:
    """Print bars and advice for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True, highlight=False)
    table = Table(title=f"What mattered over {importance.trials} trials ({importance.method})", title_justify="left")
    table.add_column("setting")
    table.add_column("share", justify="right")
    table.add_column("")
    if importance.method == "additive":
        table.add_column("best to worst", justify="right")
        table.add_column("best at")
    most = max((one.share for one in importance.knobs), default=0.0) or 1.0
    for one in importance.knobs[:SHOWN]:
        cells = [one.name, f"{one.share:.0%}", "█" * round(BAR * one.share / most)]
        if importance.method == "additive":
            cells += [f"{one.span:.1f} %", f"{one.best:.3g}" if isinstance(one.best, float) else str(one.best)]
        table.add_row(*map(escape, cells), style="bold" if one.matters else "dim")
    console.print(table)
    left = len(importance.knobs) - SHOWN
    if left > 0:
        console.print(f"[dim]and {left} settings with less[/]")
    console.print(escape(importance.sentence))
    console.print(
        "\n[bold]What to try next[/] (the flags are those of gatewise tune)"
        if insight.advice
        else "\nNothing stands out to try next."
    )
    for number, one in enumerate(insight.advice, start=1):
        console.print(f"{number}. {escape(one.text)}")
        if one.flag:
            console.print(f"   [bold]{escape(one.flag)}[/]")

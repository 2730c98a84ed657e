"""`gatewise report`: the page of a run, drawn anew from what lies in its folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gatewise.cli.options import JsonOption, QuietOption

__all__ = ["report"]


def report(
    run_dir: Annotated[
        Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run, finished, interrupted or still under way.")
    ],
    *,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Write a run's report anew: report.html, report.json with every number in it, and figures/ for slides."""
    from gatewise.report.html import write_report

    path = write_report(run_dir)
    if as_json:
        sys.stdout.write((run_dir / "report.json").read_text(encoding="utf-8"))
    elif not quiet:
        print(f"report    {path}\nnumbers   {path.with_name('report.json')}")
        figures = sorted((run_dir / "figures").glob("*.svg"))
        if figures:
            print(f"figures   {run_dir / 'figures'}: {', '.join(one.name for one in figures)}")
    if show:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            print(f"No browser could be opened here; open {path} yourself.", file=sys.stderr)
    return 0

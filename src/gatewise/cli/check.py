"""`gatewise check`: the data doctor."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from gatewise.cli.options import (
    READING,
    ConfigOption,
    DataArgument,
    JsonOption,
    QuietOption,
    SetOption,
    given_settings,
    with_flags,
)

if TYPE_CHECKING:
    from gatewise.data.check import Diagnosis
    from gatewise.data.panel import Panel

__all__ = ["check", "show"]


@with_flags(*READING)
def check(
    data: DataArgument,
    *,
    config: ConfigOption = None,
    assignments: SetOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    flags: dict[str, Any],
) -> int:
    """Say what was read: frequency, season, gaps, duplicates, constants, outliers. Nothing is trained."""
    from gatewise.data.check import diagnose
    from gatewise.data.load import load_panel
    from gatewise.settings import Settings

    asked = Settings.of(**given_settings(config, assignments, flags))
    reading = {name: getattr(asked, name) for name in READING if name != "season"}
    panel = load_panel(data, **reading)
    diagnosis = diagnose(panel, asked.season)
    if as_json:
        json.dump({"name": panel.name, **diagnosis.to_dict()}, sys.stdout, indent=1, default=str)
        sys.stdout.write("\n")
    elif not quiet:
        show(panel, diagnosis)
    return 0


def show(panel: Panel, diagnosis: Diagnosis) -> None:
    """Print a diagnosis for a person."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(panel, diagnosis):
        table.add_row(f"[dim]{name}[/]", escape(value))
    console.print(f"[bold]{escape(panel.name)}[/]")
    console.print(table)
    for outlier in diagnosis.first_outliers:
        console.print(
            f"  [dim]outlier[/] {escape(outlier.unique_id)} at {outlier.time}: {outlier.value:g}", soft_wrap=True
        )
    for note in diagnosis.notes:
        console.print(f"[dim]note[/] {escape(note)}", soft_wrap=True)
    for warning in diagnosis.warnings:
        console.print(f"[yellow]warning[/] {escape(warning)}", soft_wrap=True)


def _facts(panel: Panel, d: Diagnosis) -> list[tuple[str, str]]:
    """Return the lines of the check, name and value."""
    import numpy as np

    lengths = f"{d.shortest}" if d.shortest == d.longest else f"{d.shortest} to {d.longest}, median {d.median_length:g}"
    known = np.concatenate([one.values[one.observed] for one in panel])
    low, middle, high = np.quantile(known, [0.0, 0.5, 1.0])
    seasons = ", ".join(f"{one.period} (strength {one.strength:.2f})" for one in d.seasons) or "none found"
    return [
        ("columns", f"time {panel.time or 'none'}, target {', '.join(panel.target)}, id {panel.id_column or 'none'}"),
        ("series", f"{d.series}, length {lengths}"),
        ("rows", f"{panel.repairs.rows} in the table, {d.rows} on the regular index"),
        ("from, to", f"{d.start}, {d.end}"),
        ("frequency", f"{d.freq} ({d.freq_words})"),
        ("season", seasons),
        ("gaps", f"{d.gaps}, longest {d.longest_gap}; {d.inserted} rows inserted, {d.filled} values filled"),
        ("duplicates", f"{d.duplicates} exact duplicate rows dropped"),
        ("constant", ", ".join(d.constants) or "none"),
        ("outliers", str(d.outliers)),
        ("trend", d.trend),
        ("values", f"{low:g} to {high:g}, median {middle:g}; {d.sign}; {d.zero_share:.0%} zeros"),
    ]

"""RESULTS.md from the log: the latest scoring of each row beside the published figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from protocols import PROTOCOLS, SINGLE, Protocol
from record import markdown
from scoring import LEVELS

__all__ = ["write"]

Entry = dict[str, Any]

HEAD = """# Accuracy: results

Written by `python benchmarks/accuracy --table` from the log of scorings; README.md has the protocol. Lower is better,
but for the intervals. Minutes are of the whole process on the machine named below, whatever else it did; a figure in
italics is published (quoted: look it up before you cite it), of another machine and sometimes of another protocol.
"scored" counts the looks at the test part under this row's name; the last one stands here.
"""


def write(path: Path, logged: Sequence[Entry]) -> None:
    """Write the tables; smoke runs are left out."""
    kept = [one for one in logged if not one["quick"]]
    parts = [HEAD, *(_section(one, kept) for one in PROTOCOLS.values() if one not in SINGLE)]
    parts += [_single(kept), _intervals(kept), _machines(kept)]
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _rows(table: str, kept: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return all scorings of a table by the name of their row."""
    rows: dict[str, list[Entry]] = {}
    for one in kept:
        if one["table"] == table:
            rows.setdefault(one["label"], []).append(one)
    return rows


def _section(protocol: Protocol, kept: Sequence[Entry]) -> str:
    """Return one table: published figures, ours and the peers', the best first."""
    first, lines = protocol.metrics[0], []
    for one in protocol.published:
        cells = [f"*{one.figures[name]:g}*" if name in one.figures else "" for name in protocol.metrics]
        order = one.figures.get(first, math.inf)
        lines.append((order, [one.model, *cells, "", "", one.source]))
    for label, scored in _rows(protocol.name, kept).items():
        last = scored[-1]
        cells = [f"{last['figures'][name]:.3f}" for name in protocol.metrics]
        lines.append(
            (last["figures"][first], [_name(last, label), *cells, _minutes(last), str(len(scored)), _origin(last)])
        )
    headings = ["model", *protocol.metrics, "minutes", "scored", "source"]
    lines.sort(key=lambda line: line[0])
    return f"## {protocol.title}\n\n{markdown(headings, [cells for _, cells in lines])}\n"


def _single(kept: Sequence[Entry]) -> str:
    """Return the table of single series: a row each, a column for each model that scored any."""
    rows = {protocol.name: _rows(protocol.name, kept) for protocol in SINGLE}
    labels = list(dict.fromkeys(label for one in rows.values() for label in one))
    labels.sort(key=lambda label: not label.startswith("Gatewise"))
    lines = []
    for protocol in SINGLE:
        cells = [protocol.name, f"*{protocol.published[0].figures['MASE']:.3f}*"]
        for label in labels:
            last = rows[protocol.name].get(label, [{}])[-1]
            cells.append(f"{last['figures']['MASE']:.3f} ({_minutes(last)})" if last else "")
        lines.append(cells)
    headings = ["table", "bar", *(_name(_any(rows, label), label) for label in labels)]
    text = f"MASE over five origins, minutes in brackets. The bar: {SINGLE[0].published[0].source}."
    return f"## Single series\n\n{text}\n\n{markdown(headings, lines)}\n"


def _any(rows: dict[str, dict[str, list[Entry]]], label: str) -> Entry:
    return next(one[label][-1] for one in rows.values() if label in one)


def _intervals(kept: Sequence[Entry]) -> str:
    """Return the coverage on M4 Hourly, and the mean width in units of MASE: wide intervals cover anything."""
    lines = []
    for label, scored in _rows("m4_hourly", kept).items():
        figures = scored[-1]["figures"]
        if f"inside {LEVELS[0]}" in figures:
            cells = [f"{figures[f'inside {level}']:.1f} %" for level in LEVELS]
            lines.append([_name(scored[-1], label), *cells, *(f"{figures[f'width {level}']:.2f}" for level in LEVELS)])
    lines.insert(0, ["nominal", *(f"*{level}.0 %*" for level in LEVELS), *("" for _ in LEVELS)])
    headings = ["model", *(f"inside {level} %" for level in LEVELS), *(f"width {level} %, MASE" for level in LEVELS)]
    return f"## Intervals on M4 Hourly\n\n{markdown(headings, lines)}\n"


def _machines(kept: Sequence[Entry]) -> str:
    """Return where and with what it was measured."""
    machines = sorted({one["processor"] for one in kept})
    versions = sorted({f"{name} {number}" for one in kept for name, number in one["versions"].items()})
    if not kept:
        return "Nothing has been scored yet.\n"
    return f"{len(kept)} scorings in all. Measured on: {'; '.join(machines)}. Versions: {', '.join(versions)}.\n"


def _name(last: Entry, label: str) -> str:
    return f"**{label}**" if last["model"] in ("fit", "tune") else label


def _minutes(last: Entry) -> str:
    """Return the minutes that a row took, its candidates included."""
    spent = last["minutes"] + sum(one["minutes"] for one in last.get("candidates", []))
    return f"{spent:.1f}" if spent < 10 else f"{spent:.0f}"


def _origin(last: Entry) -> str:
    return f"this benchmark, {last['date'][:10]}, {last['commit'] or 'no commit'}"

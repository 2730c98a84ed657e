"""The report's section on importance: which settings mattered, and what to try next, from ``importance.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatewise.report.canvas import Chart, View, blank, light, plain
from gatewise.report.folder import finite
from gatewise.report.markup import Markup, code, figure, paragraph, section
from gatewise.report.words import counted

__all__ = ["importance_chart", "importance_section"]

MOST_BARS = 12
"""Settings drawn at most."""

BAR, ROOM = 26, 70
"""Height of a bar with its gap, and of what stands around the bars, in pixels."""


def importance_section(said: Mapping[str, Any]) -> Markup:
    """Return the section, nothing where the file is missing or says nothing.

    Args:
        said: ``importance.json`` as read: `gatewise.search.advice.Insight.to_dict`.
    """
    importance = said.get("importance")
    known: Mapping[str, Any] = importance if isinstance(importance, Mapping) else {}
    return section(
        "importance",
        "What mattered, and what to try next",
        paragraph(str(known.get("sentence") or "")),
        figure(importance_chart(known), titled=False),
        *_advice(said.get("advice")),
    )


def importance_chart(importance: Mapping[str, Any]) -> Chart | None:
    """Draw the share of each setting; those that explain no more than chance in grey."""
    rows = [one for one in _mappings(importance.get("knobs")) if finite(one.get("share")) is not None][:MOST_BARS]
    if not rows:
        return None
    rows.reverse()  # Plotly puts the first category at the bottom
    chart = blank(
        ROOM + BAR * len(rows),
        x={
            "title": "share of what the settings explain, %",
            "showgrid": True,
            "showline": False,
            "rangemode": "tozero",
        },
        y={"showgrid": False, "type": "category"},
        hovermode="closest",
        bargap=0.35,
    )
    chart.add_bar(
        orientation="h",
        x=[100 * (finite(one["share"]) or 0.0) for one in rows],
        y=[plain(str(one.get("name"))) for one in rows],
        marker={"color": [light("accent" if one.get("matters") else "slate") for one in rows], "line": {"width": 0}},
        text=[plain(_hover(one)) for one in rows],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    words = (
        f"From {counted(int(finite(importance.get('trials')) or 0), 'different trial')}, by the method "
        f"{importance.get('method')}. Grey: no more than chance shows by itself, or too little to care."
    )
    return Chart("importance", "What mattered", (View("", chart, words),))


def _hover(row: Mapping[str, Any]) -> str:
    span, best = finite(row.get("span")), row.get("best")
    more = "" if span is None else f", {span:.1f} % between best and worst"
    shown = f"{best:.3g}" if isinstance(best, float) else best
    at = "" if best is None else f", best at {shown}"
    return f"{row.get('name')}: {100 * (finite(row['share']) or 0.0):.0f} %{more}{at}"


def _advice(advice: Any) -> list[Markup]:
    """Return each piece of advice with its flag."""
    made = []
    for one in _mappings(advice):
        made.append(paragraph(str(one.get("text") or "")))
        made += [code(str(one["flag"]))] if one.get("flag") else []
    hint = paragraph("The flags are those of gatewise tune.", "quiet")
    return [Markup("<h3>What to try next</h3>"), hint, *made] if made else []


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []

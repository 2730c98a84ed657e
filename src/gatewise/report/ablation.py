"""The page of an ablation: what each trick was worth, as bars with whiskers, and a table of the scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from importlib.metadata import version

from gatewise.effects import Effect
from gatewise.report.canvas import Chart, View, blank, light, plain
from gatewise.report.document import document
from gatewise.report.markup import Column, Row, bullets, figure, note, paragraph, section, table
from gatewise.report.words import number

__all__ = ["ablation_page", "worth_chart"]

COLOURS = {"helped": "accent", "hurt": "brick", "unseen": "slate", "same": "slate", "unknown": "slate"}
"""Colour of each verdict's bar."""

BAR, ROOM = 34, 90
"""Height of a bar with its gap, and of what stands around the bars, in pixels."""


def worth_chart(effects: Sequence[Effect]) -> Chart | None:
    """Draw what each trick was worth in % of the error without it, with the standard error as whiskers."""
    drawn = [one for one in effects if math.isfinite(one.percent)]
    if not drawn:
        return None
    drawn.reverse()  # Plotly puts the first category at the bottom
    chart = blank(
        ROOM + BAR * len(drawn),
        x={"title": "worth: % of the error without it", "showgrid": True, "showline": False, "zeroline": True,
           "zerolinecolor": light("muted")},
        y={"showgrid": False, "type": "category"},
        hovermode="closest",
        bargap=0.35,
    )  # fmt: skip
    chart.add_bar(
        orientation="h",
        x=[one.percent for one in drawn],
        y=[plain(_name(one)) for one in drawn],
        error_x={
            "type": "data",
            "array": [one.percent_error if math.isfinite(one.percent_error) else 0.0 for one in drawn],
            "color": light("ink"), "thickness": 1.3, "width": 5,
        },
        marker={"color": [light(COLOURS[one.verdict]) for one in drawn], "line": {"width": 0}},
        text=[plain(one.sentence) for one in drawn],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    most = max(drawn, key=lambda one: one.percent)
    said = (
        f"Bars to the right: the trick lowers the error. Worth most: {plain(_name(most))}, {most.percent:.1f} %. "
        "Whiskers: one standard error over the seeds. Grey: no difference that these seeds can see."
    )
    return Chart("worth", "What each trick was worth", (View("", chart, said),))


def _name(effect: Effect) -> str:
    return effect.trick if effect.used else f"{effect.trick} (not used)"


def ablation_page(title: str, effects: Sequence[Effect], notes: Sequence[str], interrupted: bool) -> str:
    """Return the page as HTML.

    Args:
        title: what is ablated.
        effects: one per trick, in the page's order.
        notes: what the numbers rest on.
        interrupted: whether the work ended early.
    """
    tried = [one for one in effects if one.seeds]
    seen = [one.sentence for one in tried if one.used and one.verdict in ("helped", "hurt")]
    lead = f"{seen[0]}." if seen else "No trick made a difference that these seeds can see."
    early = note("Read this first", ["The work was interrupted: what stands here is what was done by then."])
    header = (
        f'<header><h1>{escape(title)}</h1><p class="verdict">{escape(lead)}</p>{early if interrupted else ""}</header>'
    )
    columns = [
        Column("trick"),
        Column("here", "long"),
        *(Column(name, "right") for name in ("worth, %", "± %", "MASE with", "MASE without")),
        Column("without − with, by seed", "long"),
    ]
    idle = [one.trick for one in effects if not one.seeds and not one.used and not one.note]
    body = [
        section("worth", "What each trick was worth", figure(worth_chart(effects), titled=False)),
        section(
            "words",
            "In words",
            bullets(one.sentence for one in effects if one.seeds or one.used or one.note),
            paragraph(f"Not used, and not tried: {', '.join(idle)}." if idle else "", "quiet"),
        ),
        section("scores", "Scores", table("MASE on the validation origins", columns, [_row(one) for one in tried])),
        section("notes", "What this rests on", bullets(notes)),
    ]
    made = version("gatewise")
    footer = f"<footer>Written by Gatewise {escape(made)}. It works offline.</footer>"
    return document(title, made, header, "".join(body), footer)


def _row(effect: Effect) -> Row:
    gains = ", ".join(
        f"{without - with_:.2g}" if math.isfinite(without - with_) else "no model"
        for with_, without in zip(effect.scores_with, effect.scores_without, strict=True)
    )
    mean_with, mean_without = (
        number(sum(scores) / len(scores)) for scores in (effect.scores_with, effect.scores_without)
    )
    percents = (
        f"{one:.1f}".replace("-0.0", "0.0") if math.isfinite(one) else "–"
        for one in (effect.percent, effect.percent_error)
    )
    return Row(_name(effect), [effect.what, *percents, mean_with, mean_without, gains])

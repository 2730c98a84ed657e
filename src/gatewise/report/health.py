"""The coach's findings in the report: marks on the learning curves, a list below them, and what the trials shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from plotly import graph_objects as go

from gatewise.report.canvas import Chart, light, plain
from gatewise.report.markup import Column, Markup, Row, bullets, paragraph, table, text
from gatewise.report.summary import Summary
from gatewise.report.words import counted, percent
from gatewise.train.finding import SEVERITIES, Finding

__all__ = ["findings_list", "findings_of_trials", "marked_curves"]

NAMES = {
    "diverged": "diverged",
    "worse-than-plain": "worse than no network",
    "no-gain": "no better than no network",
    "few-epochs": "too few epochs",
    "min-delta": "min_delta too large",
    "patience": "patience too short",
    "vanished": "vanished gradient",
    "exploding-in-time": "gradients explode back in time",
    "window-below-season": "window below the season",
    "gap": "validation far above training",
}
"""Findings whose code is no name by itself; the others are called by their code."""


def marked_curves(summary: Summary, chart: Chart | None) -> Chart | None:
    """Return the learning curves with a mark on the validation loss at every epoch where something happened."""
    if chart is None:
        return None
    losses = {epoch.number: epoch.val_loss for epoch in summary.epochs}
    found: dict[int, list[Finding]] = {}
    for one in _of_best(summary):
        if one.epoch is not None and losses.get(one.epoch) is not None and one.severity != "good":
            found.setdefault(one.epoch, []).append(one)
    if not found:
        return chart
    epochs = sorted(found)
    figure = go.Figure(chart.views[0].figure)
    figure.add_scatter(
        x=epochs, y=[losses[epoch] for epoch in epochs], name="finding", mode="markers",
        marker={"symbol": "circle-open", "size": 13, "color": light("brick"), "line": {"width": 2}},
        text=["<br>".join(plain(_name(one.code)) for one in found[epoch]) for epoch in epochs],
        hovertemplate="%{text}",
    )  # fmt: skip
    where = ", ".join(f"{' and '.join(_name(one.code) for one in found[epoch])} at epoch {epoch}" for epoch in epochs)
    first = chart.views[0]
    view = replace(first, figure=figure, caption=f"{first.caption} Circles mark what the list below explains: {where}.")
    return replace(chart, views=(view, *chart.views[1:]))


def findings_list(summary: Summary) -> Markup:
    """Return what the coach says of the best trial, the most important first; nothing where nothing was recorded."""
    found = _of_best(summary)
    if not found:
        return Markup("")
    items = [Markup(f"<strong>{text(one.severity)}</strong>: {text(one.text)}") for one in found]
    hint = "Each is advice from this one training's numbers; whether a knob helps, the score of another trial tells."
    return Markup(f"<h3>What the coach says</h3>{bullets(items)}{paragraph(hint, 'quiet')}")


def findings_of_trials(summary: Summary) -> Markup:
    """Return how many trials of a search share each finding, with one of them in words; nothing without a search."""
    known = summary.findings
    if not summary.searched or len(known) < 2:
        return Markup("")
    rows = [
        Row(_name(code), [one.severity, f"{count} ({percent(count / len(known))})", f"trial {trial}: {one.text}"])
        for code, count, trial, one in _shared(known)
    ]
    columns = [Column("finding"), Column("at worst", "short"), Column("trials", "right"), Column("for example", "long")]
    return table(f"What the coach found in {counted(len(known), 'trial')}", columns, rows)


def _shared(known: Mapping[int, Sequence[Finding]]) -> list[tuple[str, int, int, Finding]]:
    """Return code, number of trials, and the worst example of each finding, the worst and most frequent first."""
    counts = Counter(one.code for found in known.values() for one in found if one.severity != "good")
    worst: dict[str, tuple[int, Finding]] = {}
    for trial, found in known.items():
        for one in found:
            if one.code not in worst or _rank(one) < _rank(worst[one.code][1]):
                worst[one.code] = (trial, one)
    order = sorted(counts, key=lambda code: (_rank(worst[code][1]), -counts[code], code))
    return [(code, counts[code], *worst[code]) for code in order]


def _rank(one: Finding) -> int:
    return SEVERITIES.index(one.severity)


def _name(code: str) -> str:
    return NAMES.get(code, code.replace("-", " "))


def _of_best(summary: Summary) -> Sequence[Finding]:
    best = summary.best.trial if summary.best else None
    return summary.findings.get(best, ()) if best is not None else ()

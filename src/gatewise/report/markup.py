"""HTML of the parts that repeat: tables, charts, lists. Every text that comes in is escaped here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from gatewise.report.canvas import Chart

__all__ = [
    "Column",
    "Keyed",
    "Markup",
    "Row",
    "bullets",
    "code",
    "drawing",
    "figure",
    "folded",
    "keyed",
    "note",
    "paragraph",
    "section",
    "table",
    "text",
]


LEAST_SORTED = 3
"""Rows from which a table may be sorted."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


class Keyed(str):
    """A cell's text, with the number that a table is sorted by.

    Example:
        >>> Keyed("3 min 20 s", 200.0).key
        200.0
    """

    key: float

    def __new__(cls, words: str, key: float) -> Keyed:  # noqa: D102
        made = super().__new__(cls, words)
        made.key = key
        return made


def keyed(words: str, key: float | None) -> str:
    """Return a cell's text with its number; without one it stays last however the table is sorted."""
    return words if key is None else Keyed(words, key)


class Column(NamedTuple):
    """A column's title, and its kind: "right" for numbers, "short" for what stays on one line, "long" for sentences."""

    title: str
    kind: str = ""


class Row(NamedTuple):
    """A table's row: its name, its other cells, which of them are bold, and its class."""

    name: str
    cells: Sequence[str]
    bold: frozenset[int] = frozenset()
    kind: str = ""


def text(value: str) -> str:
    """Return text as HTML.

    Example:
        >>> text("a < b"), text(Markup("<b>a</b>"))
        ('a &lt; b', '<b>a</b>')
    """
    return value if isinstance(value, Markup) else escape(value)


def paragraph(words: str, kind: str = "") -> Markup:
    """Return a paragraph, nothing for no words."""
    return Markup(f"<p{_class(kind)}>{text(words)}</p>" if words else "")


def bullets(items: Iterable[str]) -> Markup:
    """Return a list, nothing for no items."""
    lines = "".join(f"<li>{text(item)}</li>" for item in items)
    return Markup(f"<ul>{lines}</ul>" if lines else "")


def note(title: str, items: Sequence[str]) -> Markup:
    """Return a box that stands out, nothing for no items."""
    if not items:
        return Markup("")
    body = paragraph(items[0]) if len(items) == 1 else bullets(items)
    return Markup(f'<div class="note" role="note"><p><strong>{text(title)}</strong></p>{body}</div>')


def code(words: str) -> Markup:
    """Return words as they are typed, on lines of their own."""
    return Markup(f'<pre tabindex="0"><code>{text(words)}</code></pre>')


def section(name: str, title: str, *parts: str) -> Markup:
    """Return a section, nothing when all its parts are empty."""
    body = "".join(parts)
    if not body:
        return Markup("")
    return Markup(
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{text(title)}</h2>{body}</section>'
    )


def folded(title: str, body: Markup, *, opened: bool = False) -> Markup:
    """Return what is shown only when asked for, nothing for an empty body."""
    state = " open" if opened else ""
    return Markup(f"<details{state}><summary>{text(title)}</summary>{body}</details>" if body else "")


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Row], names: str = "", *, sortable: bool = True
) -> Markup:
    """Return a table whose first column names the rows, nothing for no rows.

    Args:
        caption: what the table shows.
        columns: the first one is that of the names.
        rows: the rows.
        names: a class for the names, such as "code".
        sortable: False where the order says something that no column does.
    """
    if not rows:
        return Markup("")
    may_sort = " data-sortable" if sortable and len(rows) >= LEAST_SORTED else ""
    head = "".join(f'<th scope="col"{_class(column.kind)}>{text(column.title)}</th>' for column in columns)
    body = "".join(_row(row, columns[1:], names) for row in rows)
    return Markup(
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0"><table{may_sort}>'
        f"<caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Row, columns: Sequence[Column], names: str) -> str:
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        words = f"<strong>{text(cell)}</strong>" if place in row.bold else text(cell)
        key = f' data-key="{cell.key!r}"' if isinstance(cell, Keyed) else ""
        cells.append(f"<td{_class(column.kind)}{key}>{words}</td>")
    key = f' data-key="{row.name.key!r}"' if isinstance(row.name, Keyed) else ""
    return f'<tr{_class(row.kind)}><th scope="row"{_class(names)}{key}>{text(row.name)}</th>{"".join(cells)}</tr>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def figure(chart: Chart | None, *, titled: bool = True) -> Markup:
    """Return a chart with its title, its picker and the words that stand for it, nothing for no chart.

    Args:
        chart: the chart.
        titled: False where a heading right above says the same as its title.
    """
    if chart is None:
        return Markup("")
    first, picker = chart.views[0], ""
    if len(chart.views) > 1:
        options = "".join(
            f'<option value="{place}">{text(view.label)}</option>' for place, view in enumerate(chart.views)
        )
        picker = f'<label>{text(chart.picker)} <select autocomplete="off">{options}</select></label>'
    caption, height = escape(first.caption), first.figure.to_plotly_json()["layout"]["height"]
    title = f"<h3>{text(chart.title)}</h3>" if titled else ""
    head = f'<div class="head">{title}{picker}</div>' if title or picker else ""
    least = f";min-width:{chart.least_width}px" if chart.least_width else ""
    plot = (
        f'<div class="plot" role="img" tabindex="0" aria-label="{text(chart.title)}. {caption}" '
        f'data-title="{text(chart.title)}" style="min-height:{height}px{least}"></div>'
    )
    box = f'<div class="wide">{plot}</div>' if chart.least_width else plot
    return Markup(
        f'<figure class="chart" id="chart-{escape(chart.name)}">{head}{box}<figcaption>{caption}</figcaption>'
        f'<details class="numbers-of"><summary>Its numbers as a table</summary></details>'
        f'<script type="application/json">{_views(chart)}</script></figure>'
    )


def _views(chart: Chart) -> str:
    views = (
        f'{{"label":{json.dumps(view.label)},"caption":{json.dumps(view.caption)},"figure":{view.figure.to_json()}}}'
        for view in chart.views
    )
    return inert(f"[{','.join(views)}]")


def inert(document: str) -> str:
    r"""Return JSON that cannot end the script element that holds it.

    Example:
        >>> inert('["</script>"]')
        '["\\u003c/script\\u003e"]'
    """
    return document.replace("<", "\\u003c").replace(">", "\\u003e")


def drawing(svg: str, words: str) -> Markup:
    """Return a picture that is SVG already, with the words that stand below it."""
    return Markup(f"<figure>{svg}<figcaption>{text(words)}</figcaption></figure>")

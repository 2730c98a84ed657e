"""What every chart shares: the colours of both themes, the blank figure, and a chart with its words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from plotly import graph_objects as go

from gatewise.report.words import model_label, number

__all__ = [
    "PALETTE",
    "Chart",
    "View",
    "alone",
    "axis",
    "blank",
    "foremost",
    "legend_name",
    "light",
    "line",
    "log_axis",
    "model_style",
    "others_of",
    "plain",
    "value_axis",
    "visible",
    "whole_axis",
]

PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1d2430", "#e8eaee"),
    "muted": ("#5a6473", "#a3adba"),
    "grid": ("#e7eaee", "#2b323c"),
    "axis": ("#c5ccd5", "#46505d"),
    "paper": ("#fefefe", "#171b21"),
    "accent": ("#0b6e99", "#56b6dd"),
    "band_narrow": ("rgba(11,110,153,0.22)", "rgba(86,182,221,0.28)"),
    "band_wide": ("rgba(11,110,153,0.11)", "rgba(86,182,221,0.14)"),
    "ochre": ("#b26a00", "#e0a84a"),
    "slate": ("#76828f", "#8894a3"),
    "plum": ("#8a4f7d", "#c993be"),
    "moss": ("#5b7c3a", "#9dbd7b"),
    "brick": ("#b3402e", "#ec8573"),
}
"""Colour by role, light and dark. Figures have the light ones, which all differ, so that the page can swap them."""

MODELS = {
    "gatewise": ("accent", "solid", 2.2),
    "seasonal_naive": ("ochre", "dash", 1.4),
    "last_value": ("slate", "dot", 1.4),
}
"""Colour, dash and width of each model's line, so that no two differ by colour alone."""

OTHERS = (
    ("plum", "dashdot", 1.4), ("moss", "longdash", 1.4), ("brick", "longdashdot", 1.4),
    ("plum", "5px,2px", 1.4), ("moss", "2px,2px", 1.4), ("brick", "9px,3px", 1.4),
)  # fmt: skip
"""Styles of further models, in turn."""

MOST_MODELS = 5
"""Most models that a chart of lines shows at first; the legend switches the others on."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

MOST_TICKS = 5
"""Most ticks of a logarithmic axis."""

MOST_WHOLE_TICKS = 8
"""Most ticks of an axis of whole numbers, about."""

WIDE_SPREAD = 8.0
"""Ratio of the largest to the smallest value from which an axis of positive values is logarithmic."""


@dataclass(frozen=True, eq=False)
class View:
    """One figure and the sentences that say what it shows.

    Attributes:
        label: tells this view from the chart's others (a series' name).
        figure: drawn in the light theme.
        caption: stands below the figure, and for it where it cannot be seen.
    """

    label: str
    figure: go.Figure
    caption: str


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart: one view, or several to pick from.

    Attributes:
        name: unique on the page.
        title: what it shows, in a few words.
        views: at least one.
        picker: what one picks between the views, such as "Series".
        least_width: pixels below which it is scrolled sideways in its own box rather than squeezed.
    """

    name: str
    title: str
    views: tuple[View, ...]
    picker: str = ""
    least_width: int = 0


def light(role: str) -> str:
    """Return the colour of a role in the light theme."""
    return PALETTE[role][0]


def plain(text: str) -> str:
    """Return a user's text so that Plotly shows it as it is: it reads HTML in every label.

    Example:
        >>> plain("<b>A & B</b>")
        '&lt;b&gt;A &amp; B&lt;/b&gt;'
    """
    return escape(text, quote=False)


def model_style(model: str, others: list[str]) -> tuple[str, str, float]:
    """Return colour role, dash and width of a model's line.

    Args:
        model: the model.
        others: every model without a style of its own, in a fixed order.
    """
    return MODELS[model] if model in MODELS else OTHERS[others.index(model) % len(OTHERS)]


def line(role: str, dash: str = "solid", width: float = 1.8) -> dict[str, Any]:
    """Return Plotly's description of a line."""
    return {"color": light(role), "dash": dash, "width": width}


def value_axis(values: Iterable[float | None]) -> dict[str, Any]:
    """Return the axis for values: logarithmic for positive ones that span far.

    Example:
        >>> value_axis([0.4, 0.5]), value_axis([0.4, None, 9])["ticktext"]
        ({'type': 'linear'}, ('0.5', '1', '2', '5'))
    """
    known = [value for value in values if value is not None]
    far = known and min(known) > 0 and max(known) / min(known) >= WIDE_SPREAD
    return log_axis(known) if far else {"type": "linear"}


def log_axis(values: Sequence[float]) -> dict[str, Any]:
    """Return the logarithmic axis of positive values, with few and readable ticks: 1, 2, 5 or powers of ten."""
    low, high = min(values), max(values)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = tuple(step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high)
        if len(ticks) <= MOST_TICKS:
            break
    ticks = ticks[:: -(-len(ticks) // MOST_TICKS) or 1] if len(ticks) > 1 else (low, high)
    return {"type": "log", "tickmode": "array", "tickvals": ticks, "ticktext": tuple(number(tick) for tick in ticks)}


def whole_axis(first: int, last: int) -> dict[str, Any]:
    """Return the axis of whole numbers, with ticks on nothing else.

    Example:
        >>> whole_axis(1, 5)["dtick"], whole_axis(0, 26)["dtick"], whole_axis(0, 300)["dtick"]
        (1, 5, 50)
    """
    room = (last - first) / MOST_WHOLE_TICKS
    tick = next(step * 10**decade for decade in range(10) for step in (1, 2, 5) if step * 10**decade >= room)
    return {"tick0": 0, "dtick": tick, "range": (first - 0.5, last + 0.5)}


def alone(y: Sequence[float | None]) -> tuple[int, ...]:
    """Return the places of values between two gaps, which a line does not show.

    Example:
        >>> alone([1.0, 2.0, None, 3.0])
        (3,)
    """
    around = [None, *y, None]
    lonely = ((around[place], one, around[place + 2]) for place, one in enumerate(y))
    return tuple(place for place, one in enumerate(lonely) if one[1] is not None and one[0] is one[2] is None)


def blank(
    height: int, *, x: Mapping[str, Any] | None = None, y: Mapping[str, Any] | None = None, **layout: Any
) -> go.Figure:
    """Return a figure without data: quiet axes, a legend above, room for a phone.

    Args:
        height: in pixels.
        x: what the x axis has beside the house style.
        y: what the y axis has beside it.
        **layout: what the layout has beside it.
    """
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 8, "r": 10, "t": 10, "b": 8},
            "font": {"family": FONT, "size": 12, "color": light("ink")},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": light("paper"),
                "bordercolor": light("axis"),
                "font": {"color": light("ink"), "family": FONT, "size": 12},
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
                "bgcolor": "rgba(0,0,0,0)",
                "font": {"size": 12},
            },
            "xaxis": axis({"showgrid": False, "showline": True, **(x or {})}),
            "yaxis": axis({"showgrid": True, "showline": False, **(y or {})}),
            **layout,
        }
    )


def axis(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return an axis in the house style; `own` has what is particular to it, its title as text."""
    made = {
        "gridcolor": light("grid"),
        "linecolor": light("axis"),
        "tickcolor": light("axis"),
        "tickfont": {"size": 11, "color": light("muted")},
        "exponentformat": "e",
        "zeroline": False,
        "automargin": True,
        **own,
    }
    if "title" in own:
        made["title"] = {"text": own["title"], "font": {"size": 12, "color": light("muted")}, "standoff": 8}
    return made


def others_of(models: Iterable[str]) -> list[str]:
    """Return the models that have no style of their own.

    Example:
        >>> others_of(["gatewise", "drift", "last_value"])
        ['drift']
    """
    return [model for model in models if model not in MODELS]


def foremost(ranking: Sequence[str], models: Iterable[str]) -> tuple[str, ...]:
    """Return the models that a chart of lines shows at first: the best ones of those it has, Gatewise among them.

    Args:
        ranking: every model, the best first; empty when unknown.
        models: those of the chart.

    Example:
        >>> foremost(["AutoETS", "drift", "linear", "gatewise", "last_value"], ["gatewise", "last_value", "drift"])
        ('drift', 'gatewise', 'last_value')
        >>> foremost(list("abcde") + ["gatewise"], list("abcde") + ["gatewise"])
        ('a', 'b', 'c', 'd', 'gatewise')
    """
    known = set(models)
    there = [model for model in ranking if model in known]
    best = there[:MOST_MODELS]
    return tuple(best if "gatewise" in best or "gatewise" not in there else [*best[:-1], "gatewise"])


def visible(model: str, shown: Sequence[str]) -> Any:
    """Return Plotly's word for a model's line: drawn, or only named in the legend.

    Args:
        model: the model.
        shown: those that are drawn; empty draws all.
    """
    return True if not shown or model in shown else "legendonly"


def legend_name(model: str) -> str:
    """Return a model's name for a legend."""
    return plain(model_label(model))

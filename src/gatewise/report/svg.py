"""Pictures that stand alone: a few stacked panels as one SVG, for a page without scripts, a README or a paper.

The report's own charts are drawn by Plotly in the reader's browser; these need nothing to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from gatewise.report.canvas import FONT, PALETTE, log_axis
from gatewise.report.words import number

__all__ = ["AREA", "DOT", "Panel", "Scale", "name_scale", "picture", "rate_scale", "value_scale"]

WIDTH = 760
EDGE, LEFT, RIGHT, TOP, GAP, BOTTOM = 12, 78, 22, 64, 38, 52
"""Margins around and between the panels, in pixels."""

DOT = "dot"
"""In a legend, in place of dashes: a dot rather than a line."""

AREA = "area"
"""In a legend, in place of dashes: an area rather than a line."""

ROW = 20
"""Height of a row of the legend, in pixels."""

TICKS = 6
"""Ticks of a linear axis, about."""

LETTER = 6.6
"""Width of a letter at 12 pixels, about."""


class Scale(NamedTuple):
    """An axis: its ends, its ticks, and whether it is logarithmic."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies between the ends, 0 to 1.

        Example:
            >>> Scale(1.0, 100.0, (), log=True).share(10.0), Scale(0.0, 4.0, ()).share(1.0)
            (0.5, 0.25)
        """
        low, high, at = (math.log(one) for one in (self.low, self.high, value)) if self.log else (*self[:2], value)
        return (at - low) / (high - low)


def value_scale(values: Iterable[float], from_zero: bool = False) -> Scale:
    """Return the linear axis of values with some room around them; what is not finite is left out.

    Example:
        >>> value_scale([0.41, 0.52]).ticks
        ((0.45, '0.45'), (0.5, '0.5'))
    """
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    low, high = (0.0 if from_zero and low >= 0 else low - room), high + room
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough * 0.999)
    places = range(math.ceil(low / step), math.floor(high / step) + 1)
    rounded = [float(f"{place * step:.10g}") for place in places]
    return Scale(low, high, tuple((tick, number(tick)) for tick in rounded))


def rate_scale(values: Sequence[float]) -> Scale:
    """Return the logarithmic axis of positive values, with a tick at every power of ten where it holds several.

    Example:
        >>> rate_scale([1e-3, 1.0]).ticks
        ((0.001, '0.001'), (0.01, '0.01'), (0.1, '0.1'), (1.0, '1'))
    """
    low, high = min(values), max(values)
    powers = [float(f"1e{power}") for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks: Sequence[float] = [power for power in powers if 0.999 * low <= power <= 1.001 * high]
    if len(ticks) < 3:
        ticks = log_axis(values)["tickvals"]
    return Scale(low, high, tuple((tick, number(tick)) for tick in ticks), log=True)


def name_scale(names: Sequence[str]) -> Scale:
    """Return the axis of names side by side: the first at 0, the next at 1."""
    return Scale(-0.5, len(names) - 0.5, tuple((float(place), name) for place, name in enumerate(names)))


class Panel:
    """One panel of a picture, on which lines, dots and marks are put, the later on top of the earlier.

    Args:
        title: what its y axis shows.
        height: in pixels.
        x: its x axis, the same for all panels of a picture.
        y: its y axis.
        left: room for the labels of the y axis, in pixels.
    """

    def __init__(self, title: str, height: float, x: Scale, y: Scale, left: float = LEFT):
        self.title, self.height, self._x, self._y, self._left = title, height, x, y, left
        self._parts: list[str] = []

    def band(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], role: str, opacity: float = 0.2
    ) -> None:
        """Put the area between two lines on it, cut where a bound is not finite and held within the axis."""
        pieces: list[list[tuple[float, float, float]]] = [[]]
        for x, low, high in zip(xs, lows, highs, strict=True):
            if math.isfinite(low) and math.isfinite(high):
                bottom, top = (min(max(one, self._y.low), self._y.high) for one in (low, high))
                pieces[-1].append((x, bottom, top))
            else:
                pieces.append([])
        for piece in pieces:
            upper = [self._at(x, high) for x, _, high in piece]
            lower = [self._at(x, low) for x, low, _ in reversed(piece)]
            points = " ".join(f"{across:.1f},{up:.1f}" for across, up in (*upper, *lower))
            if len(piece) > 1:
                self._parts.append(f'<polygon points="{points}" fill-opacity="{opacity:g}" {_colour("fill", role)}/>')

    def line(self, xs: Sequence[float], ys: Sequence[float], role: str, dash: str = "", width: float = 2.0) -> None:
        """Put a line on it, cut where a value is not finite or off the axis."""
        pieces: list[list[str]] = [[]]
        for x, y in zip(xs, ys, strict=True):
            if self._holds(y):
                across, up = self._at(x, y)
                pieces[-1].append(f"{across:.1f},{up:.1f}")
            else:
                pieces.append([])
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts += [
            f'<polyline points="{" ".join(piece)}" fill="none" stroke-width="{width:g}" stroke-linejoin="round"'
            f"{dashed} {_colour('stroke', role)}/>"
            for piece in pieces
            if len(piece) > 1
        ]

    def dots(
        self, xs: Sequence[float], ys: Sequence[float], role: str, words: Sequence[str], size: float = 4.0
    ) -> None:
        """Put dots on it, each with the words that pointing at it shows."""
        for x, y, said in zip(xs, ys, words, strict=True):
            if self._holds(y):
                across, up = self._at(x, y)
                self._parts.append(
                    f'<circle cx="{across:.1f}" cy="{up:.1f}" r="{size:g}" {_colour("fill", role)}>'
                    f"<title>{escape(said)}</title></circle>"
                )

    def bars(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], role: str) -> None:
        """Put error bars on it."""
        for x, low, high in zip(xs, lows, highs, strict=True):
            if self._holds(low) and self._holds(high):
                (across, bottom), (_, top) = self._at(x, low), self._at(x, high)
                caps = [((across - 6, y), (across + 6, y)) for y in (bottom, top)]
                lines = [((across, bottom), (across, top)), *caps]
                self._parts += [_stroke(*one, role, 1.6) for one in lines]

    def beside(self, x: float, y: float, words: str) -> None:
        """Put words on it, to the right of a point, or to its left where there is no room."""
        across, up = self._at(x, y)
        no_room = across + 10 + LETTER * len(words) > WIDTH - RIGHT
        side, anchor = (-10, "end") if no_room else (10, "start")
        self._parts.append(_text(across + side, up + 4, words, "ink", anchor))

    def level(self, y: float, role: str) -> None:
        """Put a dashed level across it."""
        if self._holds(y):
            _, up = self._at(self._x.low, y)
            self._parts.append(_stroke((self._left, up), (WIDTH - RIGHT, up), role, 1.2, "5 4"))

    def mark(self, x: float, role: str, words: str, row: int = 0) -> None:
        """Put a dashed upright line on it, with words in one of the rows at its top."""
        if self._x.low <= x <= self._x.high:
            across, bottom = self._at(x, self._y.low)
            near_end = across + 8 + LETTER * len(words) > WIDTH - RIGHT
            side, anchor = (-5, "end") if near_end else (5, "start")
            self._parts.append(_stroke((across, 0), (across, bottom), role, 1.4, "5 4"))
            self._parts.append(_text(across + side, 12 + 16 * row, words, role, anchor))

    def svg(self, labelled: bool) -> str:
        """Return the panel with its axes, the x axis with labels where `labelled`; its upper edge is at 0."""
        end = WIDTH - RIGHT
        axes = [_text(EDGE, -12, self.title, "muted", "start")]
        for tick, words in self._y.ticks:
            _, up = self._at(self._x.low, tick)
            axes += [_stroke((self._left, up), (end, up), "grid"), _text(self._left - 8, up + 4, words, "muted", "end")]
        for tick, words in self._x.ticks if labelled else ():
            across, _ = self._at(tick, self._y.low)
            axes.append(_text(across, self.height + 18, words, "muted", "middle"))
        axes.append(_stroke((self._left, self.height), (end, self.height), "axis"))
        return "".join([*axes, *self._parts])

    def _holds(self, y: float) -> bool:
        return math.isfinite(y) and self._y.low <= y <= self._y.high

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        return self._left + self._x.share(x) * (WIDTH - self._left - RIGHT), (1 - self._y.share(y)) * self.height


def picture(
    title: str, words: str, panels: Sequence[Panel], x_title: str, legend: Sequence[tuple[str, str, str]]
) -> str:
    """Return panels below each other as one SVG that needs nothing beside it, in the theme of its reader.

    Args:
        title: what it shows, in a few words.
        words: what is to be seen, for those who cannot see it.
        panels: from top to bottom, with the same x axis.
        x_title: what that shows.
        legend: role, dashes (or `DOT` or `AREA`) and name of each kind of line.
    """
    keys, rows = _legend(legend)
    top, parts = float(TOP + ROW * (rows - 1)), [keys]
    for panel in panels:
        parts.append(f'<g transform="translate(0,{top:g})">{panel.svg(labelled=panel is panels[-1])}</g>')
        top += panel.height + GAP
    height = top - GAP + BOTTOM
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, height - 14, x_title, "muted", "middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" role="img" aria-labelledby="picture-title picture-words" '
        f'font-family="{escape(FONT)}" font-size="12">'
        f'<title id="picture-title">{escape(title)}</title><desc id="picture-words">{escape(words)}</desc>'
        f'<style>{_dark()}</style><rect width="100%" height="100%" {_colour("fill", "paper")}/>{"".join(parts)}</svg>\n'
    )


def _legend(legend: Sequence[tuple[str, str, str]]) -> tuple[str, int]:
    """Return the legend, broken into rows where it is long, and how many rows it has."""
    across, up, parts = float(EDGE), 18.0, []
    for role, dash, name in legend:
        width = 52 + LETTER * len(name)
        if across > EDGE and across + width - 20 > WIDTH - EDGE:
            across, up = float(EDGE), up + ROW
        dot = f'<circle cx="{across + 20:g}" cy="{up:g}" r="6" {_colour("fill", role)}/>'
        area = (
            f'<rect x="{across:g}" y="{up - 6:g}" width="26" height="12" fill-opacity="0.25" {_colour("fill", role)}/>'
        )
        mark = {DOT: dot, AREA: area}.get(dash) or _stroke((across, up), (across + 26, up), role, 2.2, dash)
        parts += [mark, _text(across + 32, up + 4, name, "ink", "start")]
        across += width
    return "".join(parts), round((up - 18) / ROW) + 1


def _colour(kind: str, role: str) -> str:
    """Return the attributes of a colour: the light one, and the class by which the dark theme changes it."""
    return f'{kind}="{PALETTE[role][0]}" class="{kind}-{role}"'


def _dark() -> str:
    rules = "".join(
        f".{kind}-{role}{{{kind}:{dark}}}"
        for role, (_, dark) in PALETTE.items()
        if not role.startswith("band")
        for kind in ("fill", "stroke")
    )
    return f"@media screen and (prefers-color-scheme:dark){{{rules}}}"


def _stroke(a: tuple[float, float], b: tuple[float, float], role: str, width: float = 1.0, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke-width="{width:g}"{dashed} '
        f"{_colour('stroke', role)}/>"
    )


def _text(x: float, y: float, words: str, role: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_colour("fill", role)}>{escape(words)}</text>'

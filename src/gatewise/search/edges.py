"""Where the optimum of a setting lies at the edge of what was searched, and what to search instead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from gatewise.search.folding import is_active, number_of, value_of
from gatewise.settings import Prior, Settings

__all__ = ["Edge", "edge_of"]

BOUNDED = ("window", "patch", "segment")
"""Settings whose range is as wide as the data allow."""

OUTER = 0.15
"""Share of a range at each end that counts as its edge."""

MAJORITY = 0.6
"""Share of the best trials that must lie at an edge."""

GEOMETRIC = 1.8
"""Ratio of neighbouring choices from which on they are continued by a factor rather than a step."""


class Edge(NamedTuple):
    """An optimum at an edge.

    Attributes:
        name: the setting.
        side: lower or upper.
        best: its value in the best trial, as text.
        there: how many of the best trials lie at that edge.
        flag: a wider range for the command line.
    """

    name: str
    side: str
    best: str
    there: int
    flag: str


def edge_of(name: str, prior: Prior, top: Sequence[Settings], fitted: Any) -> Edge | None:
    """Return the edge at which the best trials lie, None where they do not or there is nothing beyond it.

    Args:
        name: the setting.
        prior: how it was searched.
        top: the best trials' configurations, the best first.
        fitted: its best value by a fit over all trials, which must lie at the same edge.
    """
    if name in BOUNDED or not is_active(prior, top[0]):
        return None
    if prior.low is not None and prior.high is not None:
        return _range_edge(name, prior, top, fitted)
    return _choice_edge(name, prior, top, fitted)


def _range_edge(name: str, prior: Prior, top: Sequence[Settings], fitted: Any) -> Edge | None:
    low, high = ((math.log10(end) if prior.log else end) for end in (prior.low or 0.0, prior.high or 0.0))
    places = [(number_of(name, prior, one) - low) / (high - low) for one in top if is_active(prior, one)]
    own = number_of(name, prior, top[0].change(**{name: fitted}))
    side = _side([places[0], (own - low) / (high - low)])
    there = sum(_side([place]) == side for place in places)
    if side is None or there < MAJORITY * len(top):
        return None
    half = (high - low) / 2
    ends = (low - half, high - half) if side == "lower" else (low + half, high + half)
    wider = [10**end if prior.log else end for end in ends]
    least, most = limits_of(name)
    # Not to a bound itself, which may be open, but most of the way: a momentum up to 0.99.
    if wider[0] <= least:
        wider[0] = least + 0.2 * ((prior.low or 0.0) - least)
    if wider[1] >= most:
        wider[1] = most - 0.2 * (most - (prior.high or 0.0))
    grows = wider[0] < (prior.low or 0.0) if side == "lower" else wider[1] > (prior.high or 0.0)
    if not grows or (prior.low if side == "lower" else prior.high) in (least, most):
        return None
    best = _text(value_of(name, top[0]))
    return Edge(name, side, best, there, f"--space {name}={wider[0]:.2g}..{wider[1]:.2g}")


def _side(places: Sequence[float]) -> str | None:
    """Return the edge at which all places lie, 0 and 1 being the ends."""
    if all(place <= OUTER for place in places):
        return "lower"
    return "upper" if all(place >= 1 - OUTER for place in places) else None


def _choice_edge(name: str, prior: Prior, top: Sequence[Settings], fitted: Any) -> Edge | None:
    sizes = {choice: _size(choice) for choice in prior.choices}
    if len(sizes) < 2 or any(size is None for size in sizes.values()):
        return None
    ordered = sorted(sizes, key=lambda choice: (sizes[choice], str(choice)))
    values = [value_of(name, one) for one in top]
    for side, end in (("lower", ordered[0]), ("upper", ordered[-1])):
        there = sum(value == end for value in values)
        if values[0] != end or fitted != end or there < MAJORITY * len(top):
            continue
        if isinstance(end, str):  # layers, whose commas a list of choices would break at
            layers = _scaled(end, grow=side == "upper")
            return Edge(name, side, end, there, f"--set {name}={layers}") if layers else None
        beyond = _beyond(name, ordered if side == "upper" else ordered[::-1])
        if beyond is None:
            return None
        wider = sorted([beyond, *(ordered[-2:] if side == "upper" else ordered[:2])])
        return Edge(name, side, _text(end), there, f"--space {name}={','.join(map(_text, wider))}")
    return None


def _size(choice: Any) -> float | None:
    """Return a choice as a number, layers as their units in all; None where it is a name."""
    if isinstance(choice, bool) or choice is None:
        return None
    if isinstance(choice, int | float):
        return float(choice)
    parts = str(choice).split(",")
    return float(sum(map(int, parts))) if all(part.isdigit() for part in parts) else None


def _scaled(layers: str, grow: bool) -> str | None:
    """Return layers of twice or half the units, None where one would be left without any."""
    units = [int(part) * 2 if grow else int(part) // 2 for part in layers.split(",")]
    return ",".join(map(str, units)) if min(units) >= 1 else None


def _beyond(name: str, towards: Sequence[Any]) -> Any:
    """Return the next value beyond the last one of an ordered row of choices, None where there is none."""
    before, last = towards[-2], towards[-1]
    least, most = limits_of(name)
    if last in (least, most):
        return None
    if most == 1 and last > before > 0.5:  # a decay near 1: what is left to 1 shrinks by a factor
        made = 1 - (1 - last) ** 2 / (1 - before)
    elif before and last and max(last / before, before / last) >= GEOMETRIC:
        made = last * last / before
    else:
        made = last + (last - before)
    made = type(last)(made) if isinstance(last, int) else float(f"{made:.4g}")
    inside = least <= made < most if math.isfinite(most) else made >= least
    return made if inside and made != last else None


def limits_of(name: str) -> tuple[float, float]:
    """Return the bounds that a setting must keep, infinite where there is none.

    Example:
        >>> limits_of("dropout"), limits_of("batch_size"), limits_of("decay_rate")
        ((0.0, 1.0), (1.0, inf), (0.0, 1.0))
    """
    low, high = -math.inf, math.inf
    for rule in Settings.model_fields[name].metadata:
        low = max([low, *(float(getattr(rule, side)) for side in ("ge", "gt") if hasattr(rule, side))])
        high = min([high, *(float(getattr(rule, side)) for side in ("le", "lt") if hasattr(rule, side))])
    return low, high


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""The lag-copy detector: says when a forecast is no more than the past, shifted by some steps.

Such a forecast looks good in a plot and is worth nothing: it follows the truth by some steps. It is what a network that
was fed a level and asked for the next one learns first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["LagCopy", "lag_copy"]

COPIED = 0.2
"""A forecast is a copy where it lies this much closer to the shifted past than the past lies to what came."""

MOST_LAGS = 400
"""Shifts that are looked at."""

FEW = 12
"""Fewer forecasts than this at a shift say nothing."""


class LagCopy(NamedTuple):
    """A forecast that copies the past.

    Attributes:
        steps: the shift, 0 for a forecast that repeats the last value over the whole horizon.
        share: mean distance of the forecast from the shifted past, as a share of the past's own from what came.
        message: a sentence.
    """

    steps: int
    share: float
    message: str


def lag_copy(
    histories: Sequence[np.ndarray], truth: np.ndarray, forecast: np.ndarray, season: int = 1
) -> LagCopy | None:
    """Return how a forecast copies the past over its whole horizon; None where it does not.

    Args:
        histories: the values up to each origin, shape ``(time,)`` each.
        truth: what came, NaN where missing, shape ``(origin, horizon)``.
        forecast: same shape.
        season: period in steps, for the words alone.

    Example:
        >>> import numpy as np
        >>> walk = np.random.default_rng(0).normal(size=200).cumsum()
        >>> histories = [walk[:stop] for stop in range(100, 190)]
        >>> truth, forecast = walk[100:190, None], walk[99:189, None] + 0.01
        >>> lag_copy(histories, truth, forecast).steps
        1
    """
    horizon = truth.shape[1]
    longest, found = min((len(one) for one in histories), default=0), []
    for lag in range(1, min(MOST_LAGS, longest, 2 * max(season, horizon)) + 1):
        # What is not known yet is repeated: a forecast copies the past over its whole horizon, or not at all.
        past = np.array([one[len(one) - lag + np.arange(horizon) % lag] for one in histories])
        found.append((0 if lag == 1 < horizon else lag, _share(past, truth, forecast)))
    lag, share = min(found, key=lambda one: one[1], default=(0, np.inf))
    if not share < COPIED:
        return None
    what = f"the values of {lag} step{'s' * (lag > 1)} before" if lag else "the last value, repeated"
    if lag == season > 1:
        what = f"the last season, {lag} steps before"
    text = f"The forecast is a copy of the past: it is exactly {what}."
    if share > 0:
        text = (
            f"The forecast is a copy of the past: it lies {1 / share:.0f} times closer to {what} than these lie to what"
        )
        text += " came."
    return LagCopy(
        lag, float(share), f"{text} The network has learned nothing beyond that; a baseline does it for free."
    )


def _share(past: np.ndarray, truth: np.ndarray, forecast: np.ndarray) -> float:
    known = np.isfinite(truth)
    if known.sum() < FEW:
        return np.inf
    off = np.abs(past - truth)[known].mean()
    return float(np.abs(past - forecast)[known].mean() / off) if off > 0 else np.inf

"""Forecasts that cost nothing, on the same origins: what a trained model must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["BASELINES", "last_value", "seasonal_naive"]


def last_value(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Repeat the last value.

    Args:
        values: the history up to the origin, shape ``(time,)``.
        horizon: steps to forecast.
        season: ignored; every baseline takes the same arguments.
    """
    return np.full(horizon, values[-1])


def seasonal_naive(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Repeat the last season; the last value where the history is shorter than a season.

    Args:
        values: the history up to the origin, shape ``(time,)``.
        horizon: steps to forecast.
        season: period in steps, 1 for none.
    """
    season = season if season <= len(values) else 1
    return values[len(values) - season + np.arange(horizon) % season]


BASELINES: dict[str, Callable[[np.ndarray, int, int], np.ndarray]] = {
    "last_value": last_value,
    "seasonal_naive": seasonal_naive,
}
"""Baselines by the name of their column in ``backtest.csv``."""

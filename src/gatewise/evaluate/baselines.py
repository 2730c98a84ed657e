"""Forecasts that cost nothing, on the same origins: what a trained model must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatewise.data.panel import Series

__all__ = ["BASELINES", "last_value", "seasonal_naive"]


def last_value(series: Series, horizon: int, season: int) -> np.ndarray:
    """Repeat the last value.

    Args:
        series: the history up to the origin.
        horizon: steps to forecast.
        season: ignored; every baseline takes the same arguments.
    """
    return np.full(horizon, series.values[-1])


def seasonal_naive(series: Series, horizon: int, season: int) -> np.ndarray:
    """Repeat the last season; the last value where the history is shorter than a season.

    Args:
        series: the history up to the origin.
        horizon: steps to forecast.
        season: period in steps, 1 for none.
    """
    season = season if season <= len(series) else 1
    return series.values[len(series) - season + np.arange(horizon) % season]


BASELINES: dict[str, Callable[[Series, int, int], np.ndarray]] = {
    "last_value": last_value,
    "seasonal_naive": seasonal_naive,
}
"""Baselines by the name of their column in ``backtest.csv``."""

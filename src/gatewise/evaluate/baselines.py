"""Forecasts that cost nothing, on the same origins: what a trained model must beat.

Source: Hyndman and Athanasopoulos (2021), "Forecasting: principles and practice", section 5.2, for all four.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["ALWAYS", "BASELINES", "drift", "last_value", "seasonal_naive", "window_mean"]

MEAN_STEPS = 20
"""The window mean reaches over so many steps at least, in whole seasons."""


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


def drift(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Go on along the line from the first value to the last.

    Args:
        values: the history up to the origin, shape ``(time,)``.
        horizon: steps to forecast.
        season: ignored.
    """
    slope = (values[-1] - values[0]) / max(len(values) - 1, 1)
    return values[-1] + slope * np.arange(1, horizon + 1)


def window_mean(values: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Repeat the mean of the last whole seasons that hold at least `MEAN_STEPS` steps and a horizon.

    Args:
        values: the history up to the origin, shape ``(time,)``; a shorter one is averaged whole.
        horizon: steps to forecast.
        season: period in steps, 1 for none.
    """
    steps = season * -(-max(MEAN_STEPS, horizon) // season)
    return np.full(horizon, values[-steps:].mean())


BASELINES: dict[str, Callable[[np.ndarray, int, int], np.ndarray]] = {
    "last_value": last_value,
    "seasonal_naive": seasonal_naive,
    "drift": drift,
    "window_mean": window_mean,
}
"""Baselines by the name of their column in ``backtest.csv``."""

ALWAYS = ("last_value", "seasonal_naive")
"""The baselines that no setting leaves out."""

"""Forecast metrics as plain functions on arrays; NaN in the truth marks a value that does not count.

The names and formulas are those of Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", and of
the M4 competition (Makridakis, Spiliotis and Assimakopoulos, 2020) for sMAPE on the 0-200 scale.
"""

from __future__ import annotations

import numpy as np

from gatewise.data.panel import Series, fill

__all__ = ["mae", "mase_scale", "rmse", "smape"]


def mae(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Return the mean absolute error, in the units of the data.

    Example:
        >>> import numpy as np
        >>> mae(np.array([1.0, 2.0, np.nan]), np.array([2.0, 4.0, 9.0]))
        1.5
    """
    return float(np.nanmean(np.abs(truth - forecast)))


def rmse(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Return the root mean squared error, in the units of the data."""
    return float(np.sqrt(np.nanmean((truth - forecast) ** 2)))


def smape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Return the symmetric mean absolute percentage error on the 0-200 scale; a pair of zeros counts as no error.

    Example:
        >>> import numpy as np
        >>> smape(np.array([100.0, 0.0]), np.array([300.0, 0.0]))
        50.0
    """
    size = np.abs(truth) + np.abs(forecast)
    error = np.divide(200 * np.abs(truth - forecast), size, out=np.zeros_like(size), where=size != 0)
    return float(np.nanmean(np.where(np.isnan(truth), np.nan, error)))


def mase_scale(series: Series, season: int) -> float:
    """Return the in-sample mean absolute error of the seasonal naive forecast, the denominator of MASE.

    Rows that the table did not have (inserted time stamps) are left out, as they would be by a reader of the table;
    missing values are interpolated. A series no longer than the season falls back to the last value; a constant one
    gives 0.

    Args:
        series: the history up to the first cutoff.
        season: period in steps, 1 for none.
    """
    rows = ~series.inserted
    values = fill(np.where(series.observed, series.values, np.nan)[rows])
    lag = season if len(values) > season else 1
    return float(np.mean(np.abs(values[lag:] - values[:-lag]))) if len(values) > 1 else 0.0

"""Forecast metrics as plain functions on arrays; NaN in the truth marks a value that does not count.

The names and formulas are those of Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", of the
M4 competition (Makridakis, Spiliotis and Assimakopoulos, 2020) for sMAPE on the 0-200 scale, and of the M5 competition
(the same authors, 2022) for RMSSE.
"""

from __future__ import annotations

import numpy as np

from gatewise.data.panel import Series, fill

__all__ = ["bias", "crps", "mae", "mase_scale", "pinball", "rmse", "rmsse_scale", "smape", "wape"]


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


def wape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Return the weighted absolute percentage error ``sum |y - f| / sum |y|`` as a share; NaN where all truths are 0.

    Example:
        >>> import numpy as np
        >>> wape(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
        0.5
    """
    return _share(np.nansum(np.abs(truth - forecast)), truth)


def bias(truth: np.ndarray, forecast: np.ndarray) -> float:
    """Return ``sum (f - y) / sum |y|``, a share: above 0 where forecasts are too high; NaN where all truths are 0.

    Example:
        >>> import numpy as np
        >>> bias(np.array([1.0, 3.0, np.nan]), np.array([2.0, 3.0, 9.0]))
        0.25
    """
    return _share(np.nansum(forecast - truth), truth)


def _share(total: float, truth: np.ndarray) -> float:
    size = float(np.nansum(np.abs(truth)))
    return float(total) / size if size > 0 else float("nan")


def pinball(truth: np.ndarray, forecast: np.ndarray, quantile: float) -> float:
    """Return the mean pinball loss of quantile forecasts, in the units of the data.

    Args:
        truth: NaN where missing.
        forecast: of the quantile, same shape.
        quantile: between 0 and 1.

    Example:
        >>> import numpy as np
        >>> round(pinball(np.array([3.0, 1.0]), np.array([1.0, 2.0]), 0.9), 6)
        0.95

    Source: Koenker and Bassett (1978), "Regression quantiles".
    """
    below = truth - forecast
    return float(np.nanmean(np.maximum(quantile * below, (quantile - 1) * below)))


def crps(losses: dict[float, float]) -> float:
    """Return the continuous ranked probability score from the mean pinball losses of some quantiles.

    It is the integral of twice the pinball loss over all quantiles, here by the trapezoidal rule over those known; at
    0 and 1 the loss is 0. The coarser the grid, the smaller it comes out: compare scores of the same quantiles only.

    Args:
        losses: mean pinball loss by quantile, between 0 and 1.

    Example:
        >>> round(crps({0.1: 0.2, 0.5: 0.5, 0.9: 0.2}), 6)
        0.6

    Source: Laio and Tamea (2007), "Verification tools for probabilistic forecasts of continuous hydrological
    variables", equation 8; Gneiting and Raftery (2007), "Strictly proper scoring rules".
    """
    known = sorted(losses)
    return float(2 * np.trapezoid([0.0, *(losses[one] for one in known), 0.0], [0.0, *known, 1.0]))


def mase_scale(series: Series, season: int) -> float:
    """Return the in-sample mean absolute error of the seasonal naive forecast, the denominator of MASE.

    Rows that the table did not have (inserted time stamps) are left out, as they would be by a reader of the table;
    missing values are interpolated. A series no longer than the season falls back to the last value; a constant one
    gives 0.

    Args:
        series: the history up to the first cutoff.
        season: period in steps, 1 for none.
    """
    steps = _naive_errors(series, season)
    return float(np.mean(np.abs(steps))) if len(steps) else 0.0


def rmsse_scale(series: Series, season: int) -> float:
    """Return the in-sample root mean squared error of the seasonal naive forecast, the denominator of RMSSE.

    Arguments and exceptions are those of `mase_scale`.
    """
    steps = _naive_errors(series, season)
    return float(np.sqrt(np.mean(steps**2))) if len(steps) else 0.0


def _naive_errors(series: Series, season: int) -> np.ndarray:
    rows = ~series.inserted
    values = fill(np.where(series.observed, series.values, np.nan)[rows])
    lag = season if len(values) > season else 1
    return values[lag:] - values[:-lag]

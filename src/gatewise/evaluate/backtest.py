"""The tables of forecasts: the backtest from the last origins, and the forecast beyond the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gatewise.calibrate import radius
from gatewise.data.panel import Panel, extend_index
from gatewise.ensemble import Ensemble, Forecast
from gatewise.evaluate.columns import MODEL, RECOMMENDED
from gatewise.evaluate.origins import Origins, stack

__all__ = ["backtest", "forecast_table", "with_baseline"]


def forecast_table(model: Ensemble, panel: Panel, horizon: int, levels: tuple[int, ...]) -> pd.DataFrame:
    """Return forecasts beyond the end of every series as a long table.

    Returns:
        Columns ``unique_id, ds, gatewise`` and ``gatewise-lo-80, gatewise-hi-80`` for every level, in the user's units;
        `horizon` rows per series. There are no interval columns without validation residuals.
    """
    columns: dict[str, Any] = {
        "unique_id": np.repeat([one.unique_id for one in panel], horizon),
        "ds": stack([extend_index(one.index, panel.freq, horizon) for one in panel]),
    }
    return pd.DataFrame({**columns, **_columns(MODEL, model.forecast(panel, horizon, levels))})


def backtest(origins: Origins, made: Forecast, baselines: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the model's and the baselines' forecasts from every test origin beside what came.

    Rows that the user's table did not have (inserted time stamps) are left out; a missing truth is NaN. The table has
    the form that Nixtla's ``cross_validation`` returns, so `utilsforecast.evaluate` takes it as it is.

    Args:
        origins: where the forecasts start.
        made: the model's forecasts, one for each of `origins` in their order.
        baselines: forecasts by name, shape ``(origin, horizon)`` each.

    Returns:
        Columns ``unique_id, ds, cutoff, y, gatewise``, its intervals, and one column per baseline; series by series in
        the order of the panel, and origin by origin.
    """
    table = origins.table()
    table = table.assign(**_columns(MODEL, made), **{name: one.reshape(-1) for name, one in baselines.items()})
    order = {one.unique_id: number for number, one in enumerate(origins.panel)}
    table = table.loc[table["given"]].drop(columns="given")
    return table.sort_values("unique_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)


def with_baseline(
    forecast: pd.DataFrame, name: str, ahead: np.ndarray, errors: np.ndarray, levels: tuple[int, ...], recommended: str
) -> pd.DataFrame:
    """Return a forecast with a baseline beside it, and the column of what is recommended.

    Args:
        forecast: as `forecast_table` returns it.
        name: of the baseline.
        ahead: its forecasts beyond the end of every series, shape ``(series, horizon)``.
        errors: its errors on the test origins by series, NaN where there is none, shape ``(series, origin, horizon)``:
            what its intervals rest on, as the model's rest on its validation origins.
        levels: of the intervals, in %.
        recommended: the model or the baseline, by the name of its column.
    """
    low, high, inner = dict[int, np.ndarray](), dict[int, np.ndarray](), np.zeros_like(ahead)
    if np.isfinite(errors).any():
        for level in sorted(levels):
            known = [radius(np.abs(one), level) if np.isfinite(one).any() else _NONE for one in errors]
            inner = np.maximum(inner, np.array([np.broadcast_to(one, ahead.shape[1:]) for one in known]))
            low[level], high[level] = ahead - inner, ahead + inner
    made = forecast.assign(**_columns(name, Forecast(ahead, low, high)))
    return made.assign(**{RECOMMENDED: made[recommended]})


_NONE = np.array([np.nan])
"""The radius of a series without a test origin."""


def _columns(name: str, made: Forecast) -> dict[str, np.ndarray]:
    """Return a forecast and its intervals as columns, row by row."""
    columns = {name: made.point.reshape(-1)}
    for level in made.low:
        columns[f"{name}-lo-{level}"] = made.low[level].reshape(-1)
        columns[f"{name}-hi-{level}"] = made.high[level].reshape(-1)
    return columns

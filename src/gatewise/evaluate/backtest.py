"""The backtest: forecasts from the last origins, each beside the baselines' and the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.panel import Panel, extend_index
from gatewise.data.split import Split
from gatewise.ensemble import Ensemble, Forecast
from gatewise.evaluate.baselines import BASELINES
from gatewise.metrics import mae, mase_scale, rmse, smape
from gatewise.settings import Settings

__all__ = ["MODEL", "backtest", "forecast_table", "leaderboard"]

MODEL = "gatewise"
"""Name of the model's column in every table."""


def forecast_table(model: Ensemble, panel: Panel, horizon: int, levels: tuple[int, ...]) -> pd.DataFrame:
    """Return forecasts beyond the end of every series as a long table.

    Returns:
        Columns ``unique_id, ds, gatewise`` and ``gatewise-lo-80, gatewise-hi-80`` for every level, in the user's units;
        `horizon` rows per series. There are no interval columns without validation residuals.
    """
    columns: dict[str, Any] = {
        "unique_id": np.repeat([one.unique_id for one in panel], horizon),
        "ds": _stack([extend_index(one.index, panel.freq, horizon) for one in panel]),
    }
    _add_forecasts(columns, model.forecast(panel, horizon, levels))
    return pd.DataFrame(columns)


def _add_forecasts(columns: dict[str, Any], made: Forecast) -> None:
    """Add forecasts and their intervals, row by row."""
    columns[MODEL] = made.point.reshape(-1)
    for level in made.low:
        columns[f"{MODEL}-lo-{level}"] = made.low[level].reshape(-1)
        columns[f"{MODEL}-hi-{level}"] = made.high[level].reshape(-1)


def _stack(parts: list[pd.Index]) -> pd.Index:
    return parts[0].append(parts[1:])


def backtest(model: Ensemble, panel: Panel, split: Split, settings: Settings) -> pd.DataFrame:
    """Return the model's and the baselines' forecasts of the test part, from every test origin.

    Series that are no longer than the test part have no origin and are left out. The model stays as it is; at each
    origin it sees the values up to there and nothing behind. Rows that the table did not have (inserted time stamps)
    are left out; a missing truth is NaN.

    Returns:
        Columns ``unique_id, ds, cutoff, y, gatewise``, its intervals, and one column per baseline.
    """
    horizon, distances, season = split.horizon, split.test_cutoffs, settings.season or 1
    panel = panel.longer_than(split.test)
    origins = [(one, len(one) - distance) for distance in distances for one in panel]
    ahead = [slice(origin, origin + horizon) for _, origin in origins]
    each = list(zip(origins, ahead, strict=True))
    observed = np.concatenate([one.observed[part] for (one, _), part in each])
    columns: dict[str, Any] = {
        "unique_id": np.repeat([one.unique_id for one, _ in origins], horizon),
        "ds": _stack([one.index[part] for (one, _), part in each]),
        "cutoff": _stack([one.index[[origin - 1]] for one, origin in origins]).repeat(horizon),
        "y": np.where(observed, np.concatenate([one.values[part] for (one, _), part in each]), np.nan),
    }
    _add_forecasts(columns, model.forecast_from(panel, distances, horizon, settings.level))
    seen = [one.before(len(one) - origin, origin) for one, origin in origins]
    for name, forecast in BASELINES.items():
        columns[name] = np.concatenate([forecast(values, horizon, season) for values in seen])
    table = pd.DataFrame(columns).loc[np.concatenate([~one.inserted[part] for (one, _), part in each])]
    order = {one.unique_id: number for number, one in enumerate(panel)}
    return table.sort_values("unique_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)


def leaderboard(table: pd.DataFrame, panel: Panel, split: Split, season: int) -> pd.DataFrame:
    """Return the metrics of the model and of every baseline over the test part, best first.

    MASE and sMAPE are means over the series; RMSE and MAE run over all rows, in the user's units. The denominator of
    MASE comes from the rows before the first test origin; series where it is 0 (constant ones) do not count for it.

    Returns:
        Columns ``model, MASE, sMAPE, RMSE, MAE``.
    """
    scale = {one.unique_id: mase_scale(one, season) for one in panel.longer_than(split.test).head(split.test)}
    rows = []
    for model in (MODEL, *BASELINES):
        per_series = [
            (mae(y, f) / scale[str(name)] if scale[str(name)] > 0 else np.nan, smape(y, f))
            for name, part in table.groupby("unique_id", sort=False)
            if np.isfinite(y := part["y"].to_numpy()).any() and len(f := part[model].to_numpy())
        ]
        mase, symmetric = (np.array(column) for column in zip(*per_series, strict=True)) if per_series else ([], [])
        known = table["y"].notna()
        truth, made = table.loc[known, "y"].to_numpy(), table.loc[known, model].to_numpy()
        rows.append(
            {
                "model": model,
                "MASE": _mean(mase),
                "sMAPE": _mean(symmetric),
                "RMSE": rmse(truth, made) if len(truth) else np.nan,
                "MAE": mae(truth, made) if len(truth) else np.nan,
            }
        )
    board = pd.DataFrame(rows)
    by = "MASE" if bool(board["MASE"].notna().all()) else "MAE"
    return board.sort_values(by, kind="stable", ignore_index=True)


def _mean(values: np.ndarray | list[float]) -> float:
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(finite.mean()) if len(finite) else float("nan")

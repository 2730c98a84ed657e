"""Every metric of a backtest: by model, and by step, series and origin; the leaderboard.

All read the table itself, so a backtest from elsewhere in the same form is scored the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gatewise.data.panel import Panel
from gatewise.evaluate.columns import MODEL, group_means, levels_of, models_of
from gatewise.metrics import bias, crps, mae, mase_scale, pinball, rmse, rmsse_scale, smape, wape

__all__ = ["BY_SERIES", "Scales", "by_origin", "by_series", "by_step", "errors_by_origin", "intervals", "leaderboard"]

BY_SERIES = 1000
"""Series whose own scores are kept at most, those with the largest and the smallest MASE of the model."""


class Scales(NamedTuple):
    """The denominators of the scaled errors by series: seasonal naive errors before the first test origin.

    Attributes:
        absolute: of MASE, by ``unique_id``; 0 for a constant series.
        squared: of RMSSE.
    """

    absolute: dict[str, float]
    squared: dict[str, float]

    @classmethod
    def of(cls, panel: Panel, season: int) -> Scales:
        """Return the scales of a panel that ends where the first test origin lies."""
        return cls(
            {one.unique_id: mase_scale(one, season) for one in panel},
            {one.unique_id: rmsse_scale(one, season) for one in panel},
        )


def leaderboard(table: pd.DataFrame, scales: Scales) -> pd.DataFrame:
    """Return the metrics of every model over the test part, best first.

    MASE, RMSSE and sMAPE are means over the series, each counting the same; the others run over all rows. Series of
    which a scale is 0 (constant ones) do not count for the scaled ones.

    Returns:
        Columns ``model, MASE, RMSSE, sMAPE, WAPE, bias, RMSE, MAE``: WAPE and bias as shares of the sum of absolute
        values, RMSE and MAE in the units of the data, NaN where undefined.
    """
    known = table.loc[table["y"].notna()]
    truth = _column(known, "y")
    parts = [(str(name), rows) for name, rows in known.groupby("unique_id", sort=False).indices.items()]
    rows = []
    for model in models_of(table):
        made = _column(known, model)
        each = [(name, truth[places], made[places]) for name, places in parts]
        rows.append(
            {
                "model": model,
                "MASE": _mean([_over(mae(y, f), scales.absolute.get(name, 0)) for name, y, f in each]),
                "RMSSE": _mean([_over(rmse(y, f), scales.squared.get(name, 0)) for name, y, f in each]),
                "sMAPE": _mean([smape(y, f) for _, y, f in each]),
                "WAPE": wape(truth, made),
                "bias": bias(truth, made),
                "RMSE": rmse(truth, made) if len(truth) else np.nan,
                "MAE": mae(truth, made) if len(truth) else np.nan,
            }
        )
    board = pd.DataFrame(rows)
    by = "MASE" if bool(board["MASE"].notna().all()) else "MAE"
    return board.sort_values(by, kind="stable", ignore_index=True)


def errors_by_origin(table: pd.DataFrame, scales: Scales) -> dict[str, np.ndarray]:
    """Return each model's mean absolute error of each origin and series, shape ``(origin, series)``.

    They are in units of the series' scale; in those of the data where every series is constant.
    Origins are numbered within each series, the oldest first: those of series that end at different times are not of
    one time, but share what the model knew.
    """
    scale = _scale(table, scales)
    if not (scale > 0).any():
        scale = np.ones_like(scale)
    scale = np.where(scale > 0, scale, np.nan)
    series = pd.factorize(table["unique_id"])[0]
    groups = table.groupby("unique_id", sort=False)["cutoff"]
    origin = groups.transform(lambda one: pd.factorize(one, sort=True)[0]).to_numpy(np.int64)
    shape = (int(origin.max(initial=-1)) + 1, int(series.max(initial=-1)) + 1)
    place = origin * shape[1] + series
    return {
        model: group_means(_errors(table, model) / scale, place, shape[0] * shape[1]).reshape(shape)
        for model in models_of(table)
    }


def by_step(table: pd.DataFrame, scales: Scales, horizon: int) -> dict[str, dict[str, list[float]]]:
    """Return MAE, MASE and the coverage of every interval at each step of the horizon, by model.

    Origins that lack a row do not count: which step the others are cannot be told. NaN where none is whole.
    """
    series, cutoff = (pd.factorize(table[name])[0] for name in ("unique_id", "cutoff"))
    step = pd.Series(0, index=table.index).groupby([series, cutoff]).cumcount().to_numpy()
    whole = pd.Series(step).groupby([series, cutoff]).transform("size").to_numpy()
    step = np.where(whole == horizon, step, -1)
    scale = _scale(table, scales)
    scale = np.where(scale > 0, scale, np.nan)

    def means(values: np.ndarray) -> list[float]:
        return group_means(values[step >= 0], step[step >= 0], horizon).tolist()

    made: dict[str, dict[str, list[float]]] = {}
    for model in models_of(table):
        error = _errors(table, model)
        made[model] = {"MAE": means(error), "MASE": means(error / scale)}
        for level in levels_of(table, model):
            made[model][f"coverage-{level}"] = means(_inside(table, model, level))
    return made


def by_series(table: pd.DataFrame, scales: Scales) -> list[dict[str, Any]]:
    """Return the MASE of every model on each series; with very many series, on those with the largest and smallest."""
    errors = {name: _columns_mean(values) for name, values in errors_by_origin(table, scales).items()}
    ids = table["unique_id"].unique().tolist()
    order = np.argsort(-errors[MODEL], kind="stable") if MODEL in errors else np.arange(len(ids))
    if len(ids) > BY_SERIES:
        order = np.concatenate([order[: BY_SERIES // 2], order[-BY_SERIES // 2 :]])
    else:
        order = np.arange(len(ids))
    return [{"unique_id": ids[one], **{name: float(values[one]) for name, values in errors.items()}} for one in order]


def by_origin(table: pd.DataFrame, scales: Scales) -> list[dict[str, Any]]:
    """Return the MASE of every model at each origin, and the cutoff of the first series there as text."""
    errors = {name: _columns_mean(values.T) for name, values in errors_by_origin(table, scales).items()}
    first = table.loc[table["unique_id"] == table["unique_id"].iloc[0], "cutoff"] if len(table) else table["cutoff"]
    cutoffs = pd.Series(sorted(first.unique())).astype(str)
    return [
        {"cutoff": cutoff, **{name: float(values[number]) for name, values in errors.items()}}
        for number, cutoff in enumerate(cutoffs)
    ]


def intervals(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return coverage (a share), mean width (in the units of the data) and the number of truths of every interval."""
    truth = _column(table, "y")
    known, made = np.isfinite(truth), []
    for model in models_of(table):
        for level in levels_of(table, model):
            width = _column(table, f"{model}-hi-{level}") - _column(table, f"{model}-lo-{level}")
            inside = _inside(table, model, level)
            entry = {"model": model, "level": level, "coverage": _mean(inside), "width": _mean(width[known])}
            made.append({**entry, "truths": int(known.sum())})
    return made


def probabilistic(table: pd.DataFrame, model: str) -> tuple[float, float]:
    """Return the mean pinball loss over the median and the bounds of a model's intervals, and the CRPS from them.

    Both in the units of the data; NaN without intervals.
    """
    levels, truth = levels_of(table, model), _column(table, "y")
    if not levels or not np.isfinite(truth).any():
        return np.nan, np.nan
    losses = {0.5: pinball(truth, _column(table, model), 0.5)}
    for level in levels:
        tail = (100 - level) / 200
        losses[tail] = pinball(truth, _column(table, f"{model}-lo-{level}"), tail)
        losses[1 - tail] = pinball(truth, _column(table, f"{model}-hi-{level}"), 1 - tail)
    return float(np.mean(list(losses.values()))), crps(losses)


def _inside(table: pd.DataFrame, model: str, level: int) -> np.ndarray:
    """Return whether each truth lies within an interval, NaN where there is no truth."""
    low, high, truth = (_column(table, name) for name in (f"{model}-lo-{level}", f"{model}-hi-{level}", "y"))
    return np.where(np.isfinite(truth), (low <= truth) & (truth <= high), np.nan)


def _column(table: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(table[name], dtype=np.float64)


def _errors(table: pd.DataFrame, model: str) -> np.ndarray:
    """Return absolute errors, NaN where there is no truth."""
    return np.abs(_column(table, model) - _column(table, "y"))


def _scale(table: pd.DataFrame, scales: Scales) -> np.ndarray:
    """Return the scale of each row's series, 0 where it has none."""
    return np.array([scales.absolute.get(name, 0.0) for name in table["unique_id"].tolist()], dtype=np.float64)


def _over(error: float, scale: float) -> float:
    return error / scale if scale > 0 else np.nan


def _mean(values: Sequence[float] | np.ndarray) -> float:
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(finite.mean()) if len(finite) else float("nan")


def _columns_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of each column's finite values, NaN where it has none."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return np.divide(total, count, out=np.full(values.shape[1], np.nan), where=count > 0)

"""The scorer, the same for Gatewise and every peer, on frames with ``unique_id, ds, cutoff, y`` and a model's column.

It takes the truth from the table, not from the frame, and refuses a frame that is not complete.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from protocols import Problem

__all__ = ["LEVELS", "WrongFrameError", "score"]

LEVELS = (80, 95)
"""Intervals whose coverage is counted, in %."""


class WrongFrameError(Exception):
    """A frame that does not hold what the protocol asks for."""


def score(problem: Problem, frame: pd.DataFrame, model: str) -> dict[str, float]:
    """Return the figures of one model.

    MASE is the mean over the series of the mean absolute error over all origins, in units of the in-sample error of
    the seasonal naive forecast on the rows before the first origin; sMAPE is on the 0-200 scale; OWA is the mean of
    both relative to Naive2. On a fixed split MSE and MAE are means over the columns, each z-scored by the mean and the
    population standard deviation of its training part. ``inside 80`` is the share of values inside the 80 % interval,
    in %; ``width 80`` its mean width, in units of MASE.

    Raises:
        WrongFrameError: when rows are missing, forecasts are not finite, or ``y`` is not the table's.
    """
    arrays = _arrays(problem, frame, model)
    if problem.protocol.parts:
        return _z_scored(problem, {name: (truth, made[model]) for name, (truth, made) in arrays.items()})
    mase, smape, inside, width = [], [], {}, {}
    for name, (truth, made) in arrays.items():
        scale = _scale(problem, name)
        known = np.isfinite(truth)
        error, size = np.abs(truth - made[model])[known], (np.abs(truth) + np.abs(made[model]))[known]
        if not len(error):
            continue
        if scale > 0:
            mase.append(error.mean() / scale)
        smape.append(np.mean(np.divide(200 * error, size, out=np.zeros_like(size), where=size > 0)))
        for level in LEVELS:
            if f"{model}-lo-{level}" in made:
                low, high = made[f"{model}-lo-{level}"], made[f"{model}-hi-{level}"]
                inside.setdefault(level, []).append(((low <= truth) & (truth <= high))[known])
                width.setdefault(level, []).append((high - low).mean() / scale if scale > 0 else np.nan)
    figures = {"MASE": float(np.mean(mase)), "sMAPE": float(np.mean(smape))}
    if problem.naive2:
        figures["OWA"] = (figures["sMAPE"] / problem.naive2[0] + figures["MASE"] / problem.naive2[1]) / 2
    for level in inside:
        figures[f"inside {level}"] = 100 * float(np.mean(np.concatenate(inside[level])))
        figures[f"width {level}"] = float(np.nanmean(width[level]))
    return figures


def _arrays(problem: Problem, frame: pd.DataFrame, model: str) -> dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Return for each series the truth and the columns of a model, each ``(origin, horizon)``."""
    columns = [name for name in frame.columns if name == model or str(name).startswith(f"{model}-")]
    frame = frame.assign(unique_id=frame["unique_id"].astype(str))
    if len(problem.series) == 1 and frame["unique_id"].nunique() == 1:
        frame["unique_id"] = next(iter(problem.series))
    groups = dict(tuple(frame.groupby("unique_id")))
    if groups.keys() != problem.series.keys():
        raise WrongFrameError(f"the frame has {len(groups)} series, but the table has {len(problem.series)} or others")
    shape, arrays = (problem.origins, problem.horizon), {}
    for name, values in problem.series.items():
        group = groups[name].sort_values(["cutoff", "ds"])
        if len(group) != shape[0] * shape[1]:
            raise WrongFrameError(
                f"series {name} has {len(group)} rows, but {shape[0]} origins x {shape[1]} steps are due"
            )
        first = len(values) - problem.test_rows
        truth = values[first + problem.stride * np.arange(shape[0])[:, None] + np.arange(shape[1])]
        if not np.allclose(truth, group["y"].to_numpy(float).reshape(shape), rtol=1e-4, atol=1e-6, equal_nan=True):
            raise WrongFrameError(f"y of series {name} is not what the table has behind these origins")
        made = {column: group[column].to_numpy(float).reshape(shape) for column in columns}
        if not all(np.isfinite(values).all() for values in made.values()):
            raise WrongFrameError(f"the forecast of series {name} is not finite")
        arrays[name] = truth, made
    return arrays


def _scale(problem: Problem, name: str) -> float:
    """Return the in-sample error of the seasonal naive forecast before the first origin."""
    seen = pd.Series(problem.series[name][: -problem.test_rows]).interpolate(limit_direction="both").to_numpy()
    lag = problem.season if len(seen) > problem.season else 1
    return float(np.mean(np.abs(seen[lag:] - seen[:-lag])))


def _z_scored(problem: Problem, pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    rows = problem.protocol.parts[0] if problem.protocol.parts else 0
    errors = [(truth - made) / problem.series[name][:rows].std() for name, (truth, made) in pairs.items()]
    return {
        "MSE": float(np.mean([np.mean(error**2) for error in errors])),
        "MAE": float(np.mean([np.mean(np.abs(error)) for error in errors])),
    }

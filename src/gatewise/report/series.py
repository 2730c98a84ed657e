"""The series that the report draws: recent history, forecast and backtest of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.evaluate.columns import MODEL, levels_of, models_of
from gatewise.report.accuracy import relative_errors
from gatewise.report.folder import Moment, RunFiles, clock, finite
from gatewise.report.words import counted

__all__ = ["Backtest", "Band", "Drawn", "DrawnSeries", "Line", "drawn_series"]

MOST_DRAWN = 12
"""Most series that are drawn, so that the page stays light."""

WORST_DRAWN = 4
"""How many of them are those with the largest backtest error, when there are more."""

LEAST_HISTORY = 60
"""Steps of history that are drawn at least, where they are known."""


@dataclass(frozen=True)
class Line:
    """Values in time; None where there is none."""

    x: tuple[Moment, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True)
class Band:
    """An interval along a line: its level in %, and its bounds."""

    level: int
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True)
class Backtest:
    """The backtest of one series, row by row.

    Attributes:
        x: time stamps, origin after origin.
        origin: number of the origin that each row belongs to, from 0.
        truth: what happened.
        models: by model, what was forecast.
        bands: Gatewise's intervals.
    """

    x: tuple[Moment, ...]
    origin: tuple[int, ...]
    truth: tuple[float | None, ...]
    models: dict[str, tuple[float | None, ...]]
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class DrawnSeries:
    """One series as drawn.

    Attributes:
        unique_id: its name.
        history: values before the forecast.
        forecast: values forecast.
        bands: the forecast's intervals, narrowest first.
        baseline: name of the best baseline, empty without one.
        alternative: its forecast.
        backtest: None when it has no test origins.
        relative_error: Gatewise's backtest error divided by the reference baseline's, None when unknown.
    """

    unique_id: str
    history: Line
    forecast: Line
    bands: tuple[Band, ...]
    baseline: str
    alternative: Line
    backtest: Backtest | None
    relative_error: float | None


@dataclass(frozen=True)
class Drawn:
    """The drawn series, how many there are in all, and how they were picked."""

    series: tuple[DrawnSeries, ...]
    total: int
    picked: str


def drawn_series(files: RunFiles, horizon: int | None, season: int | None) -> Drawn:
    """Return the series to draw: all of them, or the first ones and those with the largest backtest error."""
    tables = [table for table in (files.forecast, files.backtest) if "unique_id" in table.columns]
    names = list(dict.fromkeys([*(str(name) for table in tables for name in table["unique_id"]), *files.history]))
    errors = relative_errors(files.backtest)
    chosen, picked = _pick(names, errors)
    steps = max(4 * (horizon or 1), 2 * (season or 1), LEAST_HISTORY)
    forecasts, backtests = _parts(files.forecast, chosen), _parts(files.backtest, chosen)
    return Drawn(
        series=tuple(
            _drawn(name, files, forecasts.get(name), backtests.get(name), steps, errors.get(name)) for name in chosen
        ),
        total=len(names),
        picked=picked,
    )


def _parts(table: pd.DataFrame, chosen: list[str]) -> dict[str, pd.DataFrame]:
    """Return the rows of each chosen series."""
    if not {"unique_id", "ds"} <= set(table.columns):
        return {}
    ids = np.asarray(table["unique_id"])
    return {name: table.loc[ids == name] for name in chosen if (ids == name).any()}


def _pick(names: list[str], errors: dict[str, float]) -> tuple[list[str], str]:
    if len(names) <= MOST_DRAWN:
        return names, ""
    shown = f"of {counted(len(names), 'series', 'series')}"
    first = names[: MOST_DRAWN - WORST_DRAWN] if errors else names[:MOST_DRAWN]
    rest = sorted((name for name in names if name in errors and name not in first), key=lambda name: -errors[name])
    if not rest:
        return first, f"Drawn are the first {len(first)} {shown}."
    worst = rest[:WORST_DRAWN]
    return first + worst, (
        f"Drawn are the first {len(first)} {shown}, and the {len(worst)} others with the largest backtest error "
        "relative to the baseline's."
    )


def _drawn(
    name: str,
    files: RunFiles,
    forecast: pd.DataFrame | None,
    backtest: pd.DataFrame | None,
    steps: int,
    relative_error: float | None,
) -> DrawnSeries:
    made = _backtest(backtest) if backtest is not None and {"cutoff", "y"} <= set(backtest) else None
    history = Line((), ())
    if name in files.history:
        history = Line(files.history[name].ds[-steps:], files.history[name].y[-steps:])
    elif made is not None:
        # Without a model the folder still knows the last values: those that the backtest was measured against.
        truth = dict(zip(made.x, made.truth, strict=True))
        history = Line(tuple(truth)[-steps:], tuple(truth.values())[-steps:])
    others = models_of(forecast) if forecast is not None else ()
    baseline = next((model for model in others if model != MODEL), "")
    return DrawnSeries(
        unique_id=name,
        history=history,
        forecast=_line(forecast, "gatewise"),
        bands=_bands(forecast),
        baseline=baseline,
        alternative=_line(forecast, baseline),
        backtest=made,
        relative_error=relative_error,
    )


def _values(table: pd.DataFrame, name: str) -> tuple[float | None, ...]:
    return tuple(finite(value) for value in table[name])


def _line(table: pd.DataFrame | None, name: str) -> Line:
    if table is None or name not in table:
        return Line((), ())
    return Line(tuple(clock(stamp) for stamp in table["ds"]), _values(table, name))


def _bands(table: pd.DataFrame | None) -> tuple[Band, ...]:
    if table is None:
        return ()
    return tuple(
        Band(level, _values(table, f"gatewise-lo-{level}"), _values(table, f"gatewise-hi-{level}"))
        for level in levels_of(table)
    )


def _backtest(table: pd.DataFrame) -> Backtest:
    return Backtest(
        x=tuple(clock(stamp) for stamp in table["ds"]),
        origin=tuple(int(number) for number in pd.factorize(table["cutoff"])[0]),
        truth=_values(table, "y"),
        models={name: _values(table, name) for name in models_of(table)},
        bands=_bands(table),
    )

"""What a table of its own tells of known-future covariates for the steps behind the end of a panel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd

from gatewise.data.aliases import freq_words, show
from gatewise.data.cells import column_of
from gatewise.data.covariates import Covariate, fill_ahead, places, read_cells
from gatewise.data.dates import parse_times
from gatewise.data.frequency import regular_grid
from gatewise.data.panel import Panel, Series
from gatewise.data.read import read_table, where
from gatewise.data.rows import read_ids, series_name
from gatewise.errors import DataError, nearest

__all__ = ["with_future"]


def with_future(panel: Panel, table: Any) -> Panel:
    """Return a panel that knows more about the future: the values that `table` has for steps behind the end.

    Args:
        panel: a panel with known-future covariates.
        table: a path or a data frame with the columns of these covariates, of the time and of the id, named as in the
            table that the panel was read from. Without the id column its rows hold for every series; where the panel
            has no time column, they follow one another from the end of each series on. Rows that are not behind the
            end of a series are passed over, and so are series that the panel does not have.

    Raises:
        DataError: when there is nothing to add, a column is missing or cannot be read, a row has a time that no step
            has, or two rows speak of the same step.

    Example:
        >>> from gatewise.data.load import load_panel
        >>> sales = pd.DataFrame({"ds": pd.date_range("2020", periods=3), "y": [1.0, 2.0, 3.0], "price": 9.0})
        >>> plan = pd.DataFrame({"ds": ["2020-01-04", "2020-01-05"], "price": [8.0, 7.0]})
        >>> with_future(load_panel(sales, future="price"), plan).series[0].future.ravel().tolist()
        [9.0, 9.0, 9.0, 8.0, 7.0]
    """
    columns = places(panel.covariates, "future")
    if not columns:
        raise DataError(
            "A table of future values needs covariates that are known ahead, but there are none. Leave it out, or "
            "name them with --future when the model is fitted."
        )
    frame = read_table(table)
    own = [panel.covariates[place].name for place in columns]
    others = [name for name in (panel.time, panel.id_column) if name in frame.columns]
    frame = frame.filter([*(_column(frame, name, "covariate") for name in own), *others]).drop_duplicates()
    known, described = _read_values(frame, [panel.covariates[place] for place in columns])
    series = list[Series]()
    for one, (rows, ahead) in zip(panel, _steps_ahead(frame, panel), strict=True):
        old = cast(np.ndarray, one.future)
        future = np.full((max(len(old), len(one) + int(ahead.max(initial=-1)) + 1), len(columns)), np.nan)
        future[: len(old)] = old
        steps = len(one) + ahead
        future[steps] = np.where(np.isnan(known[rows]), future[steps], known[rows])
        series.append(replace(one, future=fill_ahead(future, described, len(one))))
    everything = list(panel.covariates)
    for column, covariate in zip(columns, described, strict=True):
        everything[column] = covariate
    return replace(panel, series=tuple(series), covariates=tuple(everything))


def _read_values(frame: pd.DataFrame, covariates: list[Covariate]) -> tuple[np.ndarray, list[Covariate]]:
    """Return the values by row, coded as in the panel, and the covariates with the categories that are new."""
    values, described = list[np.ndarray](), list[Covariate]()
    for covariate in covariates:
        read, found = read_cells(column_of(frame, covariate.name), covariate.kind)
        if covariate.categories is not None and found is not None:
            merged = (*covariate.categories, *(one for one in found if one not in covariate.categories))
            # New categories are put behind the old ones, whose codes stand in the panel's arrays.
            read = np.array([merged.index(one) for one in found], np.float64)[read.astype(np.int64)]
            covariate = replace(covariate, categories=merged)
        values.append(read)
        described.append(covariate)
    return np.stack(values, axis=1), described


def _column(frame: pd.DataFrame, name: str, what: str) -> str:
    """Return the name of a column after checking that the table has it."""
    if name not in frame.columns:
        raise DataError(
            f"A table of future values must have the {what} column {name!r}, but its columns are "
            f"{', '.join(map(repr, frame.columns))}.{nearest(name, frame.columns)} Name it as in the history."
        )
    return name


def _steps_ahead(frame: pd.DataFrame, panel: Panel) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each series, its rows behind its end and how many steps behind the first of these each stands."""
    rows = _rows_by_series(frame, panel)
    if panel.time is None:
        return [(own, np.arange(len(own))) for own in rows]
    index = panel.series[0].index
    ends = index[-1:].append([one.index[-1:] for one in panel.series[1:]])
    times = _like(parse_times(column_of(frame, _column(frame, panel.time, "time"))), index, panel.time)
    later = np.asarray(times > ends.min())
    grid = regular_grid(ends.append(times[later]), panel.freq)
    places, end_places = grid.get_indexer(times), grid.get_indexer(ends)
    lost = np.flatnonzero(later & (places < 0))
    if len(lost):
        raise DataError(
            f"The rows of a table of future values must stand on the grid of the history, which is {panel.freq!r} "
            f"({freq_words(panel.freq)}), but {where(frame.index, int(lost[0]))} has {show(times[lost[0]])}. Correct "
            "its time, or resample the table first."
        )
    made = list[tuple[np.ndarray, np.ndarray]]()
    for one, own, end in zip(panel, rows, end_places, strict=True):
        ahead = places[own] - end - 1
        own, ahead = own[ahead >= 0], ahead[ahead >= 0]
        order = np.argsort(ahead, kind="stable")
        repeated = own[order[1:]][np.diff(ahead[order]) == 0]
        if len(repeated):
            raise DataError(
                f"A table of future values must have one row for a step, but {show(times[repeated[0]])} of series "
                f"{one.unique_id!r} has several, with different values. Keep one of them."
            )
        made.append((own, ahead))
    if not any(len(own) for own, _ in made):
        raise DataError(
            "A table of future values must have rows behind the end of a series, but its last time is "
            f"{show(times.max())} and the history ends at {show(ends.max())}"
            f"{'' if panel.id_column is None else ', or its ids are those of no series'}. Give rows for the steps to "
            "forecast."
        )
    return made


def _rows_by_series(frame: pd.DataFrame, panel: Panel) -> list[np.ndarray]:
    """Return the rows of each series; all of them for each where no column tells them apart."""
    name = panel.id_column
    if name is None or name not in frame.columns:
        return [np.arange(len(frame))] * len(panel)
    codes, names = read_ids(column_of(frame, name))
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    found = {
        series_name(one, target, name, panel.target): own
        for one, own in zip(names, parts, strict=True)
        for target in panel.target
    }
    return [found.get(one.unique_id, np.zeros(0, np.int64)) for one in panel]


def _like(times: pd.Index, index: pd.Index, name: str) -> pd.Index:
    """Return times as those of the history are: dates in the same zone, or integer steps."""
    zone, known = (one.tz if isinstance(one, pd.DatetimeIndex) else "steps" for one in (times, index))
    if str(zone) == str(known):
        return times
    if isinstance(times, pd.DatetimeIndex) and zone is not None and known not in (None, "steps"):
        return times.tz_convert(known)
    words = {"steps": "integer steps", "None": "dates without a zone"}
    raise DataError(
        f"The times of a table of future values must be of the same kind as those of the history, but column {name!r} "
        f"holds {words.get(str(zone), f'dates with the zone {zone}')} and the history "
        f"{words.get(str(known), f'dates with the zone {known}')}. Write them as in the history."
    )

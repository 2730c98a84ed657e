"""The roles of the columns of a table: which holds the time, which the target, and which tells series apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.data.cells import column_of, is_text, mostly_numbers, parse_numbers
from gatewise.data.dates import looks_like_dates, looks_like_epoch
from gatewise.data.names import check_names, listed, split_names
from gatewise.data.read import where
from gatewise.errors import DataError

__all__ = ["Roles", "guess_roles", "read_numbers"]

_TIME_NAMES = frozenset(
    {
        "ds",
        "date",
        "dates",
        "time",
        "times",
        "timestamp",
        "datetime",
        "date_time",
        "day",
        "month",
        "week",
        "quarter",
        "year",
        "period",
        "step",
        "t",
    }
)
# Under these names a column is the time even where its numbers repeat: the duplicates are reported instead.
_SURE_TIME_NAMES = frozenset({"ds", "date", "time", "timestamp", "datetime", "date_time"})
_ID_NAMES = frozenset(
    {
        "unique_id",
        "uniqueid",
        "id",
        "ids",
        "series",
        "series_id",
        "series_name",
        "seriesid",
        "item",
        "item_id",
        "itemid",
        "ts_id",
        "tsid",
        "id_series",
    }
)
_TARGET_NAMES = frozenset({"y", "target", "value", "values"})
# Two rows in a hundred may repeat a time stamp by mistake; more mean that the table holds several series.
_REPEATED_SHARE = 0.02
# The square of a number beyond this overflows, and with it every variance.
_LARGEST = 1e100


@dataclass(frozen=True)
class Roles:
    """What each column of a table is for.

    Attributes:
        time: the column of time stamps, None when the rows are integer steps.
        target: the columns to forecast, at least one.
        id: the column that tells series apart, None when there is none.
        notes: plain sentences about what was guessed.
        past: the columns of covariates known up to the origin.
        future: the columns of covariates known ahead.
        static: the columns of covariates that stay the same within a series.
    """

    time: str | None
    target: tuple[str, ...]
    id: str | None = None
    notes: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()


def guess_roles(
    frame: pd.DataFrame,
    time: str | None = None,
    target: str | Sequence[str] | None = None,
    id: str | None = None,  # noqa: A002 - the flag's name
    *,
    past: str | Sequence[str] | None = None,
    future: str | Sequence[str] | None = None,
    static: str | Sequence[str] | None = None,
) -> Roles:
    """Tell the time, target and id columns of `frame`, guessing those that are not given when they are obvious.

    Covariates are never guessed; a column named as one is no candidate for another role.

    Args:
        frame: a table as `read_table` returns it.
        time: the name of the time column.
        target: the name of the target column, or several (a sequence, or one text with commas between the names).
        id: the name of the column that tells series apart.
        past: the names of covariates known up to the origin, as for `target`.
        future: the names of covariates known ahead.
        static: the names of covariates that stay the same within a series.

    Raises:
        DataError: when a name is unknown, a column has two roles, or more than one column could play a role.

    Example:
        >>> import pandas as pd
        >>> guess_roles(pd.DataFrame({"Month": ["1949-01", "1949-02"], "Passengers": [112, 118]})).target
        ('Passengers',)
    """
    targets = split_names(target, frame.columns)
    covariates = {
        role: split_names(names, frame.columns)
        for role, names in (("past", past), ("future", future), ("static", static))
    }
    named = {"time": (time,) if time else (), "id": (id,) if id else (), "target": targets, **covariates}
    check_names(frame, named)
    frame = frame.drop(columns=[name for names in covariates.values() for name in names])
    notes: list[str] = []
    found_time = time or _guess_time(frame, [*targets, *([id] if id else [])], notes)
    found_id = id or _guess_id(frame, found_time, targets, notes)
    found_targets = targets or (_guess_target(frame, found_time, found_id, notes),)
    return Roles(found_time, found_targets, found_id, tuple(notes), **covariates)


def read_numbers(column: pd.Series) -> np.ndarray:
    """Return the cells of a number column, NaN where missing.

    Returns:
        float64, shape ``(rows,)``.

    Raises:
        DataError: for text or an infinite value, with its row.

    Example:
        >>> import pandas as pd
        >>> read_numbers(pd.Series(["1", "NA", "3"])).tolist()
        [1.0, nan, 3.0]
    """
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"A target must hold numbers, but column '{column.name}' holds dates. Name another with --target."
        )
    values, wrong = parse_numbers(column)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"Column '{column.name}' must hold numbers, but {where(column.index, row)} holds {str(column.iloc[row])!r} "
            f"({int(wrong.sum())} such values). Correct it, or leave the cell empty where the value is missing."
        )
    huge = np.flatnonzero(np.abs(values) > _LARGEST)
    if len(huge) and np.isfinite(values[huge[0]]):
        raise DataError(
            f"Column '{column.name}' must hold numbers of at most {_LARGEST:g} in size, but "
            f"{where(column.index, int(huge[0]))} holds {values[huge[0]]:g}. Correct it, or write the column in a "
            "larger unit."
        )
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            f"Column '{column.name}' must hold finite numbers, but {where(column.index, int(infinite[0]))} holds "
            f"{values[infinite[0]]} ({len(infinite)} such values). Correct it, or leave the cell empty."
        )
    return values


def _guess_time(frame: pd.DataFrame, taken: list[str], notes: list[str]) -> str | None:
    """Return the time column: the one of dates, or else the one with a usual name whose numbers do not repeat."""
    free = [name for name in frame.columns if name not in taken]
    dates = [name for name in free if looks_like_dates(column_of(frame, name))]
    usual = [name for name in dates if name.lower() in _TIME_NAMES]
    candidates = usual if len(dates) > 1 and usual else dates
    if not candidates:
        candidates = [name for name in free if name.lower() in _TIME_NAMES and _could_be_steps(frame, name, taken)]
    guess = "dates" if dates else "name"
    if not candidates:
        candidates, guess = [name for name in free if looks_like_epoch(column_of(frame, name))], "even steps since 1970"
    if len(candidates) > 1:
        raise DataError(
            f"One column must hold the time, but {listed(candidates)} all could. Name it with --time, for example "
            f"--time {candidates[0]!r}."
        )
    if not candidates:
        notes.append("no time column: the rows were numbered as integer steps")
        return None
    notes.append(f"time column {candidates[0]!r}: guessed from its {guess}")
    return candidates[0]


def _could_be_steps(frame: pd.DataFrame, name: str, taken: list[str]) -> bool:
    """Return True when the whole numbers of a column can number the rows, overall or within each id."""
    column = column_of(frame, name)
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        # Text under a name such as "date" is taken for the time, so that its bad cells are reported as dates.
        return is_text(column) and not mostly_numbers(column)
    values = column.to_numpy(dtype=np.float64)
    if not (values[np.isfinite(values)] % 1 == 0).all():
        return False
    if name.lower() in _SURE_TIME_NAMES:
        return True
    ids = [one for one in frame.columns if one != name and (one in taken or _may_be_id(frame, one))]
    return any(frame.duplicated([name, *one]).mean() <= _REPEATED_SHARE for one in ([], *([one] for one in ids)))


def _may_be_id(frame: pd.DataFrame, name: str) -> bool:
    """Return True for a column with the usual name of an id, or of text, whose values repeat."""
    if name.lower() in _TIME_NAMES:
        return False
    column = column_of(frame, name)
    text = is_text(column) and not mostly_numbers(column) and not looks_like_dates(column)
    return (name.lower() in _ID_NAMES or text) and bool(column.duplicated().any())


def _guess_id(frame: pd.DataFrame, time: str | None, targets: tuple[str, ...], notes: list[str]) -> str | None:
    """Return the id column: the one with a usual name, or the only text column that tells repeated times apart."""
    free = [name for name in frame.columns if name != time and name not in targets and _may_be_id(frame, name)]
    usual = [name for name in free if name.lower() in _ID_NAMES]
    if usual:
        candidates = ["unique_id"] if "unique_id" in usual else usual
    else:
        repeated = frame[time].duplicated().to_numpy() if time else np.zeros(len(frame), dtype=bool)
        if repeated.mean() <= _REPEATED_SHARE:
            return None
        candidates = [name for name in free if frame.duplicated([name, time]).mean() < repeated.mean() / 2]
    if len(candidates) > 1:
        raise DataError(
            f"One column must tell the series apart, but {listed(candidates)} all could. Name it with --id, for "
            f"example --id {candidates[0]!r}; where two are needed together, join them into one column first."
        )
    if not candidates:
        return None
    notes.append(f"id column {candidates[0]!r}: guessed, {frame[candidates[0]].nunique()} series")
    return candidates[0]


def _guess_target(frame: pd.DataFrame, time: str | None, id_column: str | None, notes: list[str]) -> str:
    """Return the target column: the only one of numbers, or the one with a usual name."""
    numbers = [
        name
        for name in frame.columns
        if name not in (time, id_column) and mostly_numbers(column_of(frame, name)) and not _counts_rows(frame, name)
    ]
    if not numbers:
        # Text under a target's name ("10 %") is taken for the target, so that its cells are reported by row.
        numbers = [name for name in frame.columns if name not in (time, id_column) and name.lower() in _TARGET_NAMES]
    usual = [name for name in numbers if name.lower() in _TARGET_NAMES]
    candidates = usual if len(numbers) > 1 and usual else numbers
    if len(candidates) > 1:
        raise DataError(
            f"One column must be the target, but {listed(candidates)} all could. Name it with --target, for example "
            f"--target {candidates[-1]!r} (or several with commas between)."
        )
    if not candidates:
        raise DataError(
            f"A table must have a column of numbers to forecast, but none of {listed(frame.columns)} is one. "
            "Check the file, or name the column with --target."
        )
    notes.append(f"target column {candidates[0]!r}: guessed from its {'name' if usual else 'being the only numbers'}")
    return candidates[0]


def _counts_rows(frame: pd.DataFrame, name: str) -> bool:
    """Return True for a nameless or id-named column that only numbers the rows, as an exported index does."""
    column = column_of(frame, name)
    if not (name.lower() in _ID_NAMES | {"index", "unnamed: 0"} or name.startswith("unnamed_")):
        return False
    if not pd.api.types.is_integer_dtype(column.dtype):
        return False
    return bool((np.diff(column.to_numpy(dtype=np.int64)) == 1).all()) or not column.duplicated().any()

"""The rows of a table as arrays: read by role, sorted by series and time, without duplicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.data.aliases import show
from gatewise.data.cells import column_of, is_text
from gatewise.data.columns import Roles, read_numbers
from gatewise.data.dates import parse_times
from gatewise.data.read import where
from gatewise.errors import DataError

__all__ = ["Rows", "drop_duplicates", "ordinals", "read_rows", "sort_rows"]


@dataclass(frozen=True)
class Rows:
    """The rows of a table as arrays: the id of each as a code, its time, and its targets.

    Attributes:
        names: the id of each code, in order of first appearance.
        codes: int64, shape ``(rows,)``.
        times: one stamp or step a row.
        values: float64, shape ``(rows, targets)``.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    times: pd.Index
    values: np.ndarray

    def take(self, order: np.ndarray) -> Rows:
        """Return the rows in `order` (positions, or a mask)."""
        return Rows(self.names, self.codes[order], self.times[order], self.values[order])

    @property
    def starts(self) -> np.ndarray:
        """Position of the first row of each series, for rows sorted by series."""
        return np.searchsorted(self.codes, np.arange(len(self.names)))


def read_rows(frame: pd.DataFrame, roles: Roles, notes: list[str]) -> Rows:
    """Return the rows of `frame` in their own order."""
    values = np.stack([read_numbers(column_of(frame, column)) for column in roles.target], axis=1)
    codes, names = _read_ids(column_of(frame, roles.id)) if roles.id else (np.zeros(len(frame), dtype=np.int64), ("",))
    if roles.time is not None:
        times = parse_times(column_of(frame, roles.time), notes)
    else:
        times = pd.Index(pd.Series(codes).groupby(codes).cumcount().to_numpy(dtype=np.int64))
    return Rows(names, codes, times, values)


def _read_ids(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the code of each row and the name of each code."""
    absent = column.isna()
    if is_text(column):
        # "NA" can be a name (a region, a country): only an empty cell is a missing id.
        absent = absent | (column.astype("str").str.strip() == "")
    if absent.any():
        row = int(np.flatnonzero(absent.to_numpy(dtype=bool))[0])
        raise DataError(
            f"Every row must say its series, but {where(column.index, row)} has no value in the id column "
            f"'{column.name}' ({int(absent.sum())} such rows). Fill it in, or remove these rows."
        )
    codes, found = pd.factorize(column)
    whole = found.dtype.kind == "f" and bool((found % 1 == 0).all())
    spelled = pd.Index([str(int(one)) if whole else str(one).strip() for one in found])
    merged, names = pd.factorize(spelled)
    return merged[codes].astype(np.int64), tuple(str(one) for one in names)


def sort_rows(rows: Rows) -> tuple[Rows, bool]:
    """Return the rows sorted by series and time, and whether each series already was in order of time."""
    if (np.diff(rows.codes) < 0).any():
        rows = rows.take(np.argsort(rows.codes, kind="stable"))
    when = ordinals(rows.times)
    if not ((np.diff(when) < 0) & (np.diff(rows.codes) == 0)).any():
        return rows, True
    return rows.take(np.lexsort((when, rows.codes))), False


def ordinals(times: pd.Index) -> np.ndarray:
    """Return `times` as int64."""
    return times.asi8 if isinstance(times, pd.DatetimeIndex) else times.to_numpy(dtype=np.int64)


def drop_duplicates(rows: Rows, is_sorted: bool, roles: Roles) -> tuple[Rows, bool, int]:
    """Return the rows without exact duplicates, `is_sorted`, and how many were dropped."""
    again = np.concatenate([[False], (np.diff(ordinals(rows.times)) == 0) & (np.diff(rows.codes) == 0)])
    at = np.flatnonzero(again)
    if len(at) == 0:
        return rows, is_sorted, 0
    before, after = rows.values[at - 1], rows.values[at]
    clash = at[~((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)]
    if len(clash):
        shown = "; ".join(
            f"{f'series {rows.names[rows.codes[row]]!r} ' if roles.id else ''}at {show(rows.times[row])} has "
            f"{', '.join(f'{value:g}' for value in rows.values[row - 1])} and "
            f"{', '.join(f'{value:g}' for value in rows.values[row])}"
            for row in clash[:3]
        )
        remedy = (
            ""
            if roles.id
            else "Where the table holds several series, name the column that tells them apart with --id. "
        )
        rows_repeat = "row repeats" if len(clash) == 1 else "rows repeat"
        raise DataError(
            f"A series must have one value at a time, but {len(clash)} {rows_repeat} a time with another value: {shown}"
            f". {remedy}Keep one row each, or add them up; where clocks were set back, give the times in UTC."
        )
    return rows.take(~again), is_sorted, len(at)

"""The rows of a table as arrays: read by role, sorted by series and time, without duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.data.aliases import show
from gatewise.data.cells import column_of, is_text
from gatewise.data.columns import Roles, read_numbers
from gatewise.data.covariates import Covariate, read_covariates
from gatewise.data.dates import parse_times
from gatewise.data.read import where
from gatewise.errors import DataError

__all__ = ["Rows", "drop_duplicates", "ordinals", "read_ids", "read_rows", "series_name", "sort_rows"]


@dataclass(frozen=True)
class Rows:
    """The rows of a table as arrays: the id of each as a code, its time, its targets and its covariates.

    Attributes:
        names: the id of each code, in order of first appearance.
        codes: int64, shape ``(rows,)``.
        times: one stamp or step a row.
        values: float64, shape ``(rows, targets)``.
        covariates: numbers and codes, float64, shape ``(rows, covariates)``.
        described: the covariates.
    """

    names: tuple[str, ...]
    codes: np.ndarray
    times: pd.Index
    values: np.ndarray
    covariates: np.ndarray
    described: tuple[Covariate, ...] = ()

    def take(self, order: np.ndarray) -> Rows:
        """Return the rows in `order` (positions, or a mask)."""
        parts = (self.codes[order], self.times[order], self.values[order], self.covariates[order])
        return Rows(self.names, *parts, self.described)

    @property
    def starts(self) -> np.ndarray:
        """Position of the first row of each series, for rows sorted by series."""
        return np.searchsorted(self.codes, np.arange(len(self.names)))


def read_rows(frame: pd.DataFrame, roles: Roles, max_missing: float, notes: list[str]) -> Rows:
    """Return the rows of `frame` in their own order."""
    values = np.stack([read_numbers(column_of(frame, column)) for column in roles.target], axis=1)
    codes, names = read_ids(column_of(frame, roles.id)) if roles.id else (np.zeros(len(frame), dtype=np.int64), ("",))
    if roles.time is not None:
        times = parse_times(column_of(frame, roles.time), notes)
    else:
        times = pd.Index(pd.Series(codes).groupby(codes).cumcount().to_numpy(dtype=np.int64))
    known = np.asarray(~np.isnan(values).all(axis=1))
    described, covariates = read_covariates(frame, roles, known, max_missing, notes)
    return Rows(names, codes, times, values, covariates, described)


def read_ids(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
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


def series_name(id_name: str, target: str, id_column: str | None, targets: Sequence[str]) -> str:
    """Return the name of a series: its id, its target column, or both where the table has several of both.

    Example:
        >>> series_name("a", "y", "unique_id", ("y", "z")), series_name("", "y", None, ("y", "z"))
        ('a/y', 'y')
    """
    if id_column is None:
        return target
    return id_name if len(targets) == 1 else f"{id_name}/{target}"


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
    clash = at[_differ(rows.values, at).any(axis=1) | _differ(rows.covariates, at).any(axis=1)]
    if len(clash):
        shown = "; ".join(
            f"{f'series {rows.names[rows.codes[row]]!r} ' if roles.id else ''}at {show(rows.times[row])} has "
            f"{' and '.join(_difference(rows, row))}"
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


def _differ(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return where rows differ from the one before, bool, shape ``(rows, columns)``."""
    before, after = values[at - 1], values[at]
    return ~((before == after) | (np.isnan(before) & np.isnan(after)))


def _difference(rows: Rows, row: int) -> tuple[str, str]:
    """Return what the row before and this one have: the targets, or else the covariates that differ."""
    if _differ(rows.values, np.array([row])).any():
        before, after = (", ".join(f"{value:g}" for value in rows.values[one]) for one in (row - 1, row))
        return before, after
    differ = [place for place, is_other in enumerate(_differ(rows.covariates, np.array([row]))[0]) if is_other]
    before, after = (
        ", ".join(f"{rows.described[place].name}={rows.described[place].show(values[place])}" for place in differ)
        for values in (rows.covariates[row - 1], rows.covariates[row])
    )
    return before, after

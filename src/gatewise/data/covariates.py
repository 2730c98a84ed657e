"""Covariates: their roles and kinds, how their columns are read, and how gaps in them are filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.data.cells import column_of, mostly_numbers
from gatewise.data.columns import Roles, read_numbers
from gatewise.data.dates import looks_like_dates
from gatewise.errors import DataError

__all__ = ["ROLES", "Covariate", "carry", "fill_ahead", "places", "read_cells", "read_covariates", "static_values"]

ROLES = ("past", "future", "static")
"""Known up to the origin; known ahead as well; the same throughout a series."""


@dataclass(frozen=True)
class Covariate:
    """One covariate of a panel. A panel's arrays hold the numbers of a numeric one, the codes of a categorical one.

    Attributes:
        name: its column in the table.
        role: ``past``, ``future`` (known ahead) or ``static``.
        categories: what each code stands for, sorted; an empty cell is the category ``""``, for it often says
            something ("no promotion"). None for a numeric covariate.

    Example:
        >>> Covariate("price", "future").kind, Covariate("event", "past", ("", "fair")).kind
        ('numeric', 'categorical')
    """

    name: str
    role: str
    categories: tuple[str, ...] | None = None

    @property
    def kind(self) -> str:
        """``numeric`` or ``categorical``."""
        return "numeric" if self.categories is None else "categorical"

    def show(self, value: float) -> str:
        """Return a value as it stood in the table."""
        if self.categories is None or np.isnan(value):
            return f"{value:g}"
        return repr(self.categories[int(value)])


def places(covariates: Sequence[Covariate], role: str) -> list[int]:
    """Return the positions of the covariates with a role."""
    return [place for place, one in enumerate(covariates) if one.role == role]


def read_covariates(
    frame: pd.DataFrame, roles: Roles, known: np.ndarray, max_missing: float, notes: list[str]
) -> tuple[tuple[Covariate, ...], np.ndarray]:
    """Read the columns of past, then future, then static covariates.

    Args:
        frame: the table.
        roles: which columns are covariates.
        known: rows with a value of a target, bool, shape ``(rows,)``; only these count for `max_missing`.
        max_missing: the largest share of missing numbers in a covariate, 0 to 1.
        notes: receives a plain sentence about every categorical covariate.

    Returns:
        The covariates; numbers and codes, float64, shape ``(rows, covariates)``, NaN where missing.

    Raises:
        DataError: for dates, text between numbers, infinite values, or too many missing ones.
    """
    covariates, columns = list[Covariate](), list[np.ndarray]()
    for role in ROLES:
        for name in getattr(roles, role):
            values, categories = read_cells(column_of(frame, name))
            if categories is not None:
                notes.append(_say_categories(name, categories))
            else:
                _check_missing(name, np.isnan(values[known]), max_missing, notes)
            covariates.append(Covariate(name, role, categories))
            columns.append(values)
    return tuple(covariates), np.stack(columns, axis=1) if columns else np.zeros((len(frame), 0))


def read_cells(column: pd.Series, kind: str | None = None) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read one column: numbers as they are, text and booleans as codes of their sorted categories.

    Args:
        column: the cells; of a column without any value all are the category ``""``.
        kind: ``numeric`` or ``categorical`` where that is known already.

    Returns:
        float64 numbers or codes, shape ``(rows,)``, and the categories, None for numbers.

    Example:
        >>> import pandas as pd
        >>> values, categories = read_cells(pd.Series(["fair", None, "sale"]))
        >>> values.tolist(), categories
        ([1.0, 0.0, 2.0], ('', 'fair', 'sale'))
    """
    if not pd.api.types.is_numeric_dtype(column.dtype) and looks_like_dates(column):
        raise DataError(
            f"A covariate must hold numbers or categories, but column '{column.name}' holds dates. "
            "Leave it out; parts of the calendar come with the setting calendar, for example calendar=weekday,month."
        )
    numeric = kind == "numeric" or (kind is None and mostly_numbers(column) and bool(column.notna().any()))
    if numeric:
        return read_numbers(column), None
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        # Categories that look like numbers in this table: "3.0" is how pandas writes the 3 of a column with gaps.
        column = column.map(lambda cell: f"{cell:.15g}", na_action="ignore")
    text = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    codes, categories = pd.factorize(text, sort=True)
    return codes.astype(np.float64), tuple(str(one) for one in categories)


def carry(values: np.ndarray) -> np.ndarray:
    """Return the columns with every missing value as the last known one before it; NaN where there is none before.

    Example:
        >>> carry(np.array([[np.nan], [2.0], [np.nan]])).ravel().tolist()
        [nan, 2.0, 2.0]
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    last = np.maximum.accumulate(np.where(missing, 0, np.arange(len(values))[:, None]), axis=0)
    return np.take_along_axis(values, last, axis=0)


def fill_ahead(values: np.ndarray, covariates: Sequence[Covariate], stop: int) -> np.ndarray:
    """Return known-future columns with their gaps filled; what is known ahead may fill what lies before it.

    Numbers are interpolated, categories carried forward; before the first known value stands that value. Behind the
    last one the history is carried on, and what lies ahead of it stays missing.

    Args:
        values: shape ``(time, covariate)``.
        covariates: what each column holds.
        stop: end of the history.

    Example:
        >>> price = np.array([[np.nan], [2.0], [np.nan], [4.0], [np.nan], [np.nan]])
        >>> fill_ahead(price, [Covariate("price", "future")], 5).ravel().tolist()
        [2.0, 2.0, 3.0, 4.0, 4.0, nan]
    """
    if not np.isnan(values).any():
        return values
    filled = values.copy()
    time = np.arange(len(values))
    for place, one in enumerate(covariates):
        column = filled[:, place]
        known = np.flatnonzero(~np.isnan(column))
        if len(known) == 0:
            continue
        end = max(int(known[-1]) + 1, stop)
        if one.categories is None:
            column[:end] = np.interp(time[:end], known, column[known])
        else:
            column[: known[0]] = column[known[0]]
            column[:end] = carry(column[:end, None])[:, 0]
    return filled


def _say_categories(name: str, categories: tuple[str, ...]) -> str:
    if categories == ("",):
        return f"covariate '{name}': empty in every row"
    return f"covariate '{name}': read as categorical, {len(categories)} categories"


def _check_missing(name: str, missing: np.ndarray, max_missing: float, notes: list[str]) -> None:
    """Refuse a numeric covariate with too many missing values; say how many there are."""
    count = int(missing.sum())
    if count == 0:
        return
    if count > max_missing * len(missing):
        raise DataError(
            f"At most max_missing={max_missing:.0%} of a covariate may be missing, but '{name}' lacks "
            f"{count / len(missing):.0%} of its values. Write 0 where an empty cell means nothing, raise max_missing, "
            "or leave that covariate out."
        )
    notes.append(f"covariate '{name}': {count} missing {'value' if count == 1 else 'values'} filled")


def static_values(
    values: np.ndarray, covariates: Sequence[Covariate], starts: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """Return the one value of each static covariate in each series.

    Args:
        values: rows sorted by series, shape ``(rows, covariates)``.
        covariates: what each column holds.
        starts: first row of each series, shape ``(series,)``.
        names: of the series, for the error.

    Returns:
        float64, shape ``(series, covariates)``, NaN where a series has no value.

    Raises:
        DataError: for a covariate that varies within a series.
    """
    columns = list[np.ndarray]()
    for place, one in enumerate(covariates):
        column = values[:, place]
        empty = np.nan
        if one.categories and one.categories[0] == "":
            # An empty cell beside filled ones is one that was not written out in every row.
            empty, column = 0.0, np.where(column == 0, np.nan, column)
        low, high = np.fmin.reduceat(column, starts), np.fmax.reduceat(column, starts)
        varies = np.flatnonzero(low < high)
        if len(varies):
            series = int(varies[0])
            raise DataError(
                f"A static covariate must stay the same within a series, but '{one.name}' of series "
                f"{names[series]!r} is {one.show(low[series])} and {one.show(high[series])}. Name it with --past or "
                "--future instead, or correct the table."
            )
        columns.append(np.where(np.isnan(low), empty, low))
    return np.stack(columns, axis=1) if columns else np.zeros((len(starts), 0))

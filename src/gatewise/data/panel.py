"""The loaded data: a panel of series, each with a regular time index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from gatewise.data.covariates import Covariate

__all__ = ["Panel", "Repairs", "Series", "extend_index", "fill"]


@dataclass(frozen=True, eq=False)
class Series:
    """One series on a regular time index.

    Attributes:
        unique_id: the name of the series within its panel.
        index: the time stamps (``DatetimeIndex``, possibly with a zone) or integer steps, regular and increasing.
        values: float64, shape ``(time,)``, finite everywhere: missing values stand filled.
        observed: bool, shape ``(time,)``: False where the value was filled; the loss and the metrics skip these.
        inserted: bool, shape ``(time,)``: True where the whole row was absent from the table.
        past: past covariates, float64, shape ``(time, covariate)``, None without any. A missing value stands filled
            by the last known one before it, and is NaN where there is none: nothing rests on what comes later.
        future: known-future covariates, float64, shape ``(time + ahead, covariate)``, None without any. It may reach
            beyond the end of the values; gaps stand filled, NaN is what is not known.
        static: float64, shape ``(covariate,)``, None without any; NaN where missing.

    The covariates stand in the order of the panel's `covariates` of that role.
    """

    unique_id: str
    index: pd.Index
    values: np.ndarray
    observed: np.ndarray
    inserted: np.ndarray
    past: np.ndarray | None = None
    future: np.ndarray | None = None
    static: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def head(self, stop: int) -> Series:
        """Return the first `stop` steps (a negative `stop` counts from the end, as in a slice).

        A cut inside a gap is filled anew, so that no filled value rests on one behind the cut. Past covariates are cut
        as well; known-future ones stay known beyond the cut.
        """
        observed, values = self.observed[:stop], self.values[:stop]
        if not observed[-1]:
            values = fill(np.where(observed, values, np.nan))
        return replace(
            self,
            index=self.index[:stop],
            values=values,
            observed=observed,
            inserted=self.inserted[:stop],
            past=None if self.past is None else self.past[:stop],
        )

    def before(self, drop: int, steps: int) -> np.ndarray:
        """Return the last `steps` values of the series without its last `drop`, as a forecast from there sees them."""
        stop = len(self) - drop
        values = self.values[:stop] if self.observed[stop - 1] else self.head(stop).values
        return values[-steps:]

    def tail(self, steps: int) -> Series:
        """Return the last `steps` steps, and all that is known beyond them."""
        first = max(len(self) - steps, 0)
        return replace(
            self,
            index=self.index[first:],
            values=self.values[first:],
            observed=self.observed[first:],
            inserted=self.inserted[first:],
            past=None if self.past is None else self.past[first:],
            future=None if self.future is None else self.future[first:],
        )


@dataclass(frozen=True)
class Repairs:
    """What reading did to the table, counted in rows, so that it can be said.

    Attributes:
        rows: data rows in the table as given.
        sorted_rows: True when the rows had to be sorted by time.
        duplicate_rows: exact duplicate rows that were dropped.
        inserted_rows: rows inserted for absent time stamps.
        filled_values: missing values filled, the inserted rows included.
        longest_gap: the longest run of filled values, in steps.
        notes: plain sentences about guesses and conversions ("time column 'Month': guessed ...").
    """

    rows: int = 0
    sorted_rows: bool = False
    duplicate_rows: int = 0
    inserted_rows: int = 0
    filled_values: int = 0
    longest_gap: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Panel:
    """One or more series that share a frequency.

    Attributes:
        series: the series, in order of first appearance in the table.
        freq: a pandas offset alias (``"h"``, ``"W-SAT"``, ``"MS"``) or an integer step for an integer index.
        name: a short name for messages and folders (the file's stem).
        time: the name of the time column in the table, None when it had none.
        target: the name of the target column, or of each of several.
        id_column: the name of the column that tells series apart, None when there is none.
        fingerprint: SHA-256 over ids, index, values and covariates as read, in hexadecimal.
        repairs: what reading did to the table.
        covariates: the past ones, then those known ahead, then the static ones.
    """

    series: tuple[Series, ...]
    freq: str | int
    name: str = "data"
    time: str | None = None
    target: tuple[str, ...] = ("y",)
    id_column: str | None = None
    fingerprint: str = ""
    repairs: Repairs = field(default_factory=Repairs)
    covariates: tuple[Covariate, ...] = ()

    def __len__(self) -> int:
        return len(self.series)

    def __iter__(self) -> Iterator[Series]:
        return iter(self.series)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Length of each series in steps, shape ``(series,)``."""
        return np.array([len(one) for one in self.series], dtype=np.int64)

    @property
    def shortest(self) -> Series:
        """The series with the fewest steps."""
        return self.series[int(np.argmin(self.lengths))]

    @property
    def known_ahead(self) -> int | None:
        """Steps behind the end of every series for which all known-future covariates are known; None without any."""
        ahead = [one.future[len(one) :] for one in self.series if one.future is not None]
        missing = [np.append(np.isnan(values).any(axis=1), True) for values in ahead]
        return min((int(np.argmax(one)) for one in missing), default=None)

    def map(self, change: Callable[[Series], Series]) -> Panel:
        """Return this panel with `change` applied to every series."""
        return replace(self, series=tuple(change(one) for one in self.series))

    def longer_than(self, steps: int) -> Panel:
        """Return this panel without the series of `steps` steps or fewer; itself where none is."""
        kept = tuple(one for one in self.series if len(one) > steps)
        return self if len(kept) == len(self.series) else replace(self, series=kept)

    def head(self, drop: int) -> Panel:
        """Return this panel without the last `drop` steps of every series (0 returns it whole)."""
        return self.map(lambda one: one.head(len(one) - drop)) if drop else self


def fill(values: np.ndarray) -> np.ndarray:
    """Return `values` with every NaN filled: linearly between its neighbours, flat before the first and after the last.

    An array without any finite value comes back as zeros.

    Example:
        >>> import numpy as np
        >>> fill(np.array([np.nan, 1.0, np.nan, 3.0, np.nan])).tolist()
        [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return np.zeros_like(values)
    return np.interp(np.arange(len(values)), known, values[known])


def extend_index(index: pd.Index, freq: str | int, steps: int) -> pd.Index:
    """Return the `steps` time stamps (or integer steps) that follow `index`.

    Example:
        >>> import pandas as pd
        >>> extend_index(pd.date_range("2020-01-01", periods=3, freq="MS"), "MS", 2).strftime("%Y-%m").tolist()
        ['2020-04', '2020-05']
        >>> extend_index(pd.RangeIndex(5), 1, 2).tolist()
        [5, 6]
    """
    if isinstance(index, pd.DatetimeIndex):
        return pd.date_range(index[-1], periods=steps + 1, freq=str(freq))[1:]
    step = int(freq)
    return pd.Index(int(index[-1]) + step * np.arange(1, steps + 1))

"""A time column in any usual spelling to time stamps or integer steps."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from gatewise.data.cells import MISSING, is_text
from gatewise.data.read import where
from gatewise.data.spellings import WRITE_ISO, assemble, read_spelling, spelling
from gatewise.errors import DataError

__all__ = ["looks_like_dates", "looks_like_epoch", "parse_times"]

_FIRST_YEAR, _LAST_YEAR = 1500, 2200
_SAMPLE = 200


def looks_like_dates(column: pd.Series) -> bool:
    """Return True when most cells of `column` can only be dates; bare numbers count when all read as YYYYMMDD.

    Example:
        >>> import pandas as pd
        >>> looks_like_dates(pd.Series(["2020-01-01", "oops", "2020-01-03"])), looks_like_dates(pd.Series([3, 4]))
        (True, False)
    """
    if isinstance(column.dtype, (pd.DatetimeTZDtype, pd.PeriodDtype)) or column.dtype.kind == "M":
        return True
    sample = column.iloc[:: max(1, len(column) // _SAMPLE)].dropna()
    if len(sample) == 0:
        return False
    if is_text(column):
        if all(hasattr(cell, "year") for cell in sample):
            return True
        text = sample.astype("str").str.strip()
        known = text[~text.str.lower().isin(MISSING)]
        shapes = np.mean([spelling(cell) is not None for cell in known]) if len(known) else 0.0
        return bool(shapes > 0.5)
    if not pd.api.types.is_integer_dtype(column.dtype):
        return False
    numbers = sample.to_numpy(dtype=np.int64)
    return bool((numbers >= 10_000_000).all() and (numbers < 100_000_000).all() and _compact(numbers) is not None)


def looks_like_epoch(column: pd.Series) -> bool:
    """Return True when whole numbers read as seconds or milliseconds since 1970, most of them evenly apart.

    Example:
        >>> import pandas as pd
        >>> looks_like_epoch(pd.Series([1704067200, 1704070800, 1704074400])), looks_like_epoch(pd.Series([7, 8, 9]))
        (True, False)
    """
    if not pd.api.types.is_integer_dtype(column.dtype) or len(column) < 3:
        return False
    numbers = np.unique(column.to_numpy(dtype=np.int64))
    since_1990, until_2100 = 631_152_000, 4_102_444_800
    plausible = any(since_1990 * unit <= numbers[0] and numbers[-1] < until_2100 * unit for unit in (1, 1000))
    if not plausible or len(numbers) < 3:
        return False
    _, often = np.unique(np.diff(numbers), return_counts=True)
    return bool(often.max() >= (len(numbers) - 1) / 2)


def parse_times(column: pd.Series, notes: list[str] | None = None) -> pd.Index:
    """Read a time column.

    Understood are ISO dates and times, ``1949-01``, ``19580329``, slashed, dotted and dashed dates, month names,
    ``1990Q1``, ``1990W07``, ``1990M01``, offsets and ``Z``, years, seconds or milliseconds since 1970, and integer
    steps. Whether slashed dates put the day or the month first is decided by the whole column; a column that reads
    both ways is refused, since a wrong guess would scramble the order silently.

    Args:
        column: one cell a row, none missing.
        notes: receives a plain sentence about every conversion that is not evident.

    Returns:
        A ``DatetimeIndex`` of microseconds, with a zone when the column has one, or an ``Index`` of int64 steps.

    Raises:
        DataError: for a missing cell, a cell that is no date, or dates that read two ways.

    Example:
        >>> import pandas as pd
        >>> parse_times(pd.Series(["31/12/2020", "01/01/2021"])).strftime("%Y-%m-%d").tolist()
        ['2020-12-31', '2021-01-01']
        >>> parse_times(pd.Series([1, 2, 3])).tolist()
        [1, 2, 3]
    """
    notes = [] if notes is None else notes
    _refuse_missing(column)
    if isinstance(column.dtype, pd.PeriodDtype):
        return _as_stamps(pd.PeriodIndex(column).to_timestamp())
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return _as_stamps(pd.DatetimeIndex(column))
    if not is_text(column):
        return _from_numbers(column, notes)
    # Each spelling is read once: the series of a panel share most of their time stamps.
    codes, spellings = pd.factorize(column.astype("str").str.strip())
    rows = pd.Series(np.unique(codes, return_index=True)[1])
    spelled = pd.Series(np.asarray(spellings, dtype=object), dtype="str")
    if spelled.str.fullmatch(r"\d{1,18}").all():
        numbers = pd.Series(
            column.astype("str").str.strip().to_numpy(dtype=object).astype(np.int64), index=column.index
        )
        return _from_numbers(numbers, notes)
    return _from_text(spelled, column, rows, notes)[codes]


def _refuse_missing(column: pd.Series) -> None:
    """Raise when a cell is missing."""
    absent = column.isna()
    if is_text(column):
        absent = absent | column.astype("str").str.strip().str.lower().isin(MISSING)
    rows = np.flatnonzero(absent.to_numpy(dtype=bool))
    if len(rows):
        raise DataError(
            f"Every row must have a time stamp, but {where(column.index, int(rows[0]))} has none in column "
            f"'{column.name}' ({len(rows)} such rows). Fill in the time stamps or remove these rows."
        )


def _as_stamps(stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return `stamps` in microseconds without a name or a frequency, so that equal times are equal in memory too."""
    return pd.DatetimeIndex(stamps.as_unit("us"), freq=cast(Any, None)).rename(None)


def _from_numbers(column: pd.Series, notes: list[str]) -> pd.Index:
    """Return the time stamps or steps that numbers stand for."""
    values = column.to_numpy(dtype=np.float64)
    broken = np.flatnonzero(~np.isfinite(values) | (values != np.trunc(values)))
    if len(broken):
        row = int(broken[0])
        raise DataError(
            f"A time column must hold dates or whole numbers, but {where(column.index, row)} of '{column.name}' holds "
            f"{column.iloc[row]}. {WRITE_ISO} Name another column with --time where '{column.name}' is not the time."
        )
    numbers = column.to_numpy().astype(np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    compact = _compact(numbers)
    if compact is not None:
        return compact
    if low >= _FIRST_YEAR and high <= _LAST_YEAR:
        notes.append(f"time column '{column.name}': {low} to {high} were read as years")
        return _as_stamps(pd.DatetimeIndex(pd.to_datetime(pd.Series(numbers).astype("str"), format="%Y")))
    for unit, words, scale in (
        ("s", "seconds", 1),
        ("ms", "milliseconds", 10**3),
        ("us", "microseconds", 10**6),
        ("ns", "nanoseconds", 10**9),
    ):
        # From July 1979 to 2100: smaller numbers of seconds are more likely steps.
        if 3 * 10**8 * scale <= low and high <= 4_102_444_800 * scale:
            notes.append(f"time column '{column.name}': read as {words} since 1970 (UTC)")
            return _as_stamps(pd.DatetimeIndex(pd.to_datetime(numbers, unit=unit, utc=True)))
    return pd.Index(numbers)


def _compact(numbers: np.ndarray) -> pd.DatetimeIndex | None:
    """Return the dates that YYYYMM, YYYYMMDD, ... or YYYYMMDDHHMMSS spell, or None when any is no such date."""
    digits = len(str(int(numbers.max())))
    if digits not in (6, 8, 10, 12, 14) or len(str(int(numbers.min()))) != digits:
        return None
    fields = []
    rest = numbers
    for _ in range((digits - 4) // 2):
        rest, field = np.divmod(rest, 100)
        fields.insert(0, field)
    # A month alone stands for its first day.
    stamps = assemble(rest, *fields) if len(fields) > 1 else assemble(rest, fields[0], 1)
    in_range = (rest >= _FIRST_YEAR).all() and (rest <= _LAST_YEAR).all()
    return stamps if in_range and not stamps.hasnans else None


def _from_text(text: pd.Series, column: pd.Series, rows: pd.Series, notes: list[str]) -> pd.DatetimeIndex:
    """Return the time stamps that the distinct spellings `text` mean; `rows` tells where each stands in `column`."""
    kind = next((kind for kind in map(spelling, text.iloc[:_SAMPLE]) if kind), None)
    if kind is None:
        raise _refusal(column, int(rows.iloc[0]))
    stamps, wrong = read_spelling(kind, text, str(column.name), notes)
    if wrong.any():
        raise _refusal(column, int(rows.iloc[int(np.flatnonzero(wrong)[0])]))
    return _as_stamps(stamps)


def _refusal(column: pd.Series, row: int) -> DataError:
    """Return the error for the cell in `row`, which is no date."""
    return DataError(
        f"A time column must hold dates of one spelling, but {where(column.index, row)} of '{column.name}' holds "
        f"{str(column.iloc[row])!r}. {WRITE_ISO} Name another column with --time where '{column.name}' is not the time."
    )

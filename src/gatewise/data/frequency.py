"""The grid that time stamps stand on: found out, checked and laid out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pandas as pd

from gatewise.data.aliases import MONTHS, WEEKDAYS, freq_words, known_alias, known_step, show, to_offset
from gatewise.errors import DataError

__all__ = ["check_freq", "infer_freq", "regular_grid"]

_DAY_US = 86_400_000_000
_UNITS = (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))
# A step other than the most usual one is believed only where it leaves few gaps: a stray stamp must not halve the grid.
_BELIEVABLE_COVERAGE = 0.6
_GIVE_FREQ = "Give the frequency with --freq, or resample the table to a regular grid first."
_LONGEST_GRID = 50_000_000


def infer_freq(index: pd.Index) -> str | int:
    """Find the frequency of time stamps that may have gaps, stand in any order and repeat.

    Of all grids that contain every time stamp (years, quarters, months by first or last day, weeks, days, business
    days, and multiples of the usual distance) the one with the highest coverage wins: stamps by steps of the grid.

    Args:
        index: a ``DatetimeIndex``, or an index of integer steps.

    Returns:
        A pandas offset alias such as ``"h"``, ``"15min"``, ``"W-SAT"`` or ``"MS"``; for integer steps their distance.

    Raises:
        DataError: with fewer than two different time stamps, or when no grid contains them all.

    Example:
        >>> import pandas as pd
        >>> infer_freq(pd.DatetimeIndex(["2020-01-01", "2020-02-01", "2020-05-01"]))
        'MS'
        >>> infer_freq(pd.Index([0, 10, 30]))
        10
    """
    stamps = index.unique().sort_values()
    if len(stamps) < 2:
        raise DataError(
            f"A frequency needs at least two different time stamps, but there is {len(stamps)}. {_GIVE_FREQ}"
        )
    if not isinstance(stamps, pd.DatetimeIndex):
        step = _step(stamps.to_numpy(dtype=np.int64))
        if step is None:
            raise _off_grid(stamps)
        return step[0]
    candidates = [*_calendar_grids(stamps), *_clock_grids(stamps)]
    if not candidates:
        raise _off_grid(stamps)
    return max(candidates, key=lambda pair: pair[0])[1]


def check_freq(freq: str | int, index: pd.Index) -> str | int:
    """Return `freq` in the form that pandas uses today, fitted to `index`.

    An alias without an anchor (``"W"``, ``"QS"``) takes its anchor from the first time stamp.

    Raises:
        DataError: when `freq` is no alias, or names a grid that misses some of the time stamps.

    Example:
        >>> import pandas as pd
        >>> check_freq("W", pd.DatetimeIndex(["2020-01-04", "2020-01-11"])), check_freq("H", pd.DatetimeIndex(["2020"]))
        ('W-SAT', 'h')
    """
    stamps = index.unique().sort_values()
    if isinstance(stamps, pd.DatetimeIndex):
        known: str | int = known_alias(str(freq), stamps)
    else:
        known = known_step(freq)
    missed = stamps[regular_grid(stamps, known).get_indexer(stamps) < 0]
    if len(missed):
        raise DataError(
            f"Every time stamp must stand on the grid of freq={freq!r} ({freq_words(known)}), but {len(missed)} of "
            f"{len(stamps)} do not: {_listed(missed)}. Leave --freq out to have it found, or resample the table first."
        )
    return known


def regular_grid(index: pd.Index, freq: str | int) -> pd.Index:
    """Return the regular index from the first to the last stamp of `index`.

    Raises:
        DataError: when the grid is so long that `freq` cannot be meant.

    Example:
        >>> import pandas as pd
        >>> regular_grid(pd.Index([3, 9]), 3).tolist()
        [3, 6, 9]
    """
    first, last = cast(Any, index.min()), cast(Any, index.max())
    if not isinstance(index, pd.DatetimeIndex):
        length = (int(last) - int(first)) // int(freq) + 1
    else:
        offset = to_offset(str(freq))
        length = (last - first) // pd.Timedelta(cast(Any, offset)) + 1 if isinstance(offset, pd.offsets.Tick) else 0
    if length > max(_LONGEST_GRID, 50 * len(index)):
        raise DataError(
            f"A regular grid must have at most {_LONGEST_GRID} steps, but freq={freq!r} from {show(first)} to "
            f"{show(last)} takes {length}. {_GIVE_FREQ}"
        )
    if not isinstance(index, pd.DatetimeIndex):
        return pd.RangeIndex(int(first), int(last) + 1, int(freq))
    return pd.date_range(first, last, freq=str(freq))


def _step(ordinals: np.ndarray) -> tuple[int, float] | None:
    """Return the distance that all sorted, distinct `ordinals` are multiples of, and its coverage; None if doubtful."""
    gaps = np.diff(ordinals)
    common = int(np.gcd.reduce(gaps))
    lengths, counts = np.unique(gaps, return_counts=True)
    coverage = len(ordinals) / ((int(ordinals[-1]) - int(ordinals[0])) // common + 1)
    usual = int(lengths[np.argmax(counts)])
    return (common, coverage) if common == usual or coverage >= _BELIEVABLE_COVERAGE else None


def _calendar_grids(stamps: pd.DatetimeIndex) -> Iterator[tuple[float, str]]:
    """Yield coverage and alias of every calendar grid that contains all of `stamps`, the rarest first."""
    wall = stamps.tz_localize(None)
    dates = wall.normalize()
    if (wall - dates).nunique() > 1:
        return
    months = dates.year.to_numpy(dtype=np.int64) * 12 + dates.month.to_numpy(dtype=np.int64) - 1
    days = dates.to_numpy().astype("datetime64[D]")
    for prefix, fits in _month_anchors(dates):
        step = _step(months) if fits.all() and len(np.unique(months)) == len(months) else None
        if step:
            yield step[1], _month_alias(step[0], prefix, int(months[0]) % 12)
    ordinals = days.astype(np.int64)
    step = _step(ordinals)
    if step and step[0] % 7 == 0:
        yield step[1], f"{_times(step[0] // 7)}W-{WEEKDAYS[int(dates.day_of_week[0])]}"
    elif step:
        yield step[1], f"{_times(step[0])}D"
    if np.is_busday(days).all():
        step = _step(np.busday_count(days[0], days).astype(np.int64))
        if step and step[0] == 1:
            yield step[1], "B"


def _month_anchors(dates: pd.DatetimeIndex) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the alias prefix of each anchor in a month, and the mask of `dates` that stand on it."""
    days = dates.to_numpy().astype("datetime64[D]")
    start = days.astype("datetime64[M]").astype("datetime64[D]")
    end = (days.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    yield "S", days == start
    yield "E", days == end
    yield "BMS", days == np.busday_offset(start, 0, roll="forward")
    yield "BME", days == np.busday_offset(end, 0, roll="backward")


def _month_alias(step: int, prefix: str, first_month: int) -> str:
    """Return the alias for every `step` months on the anchor `prefix`, from `first_month` (0 is January)."""
    if prefix.startswith("B"):
        return f"{_times(step)}{prefix}"
    if step % 12 == 0:
        usual = "JAN" if prefix == "S" else "DEC"
        anchor = "" if MONTHS[first_month] == usual else f"-{MONTHS[first_month]}"
        return f"{_times(step // 12)}Y{prefix}{anchor}"
    if step % 3 == 0:
        anchor = MONTHS[first_month % 3] if prefix == "S" else MONTHS[9 + first_month % 3]
        return f"{_times(step // 3)}Q{prefix}-{anchor}"
    return f"{_times(step)}M{prefix}"


def _clock_grids(stamps: pd.DatetimeIndex) -> Iterator[tuple[float, str]]:
    """Yield coverage and alias of the grid of hours, minutes, ... that contains all of `stamps`."""
    step = _step(stamps.as_unit("us").asi8)
    # Whole days are a matter of the calendar: they are 23 to 25 hours long where clocks change.
    if step and step[0] % _DAY_US:
        unit, length = next((unit, length) for unit, length in _UNITS if step[0] % length == 0)
        yield step[1], f"{_times(step[0] // length)}{unit}"


def _times(count: int) -> str:
    """Return the multiplier of an alias, empty for 1."""
    return "" if count == 1 else str(count)


def _off_grid(stamps: pd.Index) -> DataError:
    """Return the error for time stamps that no grid contains, with the first that leave the grid of most others."""
    gaps = np.diff(stamps.asi8 if isinstance(stamps, pd.DatetimeIndex) else stamps.to_numpy(dtype=np.int64))
    ordinals = np.concatenate([[0], np.cumsum(gaps)])
    lengths, counts = np.unique(gaps, return_counts=True)
    usual = int(lengths[np.argmax(counts)])
    phases, phase_counts = np.unique(ordinals % usual, return_counts=True)
    words = f"{pd.Timedelta(usual, 'us') if isinstance(stamps, pd.DatetimeIndex) else usual} apart"
    grids = [(words, ordinals % usual == phases[np.argmax(phase_counts)])]
    if isinstance(stamps, pd.DatetimeIndex):
        wall = stamps.tz_localize(None)
        if wall.day.nunique() == 1 and wall.day[0] > 1:
            return DataError(
                f"Monthly time stamps must stand on the first or the last day, but all of these stand on day "
                f"{wall.day[0]}, from {show(stamps[0])} on. Write them as months (YYYY-MM)."
            )
        whole = (wall == wall.normalize()).mean() > 0.5
        anchors = dict(_month_anchors(wall.normalize())) if whole else {}
        grids += [(name, anchors[key]) for key, name in (("S", "month starts"), ("E", "month ends")) if key in anchors]
    words, fits = max(grids, key=lambda grid: grid[1].mean())
    return DataError(
        f"Time stamps must stand on a regular grid (gaps are allowed), but while most are {words}, "
        f"{int((~fits).sum())} of {len(stamps)} are not: {_listed(stamps[~fits])}. {_GIVE_FREQ}"
    )


def _listed(stamps: pd.Index, most: int = 3) -> str:
    """Return the first few of `stamps` in words."""
    return ", ".join(show(stamp) for stamp in stamps[:most]) + (", ..." if len(stamps) > most else "")

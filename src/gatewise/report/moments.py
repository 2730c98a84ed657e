"""Time stamps as places on an axis, with ticks where a calendar has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from gatewise.report.folder import Moment
from gatewise.report.svg import Scale, value_scale

__all__ = ["moment_scale", "place"]

MOST_TICKS = 8
"""Most ticks of an axis of time."""

MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
"""Distances between ticks at the start of a month, in months."""

HOURS = (1, 2, 3, 6, 12, 24, 48, 168)
"""Distances between ticks in days and hours, in hours."""

MINUTES = (1, 5, 15, 30)
"""Distances between ticks within an hour."""


def place(moment: Moment) -> float:
    """Return where a time stamp lies: seconds since 1970 by the wall clock, or the whole number itself.

    Example:
        >>> place("1970-01-02"), place("1970-01-01 00:01"), place(17)
        (86400.0, 60.0, 17.0)
    """
    return float(moment) if isinstance(moment, int) else _time(moment).timestamp()


def _time(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def moment_scale(moments: Sequence[Moment]) -> Scale:
    """Return the axis that holds all moments.

    Example:
        >>> [words for _, words in moment_scale(["2000-01-15", "2000-12-15"]).ticks]
        ['Mar 2000', 'May 2000', 'Jul 2000', 'Sep 2000', 'Nov 2000']
        >>> [words for _, words in moment_scale(["2000-01-01 00:00", "2000-01-01 18:00"]).ticks]
        ['1 Jan 00:00', '1 Jan 03:00', '1 Jan 06:00', '1 Jan 09:00', '1 Jan 12:00', '1 Jan 15:00', '1 Jan 18:00']
    """
    places = [place(one) for one in moments]
    low, high = min(places), max(places)
    if any(isinstance(one, int) for one in moments):
        ticks = tuple(tick for tick in value_scale(places).ticks if low <= tick[0] <= high)
        return Scale(low, high if high > low else low + 1, ticks)
    if high <= low:
        return Scale(low - 1, low + 1, ((low, str(moments[0])),))
    ticks = next(ticks for ticks in _choices(low, high) if len(ticks) <= MOST_TICKS)
    return Scale(low, high, ticks)


def _choices(low: float, high: float) -> Iterator[tuple[tuple[float, str], ...]]:
    """Return ticks from the closest to the farthest; the first that are few enough are the best."""
    span = high - low
    for minutes in (*MINUTES, *(60 * hours for hours in HOURS)):
        if span / (60 * minutes) <= MOST_TICKS + 1:
            yield tuple(_even(low, high, minutes))
    for months in MONTHS:
        if span / (2_419_200 * months) <= 2 * MOST_TICKS:
            yield tuple(_months(low, high, months))
    yield ()


def _even(low: float, high: float, minutes: int) -> Iterator[tuple[float, str]]:
    step = 60.0 * minutes
    at = -(-low // step) * step
    while at <= high:
        time = datetime.fromtimestamp(at, UTC)
        day = f"{time.day} {time:%b}"
        yield at, day if minutes % 1440 == 0 else f"{day} {time:%H:%M}"
        at += step


def _months(low: float, high: float, months: int) -> Iterator[tuple[float, str]]:
    first = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=low)
    month = -(-(12 * first.year + first.month - 1) // months) * months
    while 12 <= month < 12 * 9999:
        time = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if time.timestamp() > high:
            return
        if time.timestamp() >= low:
            yield time.timestamp(), f"{time.year}" if months % 12 == 0 else f"{time:%b} {time.year}"
        month += months

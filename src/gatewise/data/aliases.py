"""The names of frequencies: pandas offset aliases, old and new, and the same in words."""

from __future__ import annotations

from typing import cast

import pandas as pd

from gatewise.errors import DataError

__all__ = ["MONTHS", "WEEKDAYS", "freq_words", "known_alias", "known_step", "show", "to_offset"]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

_OLD_ALIASES = {"H": "h", "T": "min", "S": "s", "L": "ms", "U": "us"}
_AMBIGUOUS_ALIASES = {
    "M": "'MS' (month starts) or 'ME' (month ends)",
    "BM": "'BMS' or 'BME'",
    "Q": "'QS' (quarter starts) or 'QE' (quarter ends)",
    "A": "'YS' (year starts) or 'YE' (year ends)",
    "Y": "'YS' (year starts) or 'YE' (year ends)",
}
_WORDS = {
    "YS": "yearly (year starts)",
    "YE": "yearly (year ends)",
    "QS": "quarterly (quarter starts)",
    "QE": "quarterly (quarter ends)",
    "MS": "monthly (month starts)",
    "ME": "monthly (month ends)",
    "BMS": "monthly (first business days)",
    "BME": "monthly (last business days)",
    "W": "weekly",
    "D": "daily",
    "B": "business days",
    "h": "hourly",
    "min": "every minute",
    "s": "every second",
    "ms": "every millisecond",
    "us": "every microsecond",
}
_PLURALS = {"Y": "years", "Q": "quarters", "M": "months", "B": "months", "W": "weeks", "D": "days", "h": "hours"}
_PLURALS |= {"min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds"}


def to_offset(freq: str) -> pd.DateOffset:
    """Return the pandas offset of an alias; `ValueError` when there is none."""
    return cast(pd.DateOffset, pd.tseries.frequencies.to_offset(freq))


def freq_words(freq: str | int) -> str:
    """Return `freq` in words.

    Example:
        >>> freq_words("30min"), freq_words("W-SAT"), freq_words(1)
        ('every 30 minutes', 'weekly (SAT)', 'integer steps')
    """
    if isinstance(freq, int):
        return "integer steps" if freq == 1 else f"integer steps of {freq}"
    offset = to_offset(freq)
    base, _, anchor = cast(str, offset.base.freqstr).partition("-")
    if offset.n != 1:
        plural = _PLURALS.get(base) or _PLURALS.get(base[0])
        return f"every {offset.n} {plural}" if plural else freq
    if base == "W":
        return f"weekly ({anchor})"
    return _WORDS.get(base, freq)


def show(stamp: object) -> str:
    """Return a time stamp or a step as short as it can be read.

    Example:
        >>> import pandas as pd
        >>> show(pd.Timestamp("2020-01-01")), show(pd.Timestamp("2020-01-01 06:30")), show(7)
        ('2020-01-01', '2020-01-01 06:30', '7')
    """
    if not isinstance(stamp, pd.Timestamp):
        return str(stamp)
    plain = stamp.tz_localize(None)
    if plain == plain.normalize() and stamp.tzinfo is None:
        return plain.strftime("%Y-%m-%d")
    whole_minute = plain == plain.floor("min")
    text = plain.strftime("%Y-%m-%d %H:%M") if whole_minute else plain.isoformat(sep=" ")
    return text + stamp.strftime("%z")


def known_step(freq: str | int) -> int:
    """Return the integer step that `freq` says."""
    try:
        step = int(freq)
    except ValueError:
        step = 0
    if step < 1:
        raise DataError(
            f"The time column holds integer steps, so freq must be a positive integer, but it is {freq!r}. "
            "Leave --freq out, or give dates in the time column."
        )
    return step


def known_alias(freq: str, stamps: pd.DatetimeIndex) -> str:
    """Return the alias that `freq` says, with its anchor taken from the first of `stamps` where it has none."""
    count = freq[: len(freq) - len(freq.lstrip("0123456789"))]
    base = freq[len(count) :]
    if base in _AMBIGUOUS_ALIASES:
        raise DataError(f"freq must be a pandas offset alias, but {freq!r} is old. Use {_AMBIGUOUS_ALIASES[base]}.")
    base = _OLD_ALIASES.get(base, base)
    first = cast(pd.Timestamp, stamps[0])
    anchors = {
        "W": WEEKDAYS[first.weekday()],
        "QS": MONTHS[(first.month - 1) % 3],
        "QE": MONTHS[9 + (first.month - 1) % 3],
    }
    anchors |= {"YS": MONTHS[first.month - 1], "YE": MONTHS[first.month - 1]}
    if base in anchors:
        usual = (base == "YS" and anchors[base] == "JAN") or (base == "YE" and anchors[base] == "DEC")
        return f"{count}{base}" if usual else f"{count}{base}-{anchors[base]}"
    try:
        offset = to_offset(f"{count}{base}")
    except ValueError:
        offset = None
    if offset is None or offset.n < 1:
        raise DataError(
            f"freq must be a pandas offset alias such as 'h', '15min', 'D', 'B', 'W-SUN', 'MS', 'ME' or 'QS', but it "
            f"is {freq!r}. Use one of these, or leave --freq out to have it found."
        )
    return f"{count}{base}"

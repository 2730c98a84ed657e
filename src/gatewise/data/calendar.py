"""Columns that the calendar gives: the place in the day, week, month and year, and public holidays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from gatewise.data.aliases import freq_words, to_offset
from gatewise.errors import SettingsError, nearest

__all__ = ["PARTS", "Calendar", "calendar_of", "parts_for"]

PARTS = {"hour": 2, "weekday": 3, "day": 1, "month": 2}
"""Harmonics of each part of the calendar: so many pairs of a sine and a cosine."""

_CYCLE_DAYS = {"hour": 1, "weekday": 7, "day": 28, "month": 365}
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Calendar:
    """The calendar as the network sees it: known ahead, however far.

    A part is the place in its cycle, a fraction ``f`` of it, as ``sin(2 pi k f), cos(2 pi k f)`` for the first few
    ``k``: smooth, centred, and without a jump where the cycle starts over, which an LSTM would have to learn. ``hour``
    is the place in the day (two harmonics: mornings and evenings may differ), ``day`` the place in the month, and
    ``month`` the place in the year by days (two harmonics). ``weekday`` is a step function of the day with three
    harmonics: six columns in which, beside the bias, a linear map finds any seven values, as in a one-hot code of
    seven, while neighbouring days stay near each other.

    Holidays are three columns of 0 and 1: the day itself, the day before one and the day after one. Where a step is
    longer than a day they are two columns of counts, in the step that ends with the time stamp and in the one that
    begins with it, for the stamp of a week does not tell which is meant.

    Attributes:
        parts: some of ``PARTS``.
        holidays: a country's code, with a hyphen and a subdivision if need be (``DE``, ``US-NY``); None for none.
        freq: the alias of the panel's frequency; empty where nothing else is set.
    """

    parts: tuple[str, ...] = ()
    holidays: str | None = None
    freq: str = ""

    @property
    def width(self) -> int:
        """Number of columns.

        Example:
            >>> Calendar(("hour", "weekday"), "DE", "h").width, Calendar((), "DE", "W-SUN").width, Calendar().width
            (13, 2, 0)
        """
        counts = 0 if self.holidays is None else 2 if _step_days(self.freq) > 1 else 3
        return counts + sum(2 * PARTS[part] for part in self.parts)

    def columns(self, index: pd.Index) -> np.ndarray:
        """Return the columns for time stamps, float32, shape ``(time, width)``.

        Example:
            >>> noon = pd.date_range("2020-01-01 12:00", periods=2, freq="6h")
            >>> Calendar(("hour",), freq="6h").columns(noon).round(3).tolist()
            [[0.0, -1.0, -0.0, 1.0], [-1.0, -0.0, 0.0, -1.0]]
        """
        if self.width == 0:
            return np.zeros((len(index), 0), np.float32)
        local = pd.DatetimeIndex(index).tz_localize(None)
        made = [_waves(_fraction(part, local), PARTS[part]) for part in self.parts]
        if self.holidays is not None:
            made.append(self._holiday_columns(local))
        return np.concatenate(made, axis=1).astype(np.float32)

    def _holiday_columns(self, local: pd.DatetimeIndex) -> np.ndarray:
        days = local.to_numpy().astype("datetime64[D]")
        years = np.asarray(local.year)
        known = _holiday_dates(str(self.holidays), int(years.min()) - 1, int(years.max()) + 1)
        if self.width - sum(2 * PARTS[part] for part in self.parts) == 3:
            return np.stack([np.isin(days + shift, known) for shift in (0 * _DAY, _DAY, -_DAY)], axis=1)
        offset = to_offset(self.freq)
        before, after = ((local + shift).to_numpy().astype("datetime64[D]") for shift in (-offset, offset))

        def count(first: np.ndarray, last: np.ndarray) -> np.ndarray:
            return np.searchsorted(known, last) - np.searchsorted(known, first)

        return np.stack([count(before + _DAY, days + _DAY), count(days, after)], axis=1)


def calendar_of(parts: tuple[str, ...] | None, holidays: str | None, freq: str | int) -> Calendar:
    """Return the calendar of a panel's frequency.

    Args:
        parts: names of parts; None, or ``none``, for none.
        holidays: the code of a country or of a subdivision of one, None for no holidays.
        freq: the panel's frequency.

    Raises:
        SettingsError: for an unknown part or country, a part that is the same at every step of this frequency, or
            steps that are no dates.

    Example:
        >>> calendar_of(("weekday",), "de", "D").holidays
        'DE'
    """
    wanted = tuple(dict.fromkeys(part for part in parts or () if part != "none"))
    for part in wanted:
        if part not in PARTS:
            raise SettingsError(
                f"calendar must name some of {', '.join(PARTS)}, or none, but names '{part}'.{nearest(part, PARTS)}"
            )
    if not wanted and holidays is None:
        return Calendar()
    if isinstance(freq, int):
        setting = f"calendar={','.join(wanted)}" if wanted else f"holidays={holidays}"
        raise SettingsError(
            f"calendar and holidays need dates in the time column, but it holds integer steps and {setting} is set. "
            "Leave it out, or give dates."
        )
    fitting = parts_for(freq)
    for part in wanted:
        if part not in fitting:
            raise SettingsError(
                f"calendar must name parts that differ from step to step, but '{part}' says nothing at the frequency "
                f"'{freq}' ({freq_words(freq)}). Use {', '.join(fitting) or 'none'}."
            )
    return Calendar(wanted, None if holidays is None else _checked_code(holidays), freq)


def parts_for(freq: str | int) -> tuple[str, ...]:
    """Return the parts of the calendar that differ from step to step at a frequency; none for integer steps.

    Example:
        >>> parts_for("h"), parts_for("MS"), parts_for(1)
        (('hour', 'weekday', 'day', 'month'), ('month',), ())
    """
    if isinstance(freq, int):
        return ()
    return tuple(part for part in PARTS if _step_days(freq) < _CYCLE_DAYS[part])


def _step_days(freq: str) -> float:
    """Return about how many days a step is long."""
    first = np.datetime64("2001-01-01")
    steps = pd.date_range(first, periods=3, freq=freq).to_numpy()
    return float((steps[2] - steps[1]) / _DAY)


def _fraction(part: str, local: pd.DatetimeIndex) -> np.ndarray:
    """Return the place in a cycle, 0 to 1."""
    time_of_day = np.asarray((local - local.normalize()) / pd.Timedelta(days=1))
    if part == "hour":
        return time_of_day
    if part == "weekday":
        return np.asarray(local.day_of_week) / 7
    if part == "day":
        return (np.asarray(local.day) - 1 + time_of_day) / np.asarray(local.days_in_month)
    return (np.asarray(local.day_of_year) - 1 + time_of_day) / (365 + np.asarray(local.is_leap_year))


def _waves(fraction: np.ndarray, harmonics: int) -> np.ndarray:
    angles = 2 * np.pi * fraction[:, None] * np.arange(1, harmonics + 1)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(fraction), 2 * harmonics)


def _checked_code(code: str) -> str:
    """Return a country's code in capitals after checking it."""
    import holidays

    country, _, subdivision = code.strip().partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    name = country.upper()
    if name not in known:
        raise SettingsError(
            f"holidays must be the two-letter code (ISO 3166) of a country such as DE, or with a subdivision such as "
            f"US-NY, but is '{code}'.{nearest(name, known)} "
            'python -c "import holidays; print(holidays.list_supported_countries())" prints all of them.'
        )
    parts = {one.upper(): one for one in known[name]}
    remedy = f"Use one of {', '.join(known[name])}, or " if known[name] else "Use "
    if subdivision and subdivision.upper() not in parts:
        raise SettingsError(
            f"holidays must name a subdivision that {name} has, but is '{code}'. {remedy}'{name}' alone."
        )
    return f"{name}-{parts[subdivision.upper()]}" if subdivision else name


@lru_cache(maxsize=64)
def _holiday_dates(code: str, first_year: int, last_year: int) -> np.ndarray:
    """Return the public holidays of whole years, sorted, as datetime64[D]."""
    import holidays

    country, _, subdivision = code.partition("-")
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=range(first_year, last_year + 1))
    return np.sort(np.array(list(found), dtype="datetime64[D]"))

"""One knob and the values that a study of it tries, as a person writes them: ``hidden=16,32,64+32``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gatewise.errors import SettingsError, nearest
from gatewise.settings import Settings
from gatewise.table import Row, settings_table

__all__ = ["Knob", "knob_of", "parse_over", "shown"]

ALIASES = {"batch": "batch_size", "lr": "learning_rate", "units": "hidden"}
"""Short names for the settings that are swept most."""

GROUPS = ("recipe", "network", "training")
NOT_SWEPT = ("seed", "members", "combine", "refit")
"""Settings of these groups that change no single training: a study repeats seeds and trains one network at a time."""

WIDE = 100.0
"""Ratio of the ends from which a range is cut in equal ratios rather than in equal steps."""

PRIOR_VALUES = 6
"""Values that a range of the table of settings is cut into where the user names none."""

MOST_VALUES = 100
"""A study of more values than this is a slip of the pen."""

FORMS = (
    "Write --over hidden=16,32,64 (values; two layers are 64+32), dropout=0..0.5:6 (six values over a range) or "
    "hidden=64.. (doubled until it no longer helps)"
)


@dataclass(frozen=True)
class Knob:
    """A setting and the values to try.

    Attributes:
        name: of the setting.
        values: checked values in the order to try them in; the first one alone where the knob grows.
        grows: whether each further value is twice the one before, until that no longer helps.
        last: where the growing ends at the latest, None for no end.
    """

    name: str
    values: tuple[Any, ...]
    grows: bool = False
    last: Any = None

    def after(self, value: Any) -> Any:
        """Return the value after one of a growing knob: twice it; None where the growing ends.

        Example:
            >>> knob = parse_over("hidden=64+32..128+64")
            >>> knob.after((64, 32)), knob.after((128, 64))
            ((128, 64), None)
        """
        if not self.grows:
            return None
        twice = tuple(2 * part for part in value) if isinstance(value, tuple) else 2 * value
        if self.last is not None and _size(twice) > _size(self.last):
            return None
        try:
            return _checked(self.name, twice)
        except SettingsError:  # beyond what the setting may be
            return None


def parse_over(text: str) -> Knob:
    """Return the knob of ``name=values``; a name alone takes the values that a search would draw from.

    Every comma separates two values; the layers of one network stand with a plus between them.

    Args:
        text: ``hidden=16,32,64+32``; ``dropout=0..0.5:6`` for six values from 0 to 0.5; ``lr=1e-4..1e-1:7`` for seven
            in equal ratios (where the ends are far apart, and for every setting that a search draws so);
            ``hidden=64..`` or ``hidden=64..512`` for doubling.

    Raises:
        SettingsError: for what is none of that, an unknown setting, or a value out of its range.

    Example:
        >>> parse_over("batch=16,32").name, parse_over("hidden=16,64+32").values
        ('batch_size', ((16,), (64, 32)))
        >>> parse_over("dropout=0..0.5:3").values, parse_over("lr=1e-4..1e-2:3").values
        ((0.0, 0.25, 0.5), (0.0001, 0.001, 0.01))
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    row = _row_of(name)
    if not equals:
        return knob_of(row.name)
    parts = [part.strip().replace("+", ",") for part in values.split(",")]
    if "" in parts:
        raise SettingsError(f"--over needs a value beside every comma, but got '{text}'. {FORMS}.")
    if ".." not in values:
        return knob_of(row.name, parts)
    if len(parts) > 1:
        raise SettingsError(f"--over takes one range or a list of values, but got '{text}'. {FORMS}.")
    low, _, rest = parts[0].partition("..")
    high, colon, count = rest.partition(":")
    return knob_of(row.name, _range(row, low, high, count)) if colon else _growing(row, low, high)


def knob_of(name: str, values: Sequence[Any] | None = None) -> Knob:
    """Return the knob of a setting and its values.

    Args:
        name: of the setting, or its short name.
        values: at least two; None takes those that a search would draw from.

    Raises:
        SettingsError: for an unknown setting, a value out of its range, or too few or too many values.

    Example:
        >>> knob_of("hidden", [8, (16, 8)]).values
        ((8,), (16, 8))
        >>> knob_of("dropout").values
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    """
    row = _row_of(name)
    if isinstance(values, str):
        raise SettingsError(f"values must be a list, but they are the text '{values}'. Write values=[16, 32].")
    tried = _prior_values(row) if values is None else values
    checked = tuple(dict.fromkeys(_checked(row.name, value) for value in tried))
    if not 2 <= len(checked) <= MOST_VALUES:
        raise SettingsError(
            f"a study needs 2 to {MOST_VALUES} different values of '{row.name}', but has {len(checked)}. {FORMS}."
        )
    return Knob(row.name, checked)


def shown(value: Any) -> str:
    """Return a value as it is written in ``--over``.

    Example:
        >>> shown((64, 32)), shown(0.1), shown(1e-4), shown("mae"), shown(True)
        ('64+32', '0.1', '0.0001', 'mae', 'true')
    """
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row_of(name: str) -> Row:
    rows = {row.name: row for row in settings_table() if row.group in GROUPS and row.name not in NOT_SWEPT}
    known = ALIASES.get(name, name)
    if known in rows:
        return rows[known]
    if known in Settings.model_fields:
        raise SettingsError(
            f"--over must name a setting that changes a single training, but '{known}' does not. Such are: "
            f"{', '.join(rows)}."
        )
    raise SettingsError(f"unknown setting '{name}'.{nearest(name, [*rows, *ALIASES])} {FORMS}.")


def _checked(name: str, value: Any) -> Any:
    """Return a value as the setting holds it."""
    checked = getattr(Settings.of(**{name: value}), name)
    if checked is None:
        raise SettingsError(f"--over needs values of '{name}', but got {value!r}. {FORMS}.")
    return checked


def _prior_values(row: Row) -> Iterable[Any]:
    prior = row.prior
    if prior is None:
        raise SettingsError(f"'{row.name}' has no values of its own to try. {FORMS}.")
    if prior.low is None or prior.high is None:
        return prior.choices
    return _spread(row, prior.low, prior.high, PRIOR_VALUES)


def _range(row: Row, low: str, high: str, count: str) -> list[Any]:
    """Return the values of ``low..high:count``."""
    try:
        first, last, number = float(low), float(high), int(count)
    except ValueError:
        raise SettingsError(f"a range needs numbers, but got '{low}..{high}:{count}'. {FORMS}.") from None
    if not (first < last and 2 <= number <= MOST_VALUES):
        raise SettingsError(
            f"a range must rise and have 2 to {MOST_VALUES} values, but got '{low}..{high}:{count}'. {FORMS}."
        )
    return _spread(row, first, last, number)


def _spread(row: Row, low: float, high: float, count: int) -> list[Any]:
    """Return `count` values from `low` to `high`, in equal ratios or steps; whole where the setting is."""
    by_ratio = low > 0 and ((row.prior is not None and row.prior.log) or high / low >= WIDE)
    shares = [place / (count - 1) for place in range(count)]
    made = [low * (high / low) ** share if by_ratio else low + (high - low) * share for share in shares]
    if row.kind == "int":
        return [round(value) for value in made]
    # Few digits, as a person would write them: 0.3 instead of 0.30000000000000004.
    return [float(f"{value:.{max(3, 1 + math.ceil(math.log10(count)))}g}") for value in made]


def _growing(row: Row, low: str, high: str) -> Knob:
    """Return the knob of ``low..`` or ``low..high``, which doubles."""
    first, last = _checked(row.name, low), _checked(row.name, high) if high.strip() else None
    sizes = [_size(first), math.inf if last is None else _size(last)]
    if not 0 < sizes[0] < sizes[1]:
        raise SettingsError(
            f"a growing knob must be a number above 0 that ends higher, but got '{row.name}={low}..{high}'. {FORMS}."
        )
    return Knob(row.name, (first,), grows=True, last=last)


def _size(value: Any) -> float:
    """Return what tells whether one value is larger than another; 0 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | tuple):
        return 0.0
    parts = value if isinstance(value, tuple) else (value,)
    return float(sum(parts)) if all(isinstance(part, int | float) for part in parts) else 0.0

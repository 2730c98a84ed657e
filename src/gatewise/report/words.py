"""Numbers, durations and names as a person reads them."""

from __future__ import annotations

import math

__all__ = ["CLEAR", "change", "counted", "duration", "listed", "model_label", "number", "percent", "setting_value"]

CLEAR = 0.02
"""Relative change from which two numbers are called different."""

NOTHING = "–"
"""Stands where a value is missing, so that no zero is made up."""


def number(value: float | None) -> str:
    """Return a number with about four significant digits and thousands separators.

    Example:
        >>> number(0.81234), number(1234567.8), number(1500.26), number(0.0000321), number(12), number(None)
        ('0.8123', '1,234,568', '1,500.3', '3.21e-5', '12', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if float(value).is_integer() and size < 1e15:
        return f"{value:,.0f}"
    if size < 1e-3:
        digits, exponent = f"{value:.3g}".split("e") if "e" in f"{value:.3g}" else (f"{value:.3g}", "")
        return f"{digits}e{int(exponent)}" if exponent else digits
    if size < 1000:
        return f"{value:.4g}"
    return f"{value:,.1f}" if size < 1e5 else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """Return a share (0-1) in percent.

    Example:
        >>> percent(0.1234), percent(0.004), percent(0), percent(None)
        ('12%', '0.4%', '0%', '–')
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    return f"{100 * share:.1f}%" if 0 < abs(share) < 0.0995 else f"{100 * share:.0f}%"


def duration(seconds: float | None) -> str:
    """Return a duration in the units that fit it.

    Example:
        >>> duration(0.42), duration(12.34), duration(200), duration(3900), duration(None)
        ('0.42 s', '12.3 s', '3 min 20 s', '1 h 5 min', '–')
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def change(before: float, after: float) -> float:
    """Return the relative change, 0 from nothing.

    Example:
        >>> change(2.0, 3.0), change(0.0, 1.0)
        (0.5, 0.0)
    """
    return after / before - 1 if before else 0.0


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun in the right number.

    Example:
        >>> counted(1, "trial"), counted(2500, "row"), counted(2, "series", "series")
        ('1 trial', '2,500 rows', '2 series')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """Return parts as one phrase.

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
        ('a', 'a and b', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def model_label(model: str) -> str:
    """Return a model's name as shown.

    Example:
        >>> model_label("gatewise"), model_label("seasonal_naive")
        ('Gatewise', 'seasonal naive')
    """
    return "Gatewise" if model == "gatewise" else model.replace("_", " ")


def setting_value(value: object) -> str:
    """Return a setting's value as shown.

    Example:
        >>> setting_value((64, 32)), setting_value(True), setting_value(0.0031234), setting_value(None)
        ('64, 32', 'yes', '0.003123', 'unset')
    """
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(setting_value(part) for part in value)
    # A size such as 2048 is read as a name here, so it takes no separators.
    return str(value) if isinstance(value, int) else number(value) if isinstance(value, float) else str(value)

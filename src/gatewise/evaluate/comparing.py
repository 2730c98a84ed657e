"""Two results compared bit by bit: what differs, where, and by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from gatewise.errors import GatewiseError

__all__ = ["Compared", "against", "attempt", "compare"]

MOST_LISTED = 5
"""Differences that a comparison lists; it counts all."""


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes:
        numbers: numbers and texts that were compared.
        differences: how many of the things compared (an array counts as one) differ.
        listed: the first of them, a sentence each.
    """

    numbers: int
    differences: int = 0
    listed: tuple[str, ...] = ()

    def __add__(self, other: Compared) -> Compared:
        listed = (*self.listed, *other.listed)[:MOST_LISTED]
        return Compared(self.numbers + other.numbers, self.differences + other.differences, listed)


def compare(before: Any, after: Any, name: str) -> Compared:
    """Compare two results of the same kind, down to the last bit of every number; NaN equals NaN.

    Args:
        before: numbers, texts, arrays, indexes, settings, and dataclasses, tuples, lists and mappings of these. What
            a mapping or a tuple holds is named by its key, what a dataclass holds by its field.
        after: likewise.
        name: what they are called.

    Example:
        >>> import numpy as np
        >>> compare({"a": np.zeros(3)}, {"a": np.zeros(3)}, "scaler")
        Compared(numbers=3, differences=0, listed=())
        >>> compare({"center": 1.0}, {"center": 1.5}, "scaler").listed
        ('scaler.center: 1 became 1.5',)
    """
    numbers, found = 0, []
    for size, difference in _walk(before, after, name):
        numbers += size
        found += [difference] if difference else []
    return Compared(numbers, len(found), tuple(found[:MOST_LISTED]))


def attempt(make: Callable[[], Any]) -> Any:
    """Return what `make` returns, or the error that Gatewise raises on purpose."""
    try:
        return make()
    except GatewiseError as error:
        return error


def against(other: Any, comparison: Callable[[Any], Compared]) -> Compared:
    """Compare with what the scrambled data gave; an error that only they give is a difference, too.

    Args:
        other: what `attempt` returned for the scrambled data.
        comparison: compares with it, where it is no error.
    """
    if isinstance(other, GatewiseError):
        return Compared(1, 1, (f"only with the scrambled data there is an error: {other}",))
    return comparison(other)


def _walk(before: Any, after: Any, name: str) -> Iterator[tuple[int, str]]:
    """Yield for everything that is compared how many numbers it has, and how it differs."""
    parts = _parts(before), _parts(after)
    if parts[0] is not None and parts[1] is not None:
        for key in dict.fromkeys((*parts[0], *parts[1])):
            inner = f"{name}[{key}]" if isinstance(key, int) else f"{name}.{key}"
            if key in parts[0] and key in parts[1]:
                yield from _walk(parts[0][key], parts[1][key], inner)
            else:
                yield 1, f"{inner}: {'is gone' if key in parts[0] else 'is new'}"
    elif isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        yield max(before.size, 1), _of_arrays(before, after, name)
    else:
        yield 1, "" if _same(before, after) else f"{name}: {_shown(before)} became {_shown(after)}"


def _parts(value: Any) -> dict[Any, Any] | None:
    """Return what a composed value holds, None for one that is compared as a whole."""
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()  # pyright: ignore[reportAttributeAccessIssue]
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, list | tuple):
        return dict(enumerate(value))
    return {"index": value.to_numpy()} if isinstance(value, pd.Index) else None


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return np.float64(before).tobytes() == np.float64(after).tobytes() or (math.isnan(before) and math.isnan(after))
    return type(before) is type(after) and bool(before == after)


def _of_arrays(before: np.ndarray, after: np.ndarray, name: str) -> str:
    """Return how two arrays differ, empty where every bit is the same."""
    if before.shape != after.shape or before.dtype != after.dtype:
        return f"{name}: {before.dtype} of shape {before.shape} became {after.dtype} of shape {after.shape}"
    differs = np.asarray(before != after, bool)
    if before.dtype.kind == "f":
        # The numbers' bits: 0 and -0 differ, and NaN equals NaN.
        one, other = (np.ascontiguousarray(part).view(f"u{part.dtype.itemsize}") for part in (before, after))
        differs = np.where(np.isnan(before) & np.isnan(after), False, one != other)
    if not differs.any():
        return ""
    said = f"{name}: {int(differs.sum())} of {before.size} differ"
    if before.dtype.kind not in "fiu":
        return said
    away = np.abs(before.astype(np.float64) - after.astype(np.float64))
    sizes = np.abs(before.astype(np.float64))
    farthest, largest = (float(part[np.isfinite(part)].max(initial=0.0)) for part in (away, sizes))
    share = f", {farthest / largest:.2g} of the largest" if largest > 0 else ""
    return f"{said}, by up to {farthest:.4g}{share}"


def _shown(value: Any) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

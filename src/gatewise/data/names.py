"""Names of columns, as the user gives them for the roles of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from gatewise.errors import DataError, nearest

__all__ = ["check_names", "listed", "split_names"]


def split_names(names: str | Sequence[str] | None, columns: Iterable[str]) -> tuple[str, ...]:
    """Return column names given as one text with commas, or as a sequence; a name that holds a comma stays whole.

    Example:
        >>> split_names("price, promo", ["price", "promo"]), split_names("a,b", ["a,b"]), split_names(None, [])
        (('price', 'promo'), ('a,b',), ())
    """
    if names is None:
        return ()
    if isinstance(names, str):
        whole = names in list(columns)
        return (names,) if whole else tuple(name.strip() for name in names.split(",") if name.strip())
    return tuple(names)


def check_names(frame: pd.DataFrame, named: dict[str, tuple[str, ...]]) -> None:
    """Raise for a name that is no column, and for a column with two roles."""
    role_of = dict[str, str]()
    for role, names in named.items():
        for name in names:
            if name not in frame.columns:
                raise DataError(
                    f"--{role} must name a column of the table, but there is no {name!r}."
                    f"{nearest(name, frame.columns)} The columns are {listed(frame.columns)}."
                )
            if name in role_of:
                other = role_of[name]
                raise DataError(
                    f"A column can have one role only, but {name!r} is named "
                    f"{f'twice as {role}' if other == role else f'as {other} and as {role}'}. "
                    "Give each role a column of its own; the past of every target is seen in any case."
                )
            role_of[name] = role


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return the first of `names`, quoted."""
    known = list(names)
    return ", ".join(map(repr, known[:most])) + (f" and {len(known) - most} more" if len(known) > most else "")

"""The columns of the tables of forecasts, as Nixtla's packages name them: models, and the bounds of their intervals."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

__all__ = ["MODEL", "RECOMMENDED", "group_means", "levels_of", "models_of"]

MODEL = "gatewise"
"""Name of the model's column in every table."""

RECOMMENDED = "recommended"
"""The column of ``forecast.csv`` that repeats the forecast which the verdict recommends."""

KEYS = ("unique_id", "ds", "cutoff", "y", RECOMMENDED)

BOUND = re.compile(r"^(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+)$")
"""The column of an interval's bound."""


def models_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the models that a table holds forecasts of.

    Example:
        >>> models_of(pd.DataFrame(columns=["ds", "cutoff", "y", "gatewise", "gatewise-lo-80", "last_value"]))
        ('gatewise', 'last_value')
    """
    return tuple(str(name) for name in table.columns if name not in KEYS and not BOUND.match(str(name)))


def levels_of(table: pd.DataFrame, model: str = MODEL) -> tuple[int, ...]:
    """Return the levels of a model's intervals, smallest first.

    Example:
        >>> levels_of(pd.DataFrame(columns=["gatewise-lo-95", "gatewise-hi-95", "gatewise-lo-80", "gatewise-hi-80"]))
        (80, 95)
    """
    found = (BOUND.match(str(name)) for name in table.columns)
    sides = [(int(match["level"]), match["side"]) for match in found if match and match["model"] == model]
    return tuple(sorted(level for level, side in sides if side == "lo" and (level, "hi") in sides))


def group_means(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the mean of each group's finite values, NaN where it has none.

    Args:
        values: shape ``(row,)``.
        group: number of each row's group, same shape.
        groups: how many there are.
    """
    known = np.isfinite(values)
    total = np.bincount(group[known], weights=values[known], minlength=groups)
    count = np.bincount(group[known], minlength=groups)
    return np.divide(total, count, out=np.full(groups, np.nan), where=count > 0)

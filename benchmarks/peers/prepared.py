"""What Gatewise's training takes, from plain values: one series, a window at every step."""

from __future__ import annotations

import numpy as np

from gatewise.data.windows import Windows
from gatewise.train.fit import Lessons
from gatewise.train.program import table_of


def lessons_of(values: np.ndarray, windows: int) -> Lessons:
    """Return what to learn from the first so many windows of a series that has no gaps."""
    start = np.arange(windows, dtype=np.int32)
    nothing = np.zeros_like(start)
    table = table_of(values, np.ones(len(values), bool))
    return Lessons(table, Windows(start, start, start, nothing, nothing), np.ones(1, np.float32))

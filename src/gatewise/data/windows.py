"""Windows as indices into one flat array: nothing is copied per window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler

__all__ = ["Flat", "Windows", "flatten", "training_windows", "validation_windows"]


@dataclass(frozen=True, eq=False)
class Flat:
    """All series of a panel one after another, scaled.

    Attributes:
        values: float32, shape ``(total time,)``.
        observed: bool, same shape.
        offset: index of each series' first step, int64, shape ``(series,)``.
        length: steps of each series, int64, shape ``(series,)``.
    """

    values: np.ndarray
    observed: np.ndarray
    offset: np.ndarray
    length: np.ndarray


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a flat panel, each known by its first step.

    Attributes:
        start: index into the flat array, int32, shape ``(window,)``.
        low: smallest start in the same series and part, same shape.
        high: largest start in the same series and part, same shape.
        series: number of the series, same shape.
    """

    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    series: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def thin(self, limit: int) -> Windows:
        """Return at most `limit` of these windows, evenly spread."""
        if len(self) <= limit:
            return self
        keep = np.unique(np.linspace(0, len(self) - 1, limit).round().astype(np.int64))
        return Windows(self.start[keep], self.low[keep], self.high[keep], self.series[keep])


def flatten(panel: Panel, scaler: Scaler) -> Flat:
    """Return the scaled panel as one flat array."""
    lengths = panel.lengths
    scaled = [scaler.apply(one.values, number) for number, one in enumerate(panel)]
    return Flat(
        values=np.concatenate(scaled).astype(np.float32),
        observed=np.concatenate([one.observed for one in panel]),
        offset=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        length=lengths,
    )


def training_windows(flat: Flat, window: int, horizon: int, drop: int) -> Windows:
    """Return every window whose targets end before the last `drop` steps of its series.

    A window counts only if its last input was observed (so no filled input rests on a value behind the origin) and at
    least one of its targets was.
    """
    return _windows(flat, window, horizon, first=np.zeros_like(flat.length), stop=flat.length - drop)


def validation_windows(flat: Flat, window: int, horizon: int, length: int, drop: int) -> Windows:
    """Return every window whose targets lie within the `length` steps before the last `drop` steps of its series."""
    stop = flat.length - drop
    return _windows(flat, window, horizon, first=np.maximum(stop - length - window, 0), stop=stop)


def _windows(flat: Flat, window: int, horizon: int, first: np.ndarray, stop: np.ndarray) -> Windows:
    """Return the usable windows with starts from `first` and targets up to `stop`, counted in each series."""
    seen = np.concatenate([[0], np.cumsum(flat.observed)])
    parts: list[tuple[np.ndarray, ...]] = []
    for series, (offset, begin, end) in enumerate(zip(flat.offset, first, stop, strict=True)):
        low, high = offset + begin, offset + end - window - horizon
        start = np.arange(low, high + 1)
        targets = seen[start + window + horizon] - seen[start + window]
        start = start[flat.observed[start + window - 1] & (targets > 0)]
        same = np.ones_like(start)
        parts.append((start, low * same, high * same, series * same))
    return Windows(*(np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)))

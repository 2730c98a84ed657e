"""Windows as indices into one flat array: nothing is copied per window."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler

__all__ = ["Flat", "Windows", "flatten", "least_history", "pad_index", "training_windows", "validation_windows"]


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
    """Windows of a flat panel, each known by its first step, which may lie before its series' first value.

    Attributes:
        start: index into the flat array, int32, shape ``(window,)``.
        low: smallest start in the same series and part, same shape.
        high: largest start in the same series and part, same shape.
        first: index of the series' first value, same shape.
        series: number of the series, same shape.
    """

    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    series: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def thin(self, limit: int) -> Windows:
        """Return at most `limit` of these windows, evenly spread."""
        if len(self) <= limit:
            return self
        keep = np.unique(np.linspace(0, len(self) - 1, limit).round().astype(np.int64))
        return Windows(*(getattr(self, one.name)[keep] for one in fields(self)))


def least_history(window: int, season: int) -> int:
    """Return the values that a window must hold at least: a season, and a quarter of the window; the rest is padded.

    Example:
        >>> least_history(36, 12), least_history(10, 1), least_history(4, 12)
        (12, 3, 4)
    """
    return min(window, max(season, -(-window // 4)))


def pad_index(window: int, stop: int, season: int) -> np.ndarray:
    """Return the places, in a series, of the `window` values before `stop`; those before its start repeat its season.

    A series shorter than the window is so continued into its past, as a seasonal naive forecast continues it into the
    future; flat where the season is 1 or the series is shorter than one.

    Example:
        >>> pad_index(6, 4, 2).tolist(), pad_index(4, 2, 12).tolist()
        ([0, 1, 0, 1, 2, 3], [0, 0, 0, 1])
    """
    index = np.arange(stop - window, stop)
    return np.where(index < 0, index % (season if season <= stop else 1), index)


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


def training_windows(flat: Flat, window: int, horizon: int, drop: int, season: int = 1) -> Windows:
    """Return every window whose targets end before the last `drop` steps of its series.

    A window counts only if its last input was observed (so no filled input rests on a value behind the origin), at
    least one of its targets was, and it holds the values that `least_history` asks for.
    """
    least = np.full_like(flat.length, least_history(window, season))
    return _windows(flat, window, horizon, first=least, stop=flat.length - drop)


def validation_windows(flat: Flat, window: int, horizon: int, length: int) -> Windows:
    """Return every window whose targets lie within the last `length` steps of its series.

    Their origins are the same for every window length; what a window lacks in front is padded.
    """
    return _windows(flat, window, horizon, first=np.maximum(flat.length - length, 1), stop=flat.length)


def _windows(flat: Flat, window: int, horizon: int, first: np.ndarray, stop: np.ndarray) -> Windows:
    """Return the usable windows with origins from `first` and targets up to `stop`, counted in each series."""
    seen = np.concatenate([[0], np.cumsum(flat.observed)])
    parts: list[tuple[np.ndarray, ...]] = []
    for series, (offset, begin, end) in enumerate(zip(flat.offset, first, stop, strict=True)):
        origin = np.arange(offset + begin, offset + end - horizon + 1)
        targets = seen[origin + horizon] - seen[origin]
        origin = origin[flat.observed[origin - 1] & (targets > 0)]
        same = np.ones_like(origin)
        low, high = offset + begin - window, offset + end - horizon - window
        parts.append((origin - window, low * same, high * same, offset * same, series * same))
    return Windows(*(np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)))

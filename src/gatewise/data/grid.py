"""The rows of all series laid on one regular grid, absent rows included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gatewise.data.aliases import freq_words, show
from gatewise.data.columns import Roles
from gatewise.data.frequency import check_freq, infer_freq, regular_grid
from gatewise.data.rows import Rows
from gatewise.errors import DataError

__all__ = ["Laid", "lay_on_grid", "panel_freq"]


@dataclass(frozen=True)
class Laid:
    """The rows laid on the grid: the series one behind another, absent rows included.

    Attributes:
        grid: the regular index from the first to the last time of all series.
        first: position of the first step of each series in `grid`, shape ``(series,)``.
        stops: end of each series in `values`, shape ``(series,)``.
        values: float64, shape ``(steps of all series, targets)``, NaN where missing.
        covariates: float64, shape ``(steps of all series, covariates)``, NaN where missing.
        inserted: bool, shape ``(steps of all series,)``.
    """

    grid: pd.Index
    first: np.ndarray
    stops: np.ndarray
    values: np.ndarray
    covariates: np.ndarray
    inserted: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Start of each series in `values`, shape ``(series,)``."""
        return np.concatenate([[0], self.stops[:-1]])


def panel_freq(rows: Rows, freq: str | int | None, roles: Roles) -> str | int:
    """Return the frequency: the given one, checked, or that of the longest series."""
    if freq is not None:
        return check_freq(freq, rows.times)
    if roles.time is None:
        return 1
    bounds = np.append(rows.starts, len(rows.codes))
    longest = int(np.argmax(np.diff(bounds)))
    return infer_freq(rows.times[bounds[longest] : bounds[longest + 1]])


def lay_on_grid(rows: Rows, freq: str | int, roles: Roles) -> Laid:
    """Return the rows on the grid of `freq`; raise for a series that leaves it."""
    grid = regular_grid(rows.times, freq)
    positions = grid.get_indexer(rows.times)
    lost = np.flatnonzero(positions < 0)
    if len(lost):
        # The grid starts at the earliest time of all: a series of another phase or frequency falls beside it.
        name, stamp = rows.names[rows.codes[lost[0]]], show(rows.times[lost[0]])
        raise DataError(
            f"All series must share one frequency, which is {freq!r} ({freq_words(freq)}), but "
            f"{f'series {name!r} ' if roles.id else 'the table '}has {stamp}, which is not on its grid. "
            "Give the frequency with --freq, load series of another frequency on their own, or resample them first."
        )
    starts = rows.starts
    last = np.append(starts[1:], len(rows.codes)) - 1
    first = positions[starts]
    stops = np.cumsum(positions[last] - first + 1)
    places = positions - first[rows.codes] + np.concatenate([[0], stops[:-1]])[rows.codes]
    values, covariates = (np.full((int(stops[-1]), part.shape[1]), np.nan) for part in (rows.values, rows.covariates))
    values[places], covariates[places] = rows.values, rows.covariates
    inserted = np.ones(len(values), dtype=bool)
    inserted[places] = False
    return Laid(grid, first, stops, values, covariates, inserted)

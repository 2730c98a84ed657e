"""A panel whose future is another: every value behind a cutoff drawn anew, nothing before it touched.

What a program makes of a table up to a cutoff must not change with what stands behind the cutoff. So the audit reads a
second table that is the same up to there, and behind it as different as it can be: huge noise without a season in the
place of the targets and of the past covariates, a category that was never seen, other cells missing. Time stamps, the
end of each series, static covariates and those known ahead stay, for these are known at the cutoff.

Source: Kaufman et al. (2012), "Leakage in data mining", for what counts as legitimately known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gatewise.data.covariates import Covariate, carry, places
from gatewise.data.panel import Panel, Series, fill

__all__ = ["GAP", "NEW_CATEGORY", "Cells", "Scrambling", "cells_of", "refilled", "with_new_categories"]

NEW_CATEGORY = "!never-seen"
"""Category that appears behind the cutoff only; it sorts before the others, so that reading gives all another code."""

GAP = 3
"""Steps before a cutoff, and behind it, that are missing where a cutoff is put into a gap."""

NOISE = 30.0
"""Standard deviation of what stands behind a cutoff, in those of the values before it, at least."""

MISSING = 0.2
"""Share of the cells behind a cutoff that are missing."""

LARGEST = 1e90
"""Largest scrambled value: one beyond 1e100 would be refused by reading, wherever it stands."""


@dataclass(frozen=True)
class Scrambling:
    """What is done to a panel.

    Attributes:
        drop: steps between the cutoff and the end of each series; a series that is no longer lies behind it as a whole.
        scrambled: whether the values behind the cutoff are drawn anew, or stay.
        gap: values right before the cutoff that are made missing, so that it stands in a gap; where the values behind
            it are scrambled, as many of them are missing, too.
        noise: standard deviation of the new values, in those of the values before the cutoff; None for one so large
            that it outweighs the whole history.
        seed: of the new values.
    """

    drop: int
    scrambled: bool = True
    gap: int = 0
    noise: float | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one series as a table would have them.

    Attributes:
        first: the first step that differs from the panel.
        values: NaN where missing, shape ``(time,)``.
        past: numbers and codes of past covariates, NaN where missing, shape ``(time, covariate)``. The code behind the
            last category of a covariate is that of `NEW_CATEGORY`.
    """

    first: int
    values: np.ndarray
    past: np.ndarray


def cells_of(panel: Panel, scrambling: Scrambling) -> tuple[Cells, ...]:
    """Return the cells of every series after a scrambling; the panel stays as it is."""
    past = [panel.covariates[place] for place in places(panel.covariates, "past")]
    generators = np.random.default_rng(scrambling.seed).spawn(len(panel))
    return tuple(_cells(one, past, scrambling, draw) for one, draw in zip(panel, generators, strict=True))


def _cells(one: Series, past: list[Covariate], scrambling: Scrambling, draw: np.random.Generator) -> Cells:
    values = np.where(one.observed, one.values, np.nan)
    covariates = np.zeros((len(one), 0)) if one.past is None else one.past.copy()
    stop = max(len(one) - scrambling.drop, 0)
    gap = scrambling.gap if _has_room(one.observed[:stop], scrambling.gap) else 0
    if scrambling.scrambled and stop < len(one):
        values[stop:] = _noise(values, stop, scrambling.noise, draw)
        missing = draw.random(len(one) - stop) < MISSING
        missing[:gap] = True
        # The first and the last value of a series are where it begins and ends.
        missing[-1:], missing[: 0 if stop else 1] = False, False
        values[stop:][missing] = np.nan
        for place, covariate in enumerate(past):
            covariates[stop:, place] = _other(covariate, covariates[:, place], stop, scrambling.noise, draw)
    if gap:
        values[stop - gap : stop] = np.nan
        for place, covariate in enumerate(past):
            if covariate.categories is None:
                covariates[stop - gap : stop, place] = np.nan
    return Cells(stop - gap, values, covariates)


def _has_room(observed: np.ndarray, gap: int) -> bool:
    """Tell whether a series keeps most of its values, and its first one, when it loses the last `gap`."""
    return gap > 0 and observed[: max(len(observed) - gap, 0)].sum() > 2 * gap


def _noise(values: np.ndarray, stop: int, noise: float | None, draw: np.random.Generator) -> np.ndarray:
    """Return what stands behind step `stop` of a column: noise around the mean of what stands before it."""
    known = values[:stop][np.isfinite(values[:stop])]
    known = known if len(known) else values[np.isfinite(values)]
    center, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 1.0)
    count = len(values) - stop
    size = noise or max(NOISE, 10 * np.sqrt(stop / count))
    drawn = center + size * (spread or abs(center) or 1.0) * draw.standard_normal(count)
    return np.clip(drawn, -LARGEST, LARGEST)


def _other(
    covariate: Covariate, column: np.ndarray, stop: int, noise: float | None, draw: np.random.Generator
) -> np.ndarray:
    """Return what stands behind step `stop` of a past covariate."""
    count = len(column) - stop
    if covariate.categories is not None:
        return draw.integers(0, len(covariate.categories) + 1, count).astype(np.float64)
    drawn = _noise(column, stop, noise, draw)
    drawn[draw.random(count) < MISSING] = np.nan
    return drawn


def with_new_categories(covariates: tuple[Covariate, ...]) -> tuple[Covariate, ...]:
    """Return covariates whose past categorical ones know `NEW_CATEGORY`, behind the categories that they had."""
    return tuple(
        replace(one, categories=(*one.categories, NEW_CATEGORY)) if one.role == "past" and one.categories else one
        for one in covariates
    )


def refilled(panel: Panel, cells: tuple[Cells, ...]) -> Panel:
    """Return the panel of scrambled cells, filled as reading fills a table; rows that were inserted may hold values."""
    series = []
    for one, its in zip(panel, cells, strict=True):
        observed = np.isfinite(its.values)
        values = its.values.copy() if observed.all() else fill(its.values)
        past = None if one.past is None else carry(its.past)
        series.append(replace(one, values=values, observed=observed, inserted=one.inserted & ~observed, past=past))
    return replace(panel, series=tuple(series), covariates=with_new_categories(panel.covariates))

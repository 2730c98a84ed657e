"""What a panel is like, in a few numbers: what the preset reads before it chooses a framing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatewise.data.calendar import parts_for
from gatewise.data.panel import Panel
from gatewise.data.season import find_seasons

__all__ = ["Traits", "traits_of"]

MOST_SERIES = 200
"""Series looked at; of more, evenly spread ones stand for all."""

FEWEST_BLOCKS = 4
"""Blocks of a series that its swings are compared over."""

LEAST_RANGE = 0.05
"""Range of the logarithm of the level below which nothing can be said of how swings grow with it."""


class Traits(NamedTuple):
    """What a panel is like.

    Attributes:
        series: number of series.
        rows: steps of all series together.
        length: steps of the series in the middle, the longest half of them being as long or longer.
        season: period of the dominant cycle, 1 for none.
        long_season: period of a longer cycle, rounded to whole dominant seasons, 1 for none.
        smallest: the smallest observed value.
        growth: how the swings of a series grow with its level: the slope of their logarithm on that of the level, the
            median over the series; 0 where swings do not depend on the level, 1 where they are a share of it, and 0
            where there are negative values.
        depth: how deep its low values lie: their 5 % quantile as a share of the median, the median over the series.
        zeros: share of zeros among the observed values.
        known_ahead: whether there are covariates known ahead.
        calendar: parts of the calendar that a cycle may hang on at the frequency: hour, weekday and month; none for
            integer steps.
    """

    series: int
    rows: int
    length: int
    season: int
    long_season: int
    smallest: float
    growth: float
    depth: float
    zeros: float
    known_ahead: bool
    calendar: tuple[str, ...]


def traits_of(panel: Panel, season: int | None = None, long_season: int | None = None) -> Traits:
    """Look at a panel, which must not hold the test part.

    Args:
        panel: the series.
        season: period of the dominant cycle; found from the data when None.
        long_season: that of a longer one, likewise.

    Example:
        >>> import numpy as np, pandas as pd
        >>> from gatewise.data.load import load_panel
        >>> steps = np.arange(240)
        >>> wave = np.exp(0.01 * steps) * (2 + np.sin(2 * np.pi * steps / 12))
        >>> traits = traits_of(load_panel(pd.DataFrame({"t": steps, "y": wave})))
        >>> traits.season, traits.long_season, round(traits.growth, 1)
        (12, 1, 1.0)
    """
    found = [] if season and long_season else [one.period for one in find_seasons(panel)]
    season = season or (found[0] if found else 1)
    if long_season is None:
        longer = [round(period / season) * season for period in found if period >= 2 * season]
        long_season = longer[0] if longer and season > 1 else 1
    some = panel.series[:: -(-len(panel) // MOST_SERIES)]
    known = [one.values[one.observed] for one in some if one.observed.any()] or [np.zeros(1)]
    every = np.concatenate(known)
    # A filled value lies between observed ones.
    smallest = float(min(one.values.min() for one in panel))
    slopes = [_growth(values, max(season, 12)) for values in known if values.min() >= 0] if smallest >= 0 else []
    slopes = [slope for slope in slopes if np.isfinite(slope)]
    lows = [np.quantile(values, [0.05, 0.5]) for values in known]
    return Traits(
        series=len(panel),
        rows=int(panel.lengths.sum()),
        length=int(np.median(panel.lengths)),
        season=season,
        long_season=long_season,
        smallest=smallest,
        growth=float(np.median(slopes)) if slopes else 0.0,
        depth=float(np.median([low / middle if middle > 0 else 0.0 for low, middle in lows])),
        zeros=float(np.mean(every == 0)),
        known_ahead=any(one.role == "future" for one in panel.covariates),
        calendar=tuple(part for part in parts_for(panel.freq) if part != "day"),
    )


def _growth(values: np.ndarray, block: int) -> float:
    """Return the slope of log spread on log level over blocks of a series; NaN where there are too few."""
    count = len(values) // block
    if count < FEWEST_BLOCKS:
        return float("nan")
    blocks = values[len(values) - count * block :].reshape(count, block)
    level, spread = blocks.mean(axis=1), blocks.std(axis=1)
    used = (spread > 0) & (level > 0)
    if used.sum() < FEWEST_BLOCKS:
        return float("nan")
    x, y = np.log(level[used]), np.log(spread[used])
    if np.ptp(x) < LEAST_RANGE:
        return float("nan")
    return float(np.polyfit(x, y, 1)[0])

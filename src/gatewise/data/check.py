"""The data doctor: what a panel holds, what reading repaired, and what may spoil a forecast. Nothing is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gatewise.data.aliases import freq_words, show
from gatewise.data.panel import Panel, Series
from gatewise.data.season import Season, find_seasons

__all__ = ["Diagnosis", "Outlier", "diagnose"]

_OUTLIER_MADS = 8.0
# Robust spreads of a normal distribution; the mean steps in where more than half of the differences are equal.
_MAD_TO_SIGMA, _MEAN_TO_SIGMA = 1.4826, 1.2533
_MOST_LISTED = 10
_SPARSE_SHARE = 0.3
_STRONG_TREND, _WEAK_TREND = 0.8, 0.4
_FEW_ROWS = 100
_FEW_CYCLES = 4


@dataclass(frozen=True)
class Outlier:
    """One value far from what its neighbours or its season suggest.

    Attributes:
        unique_id: the series.
        time: the time stamp or step, as text.
        value: the value, in the units of the table.
        mads: its distance in robust standard deviations.
    """

    unique_id: str
    time: str
    value: float
    mads: float


@dataclass(frozen=True)
class Diagnosis:
    """What the data doctor found; every count is in rows unless it says otherwise.

    Attributes:
        series: number of series.
        rows: steps of all series together, inserted rows included.
        shortest, median_length, longest: lengths in steps.
        start, end: the first and the last time stamp of all series, as text.
        freq: the frequency as the panel has it.
        freq_words: the frequency in words.
        season: the dominant season in steps, 1 for none.
        seasons: every season found, the dominant one first.
        sorted_rows: True when reading had to sort the table.
        gaps: runs of missing values between known ones.
        longest_gap: the longest such run, in steps.
        inserted: absent rows that were inserted.
        filled: missing values that were filled, the inserted rows included.
        duplicates: exact duplicate rows that were dropped.
        constants: ids of the series that never change.
        outliers: number of outliers.
        first_outliers: the first few, the farthest first.
        trend: the trend in words.
        sign: the sign of the values in words.
        zero_share: share of zeros among the known values, 0 to 1.
        notes: plain sentences about what reading guessed and converted.
        warnings: plain sentences about what may spoil a forecast, each with a remedy.
    """

    series: int
    rows: int
    shortest: int
    median_length: float
    longest: int
    start: str
    end: str
    freq: str | int
    freq_words: str
    season: int
    seasons: tuple[Season, ...]
    sorted_rows: bool
    gaps: int
    longest_gap: int
    inserted: int
    filled: int
    duplicates: int
    constants: tuple[str, ...]
    outliers: int
    first_outliers: tuple[Outlier, ...]
    trend: str
    sign: str
    zero_share: float
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain lists, texts and numbers, ready for JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def diagnose(panel: Panel, season: int | None = None) -> Diagnosis:
    """Examine `panel`.

    Args:
        panel: the panel.
        season: the dominant season in steps, 1 for none; found out by default.

    Example:
        >>> import pandas as pd
        >>> from gatewise.data.load import load_panel
        >>> table = pd.DataFrame({"ds": pd.date_range("2020", periods=30), "y": [1.0, 2.0, 3.0] * 10})
        >>> found = diagnose(load_panel(table), season=3)
        >>> found.freq_words, found.season, found.trend, found.sign, found.outliers
        ('daily', 3, 'no clear trend', 'all positive', 0)
    """
    seasons = find_seasons(panel)
    period = season if season is not None else seasons[0].period if seasons else 1
    known = np.concatenate([one.values[one.observed] for one in panel])
    constants = tuple(one.unique_id for one in panel if np.ptp(one.values) == 0)
    count, outliers = _outliers(panel, period)
    lengths = panel.lengths
    zero_share = float(np.mean(known == 0)) if len(known) else 0.0
    facts = {
        "shortest": int(lengths.min()),
        "zero_share": zero_share,
        "constants": constants,
        "outliers": count,
        "period": period,
    }
    return Diagnosis(
        series=len(panel),
        rows=int(lengths.sum()),
        shortest=int(lengths.min()),
        median_length=float(np.median(lengths)),
        longest=int(lengths.max()),
        start=show(min(one.index[0] for one in panel)),
        end=show(max(one.index[-1] for one in panel)),
        freq=panel.freq,
        freq_words=freq_words(panel.freq),
        season=period,
        seasons=seasons,
        sorted_rows=panel.repairs.sorted_rows,
        gaps=sum(_runs(~one.observed) for one in panel),
        longest_gap=panel.repairs.longest_gap,
        inserted=sum(int(one.inserted.sum()) for one in panel),
        filled=sum(int((~one.observed).sum()) for one in panel),
        duplicates=panel.repairs.duplicate_rows,
        constants=constants,
        outliers=count,
        first_outliers=outliers,
        trend=_trend(panel, period),
        sign=_sign(known),
        zero_share=round(zero_share, 4),
        notes=panel.repairs.notes,
        warnings=tuple(_warnings(panel, **facts)),
    )


def _runs(mask: np.ndarray) -> int:
    """Return the number of runs of True."""
    return int(np.sum(np.diff(np.concatenate([[False], mask]).astype(np.int8)) == 1))


def _outliers(panel: Panel, period: int) -> tuple[int, tuple[Outlier, ...]]:
    """Return how many outliers the panel has, and the farthest ones."""
    count, found = 0, []
    for one in panel:
        distance = _distances(one, period)
        far = np.flatnonzero(distance > _OUTLIER_MADS)
        count += len(far)
        for step in far[np.argsort(-distance[far], kind="stable")][:_MOST_LISTED]:
            found.append(
                Outlier(one.unique_id, show(one.index[step]), float(one.values[step]), round(float(distance[step]), 1))
            )
    return count, tuple(sorted(found, key=lambda outlier: -outlier.mads)[:_MOST_LISTED])


def _distances(one: Series, period: int) -> np.ndarray:
    """Return how far each known value is from both its past and its future, in robust standard deviations.

    The smaller of the two differences (one season back, one season ahead) counts: a level shift is far from one side
    only and no outlier, and a spike does not mark its own neighbours.
    """
    lag = period if len(one) > 2 * period else 1
    if len(one) < 2 * lag + 2:
        return np.zeros(len(one))
    difference = one.values[lag:] - one.values[:-lag]
    centred = difference - np.median(difference)
    # Rounding must not pass for spread: a series that repeats its season exactly has no outliers at 1e-14.
    smallest = 1e-9 * float(np.abs(one.values).max())
    scale = _MAD_TO_SIGMA * float(np.median(np.abs(centred)))
    if scale <= smallest:
        scale = _MEAN_TO_SIGMA * float(np.mean(np.abs(centred)))
    if scale <= smallest:
        return np.zeros(len(one))
    edge = np.full(lag, np.nan)
    before, after = np.concatenate([edge, centred]), np.concatenate([-centred, edge])
    # A spike stands out to the same side of both; at the ends only one neighbour is known.
    same_side = ~(before * after < 0)
    distance = np.where(same_side, np.fmin(np.abs(before), np.abs(after)), 0.0) / scale
    return np.where(one.observed, distance, 0.0)


def _trend(panel: Panel, period: int) -> str:
    """Return the trend in words: the median rank correlation between time and the means of blocks."""
    correlations = [_rank_correlation(one, period) for one in panel]
    known = np.array([value for value in correlations if np.isfinite(value)])
    if len(known) == 0:
        return "too short to tell a trend"
    middle = float(np.median(known))
    strength = "steady" if abs(middle) >= _STRONG_TREND else "moderate" if abs(middle) >= _WEAK_TREND else ""
    if not strength:
        mixed = len(known) > 1 and float(np.median(np.abs(known))) >= _WEAK_TREND
        return "trends of both directions" if mixed else "no clear trend"
    text = f"a {strength} {'rise' if middle > 0 else 'fall'}"
    return text if len(known) == 1 else f"{text} in the median series"


def _rank_correlation(one: Series, period: int) -> float:
    """Return Spearman's correlation between time and the block means of a series.

    Zero where it is within chance (5 %), NaN with fewer than four blocks.
    """
    size = period if period > 1 else max(1, len(one) // 20)
    blocks = len(one) // size
    if blocks < 4:
        return np.nan
    means = one.values[len(one) - blocks * size :].reshape(blocks, size).mean(axis=1)
    spread = float(np.ptp(means))
    # Blocks that differ by rounding only have no order.
    if spread <= 1e-9 * max(1.0, float(np.abs(means).max())):
        return 0.0
    ranks = np.argsort(np.argsort(means, kind="stable"), kind="stable")
    correlation = float(np.corrcoef(np.arange(blocks), ranks)[0, 1])
    return correlation if abs(correlation) > 1.96 / np.sqrt(blocks - 1) else 0.0


def _sign(known: np.ndarray) -> str:
    """Return the sign of the values in words."""
    if (known < 0).any():
        return "all negative" if (known < 0).all() else "some negative"
    return "none negative, some zero" if (known == 0).any() else "all positive"


def _warnings(
    panel: Panel, *, shortest: int, zero_share: float, constants: tuple[str, ...], outliers: int, period: int
) -> Iterator[str]:
    """Yield what may spoil a forecast, each sentence with a remedy."""
    rows = int(panel.lengths.sum())
    filled = sum(int((~one.observed).sum()) for one in panel)
    name = panel.shortest.unique_id
    if shortest < _FEW_ROWS:
        yield (
            f"Series {name!r} has only {shortest} rows: an LSTM seldom beats simple methods on so few. "
            "Give more history, or trust the baselines on the leaderboard."
        )
    if period > 1 and shortest < _FEW_CYCLES * period:
        yield (
            f"Series {name!r} covers {shortest / period:.1f} cycles of {period} steps: the season can hardly be "
            "learned and tested. Give more history, or set a smaller season."
        )
    if filled > 0.05 * rows:
        yield (
            f"{filled / rows:.0%} of the values are filled in: the loss and the metrics skip them, but windows see "
            "them. Find the missing values, or use a coarser frequency."
        )
    if panel.repairs.longest_gap > max(period, 1) and panel.repairs.longest_gap > 3:
        yield (
            f"The longest gap has {panel.repairs.longest_gap} steps and was filled with a straight line. "
            "Start the table behind it if it lies early."
        )
    if constants:
        listed = ", ".join(map(repr, constants[:5])) + (", ..." if len(constants) > 5 else "")
        yield f"{len(constants)} series never change ({listed}): there is nothing to learn. Drop them."
    if zero_share > _SPARSE_SHARE:
        yield (
            f"{zero_share:.0%} of the values are zero: the median forecast of such series tends to zero. "
            "Use a coarser frequency, and judge by the quantiles."
        )
    if outliers > max(3, 0.001 * rows):
        yield (
            f"{outliers} values stand far out (more than {_OUTLIER_MADS:g} robust standard deviations). "
            "Check the listed ones; leave cells empty where they are errors."
        )

"""The season: the period, in steps, at which a panel repeats itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gatewise.data.aliases import to_offset
from gatewise.data.panel import Panel

__all__ = ["Season", "candidate_seasons", "find_season", "find_seasons", "season_strength"]

_MOST_ROWS = 20_000
_MOST_SERIES = 50
_FEWEST_CYCLES = 3
# 99.9 % of random walks, integrated random walks' 99 %, autoregressions and white noise stay below 1.2 / sqrt(cycles)
# (simulated, 400 of each); a period picked out of all lags must pass a higher limit, for it had many tries.
_LIMIT, _PICKED_LIMIT, _PICKED_CYCLES = 1.2, 1.6, 4
_WEAKEST, _PICKED_WEAKEST = 0.15, 0.3
# A further season counts when this share of the series has it: chance alone gives one in a thousand.
_FURTHER_SHARE = 0.2
# A pattern that only repeats at every second cycle belongs to the double period.
_DOUBLE = 0.7
_DOMINANT = 0.5

_DAY_S = 86_400
_COMPANIONS = {24: (168,), 48: (336,), 96: (672,), 288: (2016,), 60: (1440,), 7: (365,)}


@dataclass(frozen=True)
class Season:
    """One cycle.

    Attributes:
        period: its length in steps.
        strength: how alike neighbouring cycles are, 0 to 1: the autocorrelation one period apart, after the trend (a
            moving average of one period) and the shorter seasons are taken away; the median over the series.
    """

    period: int
    strength: float


def candidate_seasons(freq: str | int) -> tuple[int, ...]:
    """Return the periods that the calendar suggests for a frequency, shortest first; none for integer steps.

    Example:
        >>> candidate_seasons("h"), candidate_seasons("30min"), candidate_seasons("W-SAT"), candidate_seasons(1)
        ((24, 168), (48, 336), (52,), ())
    """
    if isinstance(freq, int):
        return ()
    offset = to_offset(freq)
    base = str(offset.base.freqstr).partition("-")[0]
    yearly = {"MS": 12, "ME": 12, "BMS": 12, "BME": 12, "QS": 4, "QE": 4, "W": 52}.get(base, 0)
    if base == "D" and offset.n == 1:
        return (7, 365)
    if base == "B" and offset.n == 1:
        return (5, 261)
    if yearly:
        return (yearly // offset.n,) if yearly % offset.n == 0 and yearly // offset.n > 1 else ()
    if not isinstance(offset, pd.offsets.Tick):
        return ()
    step_s = pd.Timedelta(offset).total_seconds()
    cycles_s = (_DAY_S, 7 * _DAY_S) if step_s >= 300 else (3600, _DAY_S) if step_s >= 10 else (60, 3600)
    return tuple(int(cycle / step_s) for cycle in cycles_s if cycle % step_s == 0 and cycle > step_s)


def find_season(panel: Panel) -> int:
    """Return the period of the dominant season of `panel` in steps, 1 when nothing is seasonal.

    Example:
        >>> import numpy as np, pandas as pd
        >>> from gatewise.data.load import load_panel
        >>> steps = np.arange(240)
        >>> find_season(load_panel(pd.DataFrame({"t": steps, "y": np.sin(2 * np.pi * steps / 12) + 0.1 * steps})))
        12
    """
    seasons = find_seasons(panel)
    return seasons[0].period if seasons else 1


def find_seasons(panel: Panel) -> tuple[Season, ...]:
    """Find the seasons of `panel`, the dominant one first and the others by strength.

    The calendar's periods are tried first; where none holds, the highest peaks of the autocorrelation are. A period
    counts as a season when neighbouring cycles are more alike than those of random walks are: in the median series, or
    beside another season in a fifth of the series. Dominant is the shortest season with at least half the strength of
    the strongest. At most the last 20,000 rows of 50 series are looked at, and only rows of `panel`: hand in the
    training part to keep the future out.
    """
    stride = -(-len(panel) // _MOST_SERIES)
    samples = [one.values[-_MOST_ROWS:] for one in panel.series[::stride]]
    samples = [values for values in samples if np.ptp(values) > 0]
    if not samples:
        return ()
    found: list[Season] = []
    for period in candidate_seasons(panel.freq):
        found += _test(samples, period, _LIMIT, _WEAKEST, found)
    if not found:
        picked = [
            season for period in _peaks(samples) for season in _test(samples, period, _PICKED_LIMIT, _PICKED_WEAKEST)
        ]
        found = [_refine(samples, season) for season in _order(picked)[:1]]
        for period in _COMPANIONS.get(found[0].period, ()) if found else ():
            found += _test(samples, period, _LIMIT, _WEAKEST, found)
    return _order(found)


def season_strength(values: np.ndarray, period: int, shorter: Iterable[int] = ()) -> tuple[float, float]:
    """Return how alike cycles are one and two periods apart: autocorrelations, at most 1; NaN when too few cycles.

    Args:
        values: shape ``(time,)``, finite.
        period: the length of a cycle in steps.
        shorter: seasons whose own pattern is taken away first.

    Example:
        >>> import numpy as np
        >>> wave = np.tile([0.0, 1.0, 5.0, 1.0], 20)
        >>> [round(value, 3) for value in season_strength(wave, 4)]
        [1.0, 1.0]
    """
    if len(values) < _FEWEST_CYCLES * period:
        return np.nan, np.nan
    rest = _subtract_moving_mean(values - values.mean(), period, 1)
    for one in shorter:
        if one < period:
            rest = _subtract_moving_mean(rest, round(period / one), one)
    return _autocorrelation(rest, period), _autocorrelation(rest, 2 * period)


def _subtract_moving_mean(values: np.ndarray, count: int, stride: int) -> np.ndarray:
    """Return `values` minus the centred mean over `count` cells, `stride` apart; the ends without one are left out.

    An even `count` takes ``count + 1`` cells with half weight for the outer two, so that the mean stays centred.
    """
    half = count // 2
    reach = half * stride
    padded = np.concatenate([values, np.zeros(-len(values) % stride)]).reshape(-1, stride)
    total = np.cumsum(np.concatenate([np.zeros((1, stride)), padded]), axis=0)
    width = 2 * half + 1
    sums = (total[width:] - total[:-width]).ravel()[: max(0, len(values) - 2 * reach)]
    if count % 2 == 0:
        sums = sums - 0.5 * (values[: len(sums)] + values[2 * reach :])
    return values[reach : reach + len(sums)] - sums / count


def _autocorrelation(values: np.ndarray, lag: int) -> float:
    """Return the correlation about zero of `values` with themselves `lag` later; NaN when they hardly overlap."""
    early, late = values[:-lag], values[lag:]
    if len(values) - lag < lag // 4 + 2:
        return np.nan
    scale = float(np.sqrt(np.dot(early, early) * np.dot(late, late)))
    return float(np.dot(early, late)) / scale if scale > 0 else 0.0


def _test(
    samples: list[np.ndarray], period: int, limit: float, weakest: float, shorter: Sequence[Season] = ()
) -> list[Season]:
    """Return the season of `period` in a list when it holds beside the `shorter` ones, else an empty list."""
    enough = [values for values in samples if len(values) >= _FEWEST_CYCLES * period]
    if len(enough) < max(1, len(samples) / 3):
        return []
    pairs = np.array([season_strength(values, period, [one.period for one in shorter]) for values in enough])
    cycles = np.array([len(values) for values in enough]) / period
    once, twice = float(np.median(pairs[:, 0])), float(np.median(pairs[:, 1]))
    holds = _holds(
        np.append(pairs[:, 0], once),
        np.append(pairs[:, 1], twice),
        np.append(cycles, np.median(cycles)),
        limit,
        weakest,
    )
    if holds[-1] or (shorter and holds[:-1].mean() >= _FURTHER_SHARE):
        return [Season(int(period), round(min(once, 1.0), 4))]
    return []


def _holds(once: np.ndarray, twice: np.ndarray, cycles: np.ndarray, limit: float, weakest: float) -> np.ndarray:
    """Return which pairs of strengths, one and two periods apart, are more than chance; NaN in `twice` passes."""
    needed = np.maximum(weakest, limit / np.sqrt(cycles))
    return (once >= needed) & ~(twice < needed / 2) & ~(once < _DOUBLE * twice)


def _refine(samples: list[np.ndarray], season: Season) -> Season:
    """Return the season near `season` (10 % up or down) that is strongest over one and two periods together."""
    reach = season.period // 10
    nearby = range(season.period - reach, season.period + reach + 1, max(1, reach // 10))
    strengths = {
        period: np.nanmedian(
            [season_strength(values, period) for values in samples if len(values) >= 4 * period], axis=0
        )
        for period in nearby
        if max(map(len, samples)) >= 4 * period
    }
    if not strengths:
        return season
    best = max(strengths, key=lambda period: float(np.nan_to_num(strengths[period]).sum()))
    return Season(best, round(min(float(strengths[best][0]), 1.0), 4))


def _order(seasons: Sequence[Season]) -> tuple[Season, ...]:
    """Return `seasons` with the dominant one first and the others by strength."""
    if not seasons:
        return ()
    strongest = max(season.strength for season in seasons)
    dominant = min((s for s in seasons if s.strength >= _DOMINANT * strongest), key=lambda season: season.period)
    return (dominant, *sorted((s for s in seasons if s != dominant), key=lambda season: -season.strength))


def _peaks(samples: list[np.ndarray]) -> list[int]:
    """Return for every octave of lags the one where the mean autocorrelation of the samples peaks highest."""
    longest = max(len(values) for values in samples) // _PICKED_CYCLES
    peaks, top = [], 4
    while top // 2 < longest:
        bottom = top // 2
        known = [_lagged(values, top) for values in samples if len(values) >= _PICKED_CYCLES * bottom]
        mean = np.mean([one for one in known if len(one) == top + 2], axis=0) if known else np.zeros(0)
        if mean.ndim and len(mean) == top + 2:
            inner = mean[bottom : top + 1]
            local = (inner >= mean[bottom - 1 : top]) & (inner >= mean[bottom + 1 : top + 2])
            if local.any():
                peaks.append(bottom + int(np.argmax(np.where(local, inner, -np.inf))))
        top *= 2
    return [lag for lag in peaks if 2 <= lag <= longest]


def _lagged(values: np.ndarray, window: int) -> np.ndarray:
    """Return the autocorrelation at lags 0 to ``window + 1`` after a moving mean over `window` is taken away."""
    rest = _subtract_moving_mean(values - values.mean(), window, 1)
    if len(rest) < window + 3:
        return np.zeros(0)
    size = 1 << (len(rest) + window + 2 - 1).bit_length()
    power = np.abs(np.fft.rfft(rest, size)) ** 2
    covariance = np.fft.irfft(power, size)[: window + 2]
    # Divided by the number of pairs, so that long lags are not damped: their peaks would shift to shorter ones.
    covariance = covariance / (len(rest) - np.arange(window + 2))
    return covariance / covariance[0] if covariance[0] > 0 else np.zeros(window + 2)

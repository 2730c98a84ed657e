"""The framing of one window in plain Python: lists, one value at a time."""

from __future__ import annotations

import math
from statistics import median

from gatewise.architecture import Architecture


def plain_level(a: Architecture, window: list[float]) -> float:
    """Return what is subtracted from a window."""
    return {
        "none": 0.0,
        "last": window[-1],
        "mean": sum(window) / len(window),
        "season": sum(window[-a.season :]) / a.season,
        "median": median(window),
    }[a.normalise]


def plain_scale(a: Architecture, window: list[float]) -> float:
    """Return what a window is divided by: at least a ten-thousandth, so that a flat one is not blown up."""
    mean, middle = sum(window) / len(window), median(window)
    std = math.sqrt(sum((x - mean) ** 2 for x in window) / len(window))
    # 1.4826 times the median absolute deviation is the standard deviation of a normal distribution.
    mad = 1.4826022185056018 * median(abs(x - middle) for x in window)
    return {"none": 1.0, "std": max(std, 1e-4), "mad": mad if mad > 1e-4 else max(std, 1e-4)}[a.rescale]


def plain_base(a: Architecture, window: list[float], linear: list[list[float]]) -> list[float]:
    """Return what the network forecasts around."""
    level, scale = plain_level(a, window), plain_scale(a, window)
    made = []
    for ahead in range(a.horizon):
        if a.base == "none":
            made.append(level)
        elif a.base == "last":
            made.append(window[-1])
        elif a.base == "season":
            made.append(window[len(window) - a.season + ahead % a.season])
        elif a.base == "long-season":
            made.append(window[len(window) - a.long_season + ahead % a.long_season])
        elif a.base == "season-mean":
            made.append(_season_mean(window, a.season, ahead))
        elif a.base == "season-drift":
            made.append(_season_drift(window, a.season, ahead))
        else:
            terms = [linear[t][ahead] * (x - level) / scale for t, x in enumerate(window)]
            made.append(level + scale * (sum(terms) + linear[-1][ahead]))
    return made


def _season_drift(window: list[float], season: int, ahead: int) -> float:
    """Return the last season at this place, once more grown for each season ahead."""
    last, before = window[-season:], window[-2 * season : -season]
    growth = sum(last) / season - sum(before) / season
    return last[ahead % season] + growth * (1 + ahead // season)


def _season_mean(window: list[float], season: int, ahead: int) -> float:
    """Return the mean over the window's seasons of the deviation at this place, on the level of the last season."""
    deviations = []
    mean = 0.0
    for last in range(len(window), season - 1, -season):
        one = window[last - season : last]
        level = sum(one) / season
        deviations.append(one[ahead % season] - level)
        if last == len(window):
            mean = level
    return mean + sum(deviations) / len(deviations)

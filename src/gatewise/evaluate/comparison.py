"""Whether one forecast is better than another by more than chance, when errors depend on each other.

One error for each series and origin is compared: the mean absolute scaled error of that forecast. Errors of one origin
go together over the series (a shock hits all), and those of one series go together over the origins. So the variance of
the mean difference is the one that is robust to both: that of the means by origin, plus that of the means by series,
less that of single differences. Origins whose targets overlap are correlated as well, up to the lag at which they no
longer do; their variance has the correction for few observations.

Sources: Diebold and Mariano (1995), "Comparing predictive accuracy"; Harvey, Leybourne and Newbold (1997), "Testing the
equality of prediction mean squared errors", for the correction and Student's t; Cameron, Gelbach and Miller (2011),
"Robust inference with multiway clustering", for origins and series together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Comparison", "compare"]

FEW = 3
"""Fewer origins than this say nothing of how a difference varies over time."""

FEW_SERIES = 6
"""Fewer series than this say nothing of how a difference varies over series."""


@dataclass(frozen=True)
class Comparison:
    """How much smaller the error of a model is than that of another forecast.

    Attributes:
        against: the other forecast.
        improvement: ``1 - error / other error``: above 0 where the model is better.
        low: lower end of its 95 % interval, None where too little was seen to give one.
        high: upper end.
        p_value: two-sided, of no difference; None likewise.
        test: what was tested, as a sentence.
        decision: ``better`` or ``worse`` where the interval lies on one side of 0, else ``tie``.
    """

    against: str
    improvement: float
    low: float | None
    high: float | None
    p_value: float | None
    test: str

    @property
    def decision(self) -> str:
        """Whether the model is better, worse, or not told apart."""
        if self.low is None or self.high is None:
            return "tie"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "tie"


def compare(ours: np.ndarray, theirs: np.ndarray, *, against: str, overlap: int = 0) -> Comparison:
    """Compare the errors of two forecasts on the same origins.

    Args:
        ours: mean absolute error of each forecast in a unit that makes series comparable, NaN where there is none,
            shape ``(origin, series)``, origins in the order of time.
        theirs: of the other forecast, same shape, NaN at the same places.
        against: name of the other forecast.
        overlap: how many origins later targets still overlap, 0 for none.

    Example:
        >>> import numpy as np
        >>> found = compare(np.full((5, 1), 0.8), np.array([[1.0], [1.1], [0.9], [1.0], [1.0]]), against="drift")
        >>> round(found.improvement, 3), found.decision
        (0.2, 'better')
    """
    known = np.isfinite(ours) & np.isfinite(theirs)
    ours, theirs = (np.where(known, one, np.nan) for one in (ours, theirs))
    our, their = _mean_over_series(ours), _mean_over_series(theirs)
    if not their > 0:
        equal = not our > 0
        test = "The other forecast makes no error, so there is no share of it."
        return Comparison(against, 0.0 if equal else -math.inf, None, None, None, test)
    ratio = our / their
    spread = _spread((ours - ratio * theirs) / their, overlap)
    if spread is None:
        test = "There are too few origins and series for a test."
        return Comparison(against, 1 - ratio, None, None, None, test)
    error, freedom, test = spread
    from scipy.stats import t

    if error == 0:
        return Comparison(against, 1 - ratio, 1 - ratio, 1 - ratio, 1.0 if ratio == 1 else 0.0, test)
    reach = float(t.ppf(0.975, freedom)) * error
    p_value = float(2 * t.sf(abs(1 - ratio) / error, freedom))
    # No model saves more than the whole error.
    return Comparison(against, 1 - ratio, 1 - ratio - reach, min(1 - ratio + reach, 1.0), p_value, test)


def _mean_over_series(values: np.ndarray) -> float:
    """Return the mean over series of the means over origins."""
    count = np.isfinite(values).sum(axis=0)
    means = np.nansum(values, axis=0)[count > 0] / count[count > 0]
    return float(means.mean()) if len(means) else math.nan


def _spread(values: np.ndarray, overlap: int) -> tuple[float, int, str] | None:
    """Return the standard error of the mean, its degrees of freedom and a sentence; None where there is too little."""
    values = values[:, np.isfinite(values).any(axis=0)]
    values = values[np.isfinite(values).any(axis=1)]
    origins, series = values.shape
    # Each series counts the same, however many of its origins are known.
    weight = np.isfinite(values) / np.isfinite(values).sum(axis=0) / max(series, 1)
    shares = np.where(np.isfinite(values), values, 0.0) * weight
    by_origin = by_series = None
    if origins >= FEW + overlap:
        by_origin = _of_origins(shares.sum(axis=1), overlap)
    if series >= FEW_SERIES:
        sums = shares.sum(axis=0)
        by_series = float(((sums - sums.mean()) ** 2).sum()) * series / (series - 1)
    t_test = f"t test on {origins} origins (Diebold and Mariano, corrected by Harvey, Leybourne and Newbold)"
    if by_origin is not None and by_series is not None:
        single = float(((shares - shares.mean()) ** 2).sum()) * shares.size / max(shares.size - 1, 1)
        # The difference may come out too small, or negative, by chance: it is at least the larger of the two.
        variance = max(by_origin + by_series - single, by_origin, by_series)
        words = f"t test robust to dependence over {origins} origins and {series} series (Cameron, Gelbach and Miller)"
        return math.sqrt(variance), min(origins, series) - 1, f"A {words}."
    if by_origin is not None:
        return math.sqrt(by_origin), origins - 1, f"A {t_test}."
    if by_series is not None:
        words = f"t test over {series} series, which says nothing of other times than these"
        return math.sqrt(by_series), series - 1, f"A {words}."
    return None


def _of_origins(sums: np.ndarray, overlap: int) -> float:
    """Return the variance of a sum over origins, correlated over some lags, corrected for few of them."""
    count = len(sums)
    centred = sums - sums.mean()
    variance = float(centred @ centred)
    for lag in range(1, overlap + 1):
        variance += 2 * float(centred[lag:] @ centred[:-lag])
    # The truncated estimate may be negative; then that without the lags stands in, as is usual for this test.
    if variance <= 0:
        variance = float(centred @ centred)
    steps = overlap + 1
    correction = (count + 1 - 2 * steps + steps * (steps - 1) / count) / count
    return variance / max(correction, 1 / count)

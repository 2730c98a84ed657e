"""What the losses over rising learning rates say: where training is fast, and where it breaks down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RangeTest", "diverges", "read_curve"]

SMOOTHING = 0.9
"""Decay of the exponential mean over the steps."""

DIVERGED = 4.0
"""The smoothed loss over its minimum from which a training is called diverged.

Source: this and the mean with its bias corrected: Gugger (2018), "How do you find a good learning rate".
"""

BELOW_MINIMUM = 3.0
"""The suggestion is the rate of the lowest smoothed loss divided by this.

Of all readings of the curve it was the best on 13 tables (docs/log.md, 2026-11-25); the steepest descent, which Smith
reads, came out too low.
"""

LEAST_FALL, LEAD = 0.005, 10
"""Share of the loss over the first steps, and their number, by which it must fall for the curve to say anything."""


@dataclass(frozen=True)
class RangeTest:
    """The loss over rising learning rates, and what it suggests.

    Attributes:
        rates: learning rate of each step, rising.
        losses: loss on the batch after a step at that rate, over that of the untrained network on the same batch; mean
            over the seeds. It ends where a loss was not finite.
        smoothed: their bias-corrected exponential mean, up to where it diverged.
        steepest: rate at which the smoothed loss falls most steeply (over the logarithm of the rate); None for a curve
            that hardly falls.
        valley: rate half-way down the longest descent of the smoothed loss; None for a curve that hardly falls.
        minimum: rate of the lowest smoothed loss; None for a curve that hardly falls.
        diverges_at: rate from which the smoothed loss is above four times its minimum or not finite; None for none.
        seconds: duration.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float | None
    valley: float | None
    minimum: float | None
    diverges_at: float | None
    seconds: float = 0.0

    @property
    def suggestion(self) -> float | None:
        """The learning rate to train with: that of the lowest smoothed loss over `BELOW_MINIMUM`.

        It is no more than the highest stable one; None for a curve that says nothing.
        """
        if self.minimum is None:
            return None
        return min(self.minimum / BELOW_MINIMUM, self.highest_stable)

    @property
    def highest_stable(self) -> float:
        """A tenth of where it diverges, or the highest rate tried."""
        if self.diverges_at is not None:
            return self.diverges_at / 10
        return self.rates[-1] if self.rates else math.nan

    @property
    def table(self) -> pd.DataFrame:
        """The curve: a row per step with learning_rate, loss and smoothed."""
        import pandas as pd

        columns = {"learning_rate": self.rates, "loss": self.losses, "smoothed": self.smoothed}
        return pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in columns.items()})

    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints and ``lr-find.json`` keeps."""
        names = ("suggestion", "steepest", "valley", "minimum", "diverges_at", "highest_stable")
        return {
            **{name: getattr(self, name) for name in names},
            "advice": self.advice,
            "evidence": self.evidence,
            "seconds": round(self.seconds, 3),
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": list(self.smoothed),
        }

    @property
    def advice(self) -> str:
        """What to do, in a sentence."""
        if self.suggestion is None:
            return "This test has no learning rate to suggest: compare whole trainings instead, with 'gatewise sweep'."
        return f"Try learning_rate {self.suggestion:.2g}."

    @property
    def evidence(self) -> str:
        """What the curve shows, in a sentence."""
        if not self.rates:
            return "The test was stopped before its first step."
        if self.minimum is None or self.steepest is None:
            return (
                f"The loss hardly falls at any learning rate from {self.rates[0]:.2g} to {self.rates[-1]:.2g}: a few "
                "steps do not improve on what the network forecasts around."
            )
        end = (
            f"does not diverge up to {self.rates[-1]:.2g}"
            if self.diverges_at is None
            else f"diverges at {self.diverges_at:.2g}, so stay below {self.highest_stable:.2g}"
        )
        return (
            f"The loss falls by {1 - min(self.smoothed) / self.smoothed[0]:.0%}, most steeply at {self.steepest:.2g}, "
            f"and is lowest at {self.minimum:.2g}; training {end}."
        )


def read_curve(rates: Sequence[float] | np.ndarray, losses: Sequence[float] | np.ndarray, seconds: float) -> RangeTest:
    """Return what the losses over rising learning rates say.

    Args:
        rates: rising.
        losses: one for each, relative to those of the untrained network; NaN or infinite where training broke down.
        seconds: duration of the test.

    Example:
        >>> rates = np.geomspace(1e-4, 1.0, 41)
        >>> falls_and_blows_up = 1 - 0.5 / (1 + (1e-3 / rates) ** 2) + (rates / 0.1) ** 4
        >>> found = read_curve(rates, falls_and_blows_up, 0.0)
        >>> round(found.steepest, 4), round(found.minimum, 3), round(found.diverges_at, 2)
        (0.0016, 0.05, 0.2)
    """
    smoothed = _smooth(np.asarray(losses, np.float64))
    end = _divergence(smoothed)
    kept = smoothed[:end]
    known = np.asarray(rates, np.float64)
    curve = RangeTest(
        rates=tuple(known.tolist()),
        losses=tuple(np.asarray(losses, np.float64).tolist()),
        smoothed=tuple(kept.tolist()),
        steepest=None,
        valley=None,
        minimum=None,
        diverges_at=None if end is None else float(known[end]),
        seconds=seconds,
    )
    lowest = int(np.argmin(kept)) if len(kept) else 0
    if lowest < 2 or 1 - kept[lowest] / kept[: LEAD + 1].mean() < LEAST_FALL:
        return curve
    slopes = np.gradient(kept, np.log(known[: len(kept)]))
    return replace(
        curve,
        steepest=float(known[int(np.argmin(slopes[: lowest + 1]))]),
        valley=float(known[_valley(kept)]),
        minimum=float(known[lowest]),
    )


def diverges(losses: Sequence[float] | np.ndarray) -> bool:
    """Tell whether losses over rising learning rates have diverged."""
    return _divergence(_smooth(np.asarray(losses, np.float64))) is not None


def _smooth(losses: np.ndarray) -> np.ndarray:
    """Return the exponential mean with its bias corrected: ``m_k / (1 - decay^k)``."""
    mean, smoothed = 0.0, []
    for number, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * float(loss)
        smoothed.append(mean / (1 - SMOOTHING**number))
    return np.array(smoothed)


def _divergence(smoothed: np.ndarray) -> int | None:
    """Return the first place above `DIVERGED` times the minimum before it, or not finite; None for none."""
    finite = np.isfinite(smoothed)
    lowest = np.minimum.accumulate(np.where(finite, smoothed, np.inf))
    places = np.flatnonzero(~finite | (smoothed > DIVERGED * lowest))
    return int(places[0]) if len(places) else None


def _valley(smoothed: np.ndarray) -> int:
    """Return the place half-way down the middle third of the longest falling subsequence.

    Source: fastai (2021), ``fastai.callback.schedule.valley``.
    """
    length, before = [1] * len(smoothed), list(range(len(smoothed)))
    for later, value in enumerate(smoothed):
        for earlier in range(later):
            if smoothed[earlier] > value and length[earlier] + 1 > length[later]:
                length[later], before[later] = length[earlier] + 1, earlier
    last = int(np.argmax(length))
    descent = [last]
    while before[descent[-1]] != descent[-1]:
        descent.append(before[descent[-1]])
    return descent[::-1][len(descent) // 2]

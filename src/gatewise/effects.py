"""What a trick was worth: scores with and without it, paired by seed, as a mean with its spread and a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist, fmean, stdev
from typing import Any, Literal

__all__ = ["CONFIDENCE", "Effect", "Verdict", "t_quantile"]

Verdict = Literal["helped", "hurt", "unseen", "same", "unknown"]

CONFIDENCE = 0.9
"""A difference counts as seen where its t interval of this level leaves out 0."""

_T = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""Student's t quantiles at 95 % for 1 to 9 degrees of freedom: the ends of an interval of 90 %."""


def t_quantile(freedom: int) -> float:
    """Return Student's t quantile at 95 %.

    Source: Abramowitz and Stegun (1972), table 26.10; beyond it the expansion 26.7.5.

    Example:
        >>> t_quantile(2), round(t_quantile(30), 2)
        (2.92, 1.7)
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


@dataclass(frozen=True)
class Effect:
    """One trick, with it and without it, on the same validation origins.

    Attributes:
        trick: its name.
        used: whether the winner uses it; where not, the scores with it are those of the winner with a usual dose.
        what: what it is here, such as "dropout 0.3".
        seeds: of the paired trainings.
        scores_with: MASE on the validation part by seed, infinite where a training gave no usable model.
        scores_without: the same without the trick.
        note: why it was not tried; empty where it was.
    """

    trick: str
    used: bool
    what: str
    seeds: tuple[int, ...] = ()
    scores_with: tuple[float, ...] = ()
    scores_without: tuple[float, ...] = ()
    note: str = ""

    @cached_property
    def _pairs(self) -> list[tuple[float, float]]:
        pairs = zip(self.scores_with, self.scores_without, strict=True)
        return [pair for pair in pairs if all(map(math.isfinite, pair))]

    @cached_property
    def _gains(self) -> list[float]:
        return [without - with_ for with_, without in self._pairs]

    @property
    def worth(self) -> float:
        """MASE that the trick takes away: mean of score without minus score with; NaN where there is no pair."""
        return fmean(self._gains) if self._gains else math.nan

    @property
    def error(self) -> float:
        """Standard error of the worth over the seeds; NaN with fewer than two pairs."""
        return stdev(self._gains) / math.sqrt(len(self._gains)) if len(self._gains) > 1 else math.nan

    @property
    def _unit(self) -> float:
        """The mean score without the trick, of which percents are taken; NaN where there is none above 0."""
        return (fmean(without for _, without in self._pairs) or math.nan) if self._pairs else math.nan

    @property
    def percent(self) -> float:
        """The worth in % of the error without the trick."""
        return 100 * self.worth / self._unit

    @property
    def percent_error(self) -> float:
        """Standard error of the worth in % of the error without the trick."""
        return 100 * self.error / self._unit

    @property
    def reach(self) -> float:
        """Half of the interval around the worth, in MASE."""
        return self.error * t_quantile(len(self._gains) - 1) if len(self._gains) > 1 else math.nan

    @property
    def lost_with(self) -> int:
        """Trainings with the trick that gave no usable model."""
        return sum(not math.isfinite(score) for score in self.scores_with)

    @property
    def lost_without(self) -> int:
        """Trainings without it that gave none."""
        return sum(not math.isfinite(score) for score in self.scores_without)

    @property
    def verdict(self) -> Verdict:
        """What the seeds can tell."""
        if self.lost_with != self.lost_without:
            return "hurt" if self.lost_with > self.lost_without else "helped"
        if len(self._gains) < 2:
            return "unknown"
        if not any(self._gains):
            return "same"
        if abs(self.worth) <= self.reach:
            return "unseen"
        return "helped" if self.worth > 0 else "hurt"

    @property
    def sentence(self) -> str:
        """What the trick was worth, in words."""
        name, seeds = f"{self.trick[0].upper()}{self.trick[1:]}", len(self.seeds)
        if self.note:
            return f"{name}: not tried, {self.note}"
        if not seeds:
            return f"{name}: not used" if not self.used else f"{name}: stopped before any pair of trainings was done"
        if self.lost_with != self.lost_without:
            side, lost = ("without", self.lost_without) if self.verdict == "helped" else ("with", self.lost_with)
            return f"{name}: {lost} of {seeds} trainings {side} it gave no usable model"
        scores = f"MASE {_mean(self.scores_with):.4g} with it, {_mean(self.scores_without):.4g} without"
        size = f"{abs(self.percent):.1f} % ± {self.percent_error:.1f} %"
        match self.verdict:
            case "helped":
                return f"{name} {'was' if self.used else 'would be'} worth {size} ({scores})"
            case "hurt" if self.used:
                return f"{name} hurt: without it the error is {size} smaller ({scores})"
            case "hurt":
                return f"{name} would hurt: with it the error is {size} larger ({scores})"
            case "same":
                return f"{name} made no difference at all: the scores are the same to the last digit"
            case "unseen":
                made = "made" if self.used else "would make"
                found = f"{self.percent:.1f} % ± {self.percent_error:.1f} %".replace("-0.0 ", "0.0 ")
                return f"{name} {made} no difference that {seeds} seeds can see ({found})"
            case _:
                return f"{name}: {len(self._gains)} usable pair of trainings, too few to tell"

    def to_dict(self) -> dict[str, Any]:
        """Return what ``ablation.json`` keeps of it."""
        return {
            "trick": self.trick,
            "used": self.used,
            "what": self.what,
            "verdict": self.verdict if self.seeds else None,
            "worth": self.worth,
            "error": self.error,
            "percent": self.percent,
            "percent_error": self.percent_error,
            "seeds": list(self.seeds),
            "scores_with": list(self.scores_with),
            "scores_without": list(self.scores_without),
            "sentence": self.sentence,
        }


def _mean(scores: tuple[float, ...]) -> float:
    known = [score for score in scores if math.isfinite(score)]
    return fmean(known) if known else math.nan

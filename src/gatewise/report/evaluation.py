"""What an evaluation and an audit found, as plain data: every model judged on the same test origins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.report.folder import Moment

__all__ = [
    "METRICS", "Audit", "Check", "Comparison", "Errors", "Evaluation", "Interval", "LagCopy", "LeftOut", "ModelScore",
    "Optimism", "calibration_words", "others_best", "ranked", "wins",
]  # fmt: skip

METRICS = ("MASE", "RMSSE", "sMAPE", "WAPE", "bias", "RMSE", "MAE", "pinball", "CRPS", "seconds")
"""Metrics of a model, in the order of the leaderboard."""

NEAR = 0.05
"""Difference between promised and held share that is never called wrong."""


@dataclass(frozen=True)
class ModelScore:
    """A model's metrics over the test origins, by their names in `METRICS`; None where one is undefined.

    WAPE and bias are shares of the sum of the absolute truths; a positive bias is forecasts that are too high.
    """

    model: str
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class LeftOut:
    """A model that was not tried or gave nothing, and why."""

    model: str
    why: str


@dataclass(frozen=True)
class Interval:
    """How often a model's interval held the truth.

    Attributes:
        model: whose interval.
        level: what it promises, in %.
        coverage: share of the truths inside, 0-1.
        width: mean width in the data's units.
        truths: truths that were compared.
        by_step: coverage at each step of the horizon.
    """

    model: str
    level: int
    coverage: float | None
    width: float | None
    truths: int | None
    by_step: tuple[float | None, ...]


@dataclass(frozen=True)
class Errors:
    """MASE of every model on one series or from one origin.

    Attributes:
        name: the series' name, or the origin's time stamp.
        models: MASE by model.
    """

    name: Moment
    models: dict[str, float | None]


@dataclass(frozen=True)
class Comparison:
    """Gatewise beside the best other model: a test and what it decides.

    Attributes:
        against: the other model.
        improvement: share of its error that Gatewise saves; negative where Gatewise is worse.
        low: lower end of the improvement's confidence interval.
        high: its upper end.
        p_value: of the test, 0-1.
        test: a sentence that names the test.
        decision: better, tie or worse.
    """

    against: str
    improvement: float | None
    low: float | None
    high: float | None
    p_value: float | None
    test: str
    decision: str


@dataclass(frozen=True)
class LagCopy:
    """The forecast looks like the truth some steps late."""

    steps: int | None
    message: str


@dataclass(frozen=True)
class Optimism:
    """How much better validation looked than the test.

    Attributes:
        validation: MASE on the validation part.
        test: MASE on the test part.
        configurations: configurations that validation chose among.
        seed_spread: standard deviation of MASE over seeds, None when it was not measured.
        message: a sentence.
    """

    validation: float | None
    test: float | None
    configurations: int | None
    seed_spread: float | None
    message: str


@dataclass(frozen=True)
class Evaluation:
    """All models on the test origins.

    Attributes:
        season: period in steps that MASE is scaled by.
        horizon: steps forecast.
        origins: test origins of a series.
        series: number of series.
        models: metrics by model, best first.
        left_out: models that are missing.
        intervals: coverage and width by model and level.
        by_step: mean absolute error at each step, by model.
        by_series: MASE by series.
        by_origin: MASE by origin, in time.
        comparison: Gatewise beside the best other model, None when nothing could be compared.
        recommended: the model to use; empty when unknown.
        lag_copy: None when the forecast does not copy the past.
        optimism: None when unknown.
    """

    season: int | None
    horizon: int | None
    origins: int | None
    series: int | None
    models: tuple[ModelScore, ...]
    left_out: tuple[LeftOut, ...]
    intervals: tuple[Interval, ...]
    by_step: dict[str, tuple[float | None, ...]]
    by_series: tuple[Errors, ...]
    by_origin: tuple[Errors, ...]
    comparison: Comparison | None
    recommended: str
    lag_copy: LagCopy | None
    optimism: Optimism | None


@dataclass(frozen=True)
class Check:
    """One check of an audit: None where it could not be made."""

    name: str
    passed: bool | None
    detail: str


@dataclass(frozen=True)
class Audit:
    """What ``gatewise audit`` found.

    Attributes:
        passed: whether every check passed.
        line: the sentence for the report.
        checks: one by one.
        date: when it was made, as the file has it.
    """

    passed: bool
    line: str
    checks: tuple[Check, ...]
    date: str


def ranked(evaluation: Evaluation) -> str:
    """Return the metric that ranks the models: MASE, or MAE where a model has no MASE."""
    return "MASE" if all(score.metrics["MASE"] is not None for score in evaluation.models) else "MAE"


def others_best(evaluation: Evaluation) -> str | None:
    """Return what Gatewise is set against: the comparison's model, or the first other one."""
    if evaluation.comparison is not None:
        return evaluation.comparison.against
    return next((score.model for score in evaluation.models if score.model != "gatewise"), None)


def wins(rows: Sequence[Errors], other: str) -> tuple[int, int]:
    """Return on how many rows Gatewise has the smaller MASE, and on how many both have one.

    Example:
        >>> wins([Errors("a", {"gatewise": 1.0, "drift": 2.0}), Errors("b", {"gatewise": None, "drift": 1.0})], "drift")
        (1, 1)
    """
    pairs = [(row.models.get("gatewise"), row.models.get(other)) for row in rows]
    known = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return sum(ours < theirs for ours, theirs in known), len(known)


def calibration_words(interval: Interval) -> str:
    """Return whether an interval holds what it promises, in a word.

    The margin is two standard errors of a share over independent truths, at least 5 percentage points. Truths of
    neighbouring steps are not independent, so it is rather too small than too large.

    Example:
        >>> calibration_words(Interval("gatewise", 80, 0.79, 3.2, 130, ())), calibration_words(
        ...     Interval("gatewise", 95, 0.70, 3.2, 130, ()))
        ('as promised', 'too narrow')
    """
    if interval.coverage is None or not interval.truths:
        return "unknown"
    promised = interval.level / 100
    margin = max(NEAR, 2 * math.sqrt(promised * (1 - promised) / interval.truths))
    off = interval.coverage - promised
    return "as promised" if abs(off) <= margin else "too wide" if off > 0 else "too narrow"

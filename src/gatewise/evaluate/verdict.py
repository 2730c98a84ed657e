"""The verdict in words: whether the LSTM earned its place beside the forecasts that cost nothing."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd

from gatewise.evaluate.columns import MODEL
from gatewise.evaluate.comparison import Comparison

__all__ = ["Verdict", "judged_by", "verdict"]

TIE = 0.01
"""Scores closer than this, relatively, count as equal: no victory is claimed over a rounding."""


class Verdict(NamedTuple):
    """What a backtest comes to.

    Attributes:
        text: one to three sentences.
        decision: ``better``, ``tie`` or ``worse``, as the test has it.
        recommended: the model or the best baseline, by the name of its column.
    """

    text: str
    decision: str
    recommended: str


def judged_by(board: pd.DataFrame) -> str:
    """Return the metric that decides: MASE, or MAE where a constant series leaves no MASE."""
    return "MASE" if bool(board["MASE"].notna().all()) else "MAE"


def verdict(board: pd.DataFrame, found: Comparison, origins: int, series: int) -> Verdict:
    """Return whether the LSTM earned its place.

    A victory is claimed only where the interval of the improvement lies above 0. The recommended forecast is the one
    with the smaller error, and the baseline, which is free, where both are within a hundredth of each other.

    Args:
        board: as `leaderboard` returns it.
        found: the model beside the best baseline.
        origins: test origins per series.
        series: number of series.

    Example:
        >>> import pandas as pd
        >>> board = pd.DataFrame({"model": ["gatewise", "last_value"], "MASE": [0.8, 1.0], "MAE": [8.0, 10.0]})
        >>> found = Comparison("last_value", 0.2, 0.12, 0.28, 0.001, "A test.")
        >>> made = verdict(board, found, origins=5, series=1)
        >>> made.text.partition(", by")[0], made.recommended
        ('Gatewise beats last value, the best baseline', 'gatewise')
    """
    metric = judged_by(board)
    scores: dict[str, float] = dict(zip(board["model"], board[metric], strict=True))
    ours, theirs, name = scores[MODEL], scores[found.against], _named(found.against)
    where = f"on {origins} origin{'s' * (origins != 1)}" + (f" of {series} series" if series > 1 else "")
    measured = f"{metric} {ours:.3g} against {theirs:.3g}"
    decision = found.decision
    if decision != "tie" and math.isclose(ours, theirs, rel_tol=TIE, abs_tol=1e-12):
        decision = "tie"
    if decision == "better":
        by = f"{100 * found.improvement:.0f} % (95 % interval {_interval(found)}; {measured})"
        return Verdict(f"Gatewise beats {name}, the best baseline, by {by} {where}.", decision, MODEL)
    if decision == "worse":
        text = f"Do not use the LSTM here: {name} is better and free ({measured.replace(' against ', ' against its ')})"
        return Verdict(f"{text} {where}.", decision, found.against)
    if ours >= theirs * (1 - TIE):
        equal = math.isclose(ours, theirs, rel_tol=TIE, abs_tol=1e-12)
        how = "is as good and free" if equal else "has the smaller error and is free"
        text = f"Do not use the LSTM here: {name} {how} ({measured}) {where}."
        return Verdict(text, decision, found.against)
    doubt = "so few cannot tell it from chance; more origins (tune --test-windows, backtest --windows) would say more"
    if found.low is not None:
        doubt = f"that may be chance: the 95 % interval is {_interval(found)}"
    text = (
        f"No clear winner: Gatewise's error is {100 * found.improvement:.0f} % below that of {name}, the best baseline"
    )
    return Verdict(f"{text} ({measured}) {where}, but {doubt}.", decision, MODEL)


def _named(baseline: str) -> str:
    """Return a baseline's name within a sentence."""
    return "the linear model" if baseline == "linear" else baseline.replace("_", " ")


def _interval(found: Comparison) -> str:
    low, high = (f"{100 * (one or 0.0):.0f}" for one in (found.low, found.high))
    return f"{low} to {high} %"

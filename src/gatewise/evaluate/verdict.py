"""The verdict in words: whether the LSTM earned its place beside the forecasts that cost nothing."""

from __future__ import annotations

import math

import pandas as pd

from gatewise.evaluate.backtest import MODEL

__all__ = ["verdict"]

TIE = 0.01
"""Scores closer than this, relatively, count as equal: no victory is claimed over a rounding."""
FEW_ORIGINS = 3
"""With fewer test origins over all series the verdict says that it rests on little."""


def verdict(board: pd.DataFrame, origins: int, series: int) -> str:
    """Return one or two sentences on a leaderboard.

    Args:
        board: as `leaderboard` returns it.
        origins: test origins per series.
        series: number of series.

    Example:
        >>> import pandas as pd
        >>> board = pd.DataFrame({"model": ["gatewise", "last_value"], "MASE": [0.8, 1.0], "MAE": [8.0, 10.0]})
        >>> verdict(board, origins=5, series=1)
        'Gatewise beats last value, the best baseline, by 20% (MASE 0.8 against 1) on 5 origins.'
    """
    metric = "MASE" if bool(board["MASE"].notna().all()) else "MAE"
    scores: dict[str, float] = dict(zip(board["model"], board[metric], strict=True))
    ours = scores.pop(MODEL)
    best = min(scores, key=lambda model: scores[model])
    theirs, name = scores[best], best.replace("_", " ")
    on = f"on {origins} origin{'s' * (origins != 1)}" + (f" of {series} series" if series > 1 else "")
    if math.isclose(ours, theirs, rel_tol=TIE, abs_tol=1e-12):
        text = f"The LSTM is no better than {name} here ({metric} {ours:.3g} against {theirs:.3g}) {on}."
    elif ours < theirs:
        share = f"{100 * (1 - ours / theirs):.0f}%"
        text = f"Gatewise beats {name}, the best baseline, by {share} ({metric} {ours:.3g} against {theirs:.3g}) {on}."
    else:
        text = f"Do not use the LSTM here: {name} is better and free ({metric} {theirs:.3g} against {ours:.3g}) {on}."
    if origins * series < FEW_ORIGINS:
        text += " So few origins are weak evidence; more --test-windows would say more."
    return text

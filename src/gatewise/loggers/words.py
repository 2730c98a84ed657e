"""What logs have in common: the names of what is measured, and settings as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gatewise.train.fit import Epoch

__all__ = ["SCORE", "as_text", "leaderboard_scores", "measures"]

SCORE = "score"
"""Name of a trial's, and of the ensemble's, mean absolute scaled error on the validation part."""

NAMES = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "learning_rate": "learning_rate",
    "gradient_norm": "gradient/mean_norm",
    "largest_norm": "gradient/largest_norm",
    "clipped": "gradient/clipped",
    "update_ratio": "update_ratio",
    "seconds": "seconds",
}
"""What an epoch measured: the fields of `Epoch`, and what logs call and group them by."""


def measures(epoch: Epoch) -> dict[str, float]:
    """Return what an epoch measured, by the names that logs have for it; what is not finite is left out.

    Example:
        >>> measures(Epoch(1, 0.5, math.nan, 0.01, 1.0, 2.0, 0.0, 0.003, 1.5))  # doctest: +NORMALIZE_WHITESPACE
        {'loss/train': 0.5, 'learning_rate': 0.01, 'gradient/mean_norm': 1.0, 'gradient/largest_norm': 2.0,
         'gradient/clipped': 0.0, 'update_ratio': 0.003, 'seconds': 1.5}
    """
    facts = asdict(epoch)
    named = {shown: facts[name] for name, shown in NAMES.items()}
    return {name: value for name, value in named.items() if math.isfinite(value)}


def leaderboard_scores(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of a run's leaderboard, one name for each metric and model.

    Example:
        >>> leaderboard_scores({"leaderboard": [{"model": "last_value", "MASE": 1.5, "MAE": 76.0}]})
        {'test_MASE/last_value': 1.5, 'test_MAE/last_value': 76.0}
    """
    return {
        f"test_{metric}/{row['model']}": value
        for row in summary["leaderboard"]
        for metric, value in row.items()
        if isinstance(value, float) and math.isfinite(value)
    }


def as_text(value: Any) -> str:
    """Return a setting as text.

    Example:
        >>> as_text((64, 32)), as_text(None), as_text(0.5)
        ('64,32', 'unset', '0.5')
    """
    return ",".join(map(str, value)) if isinstance(value, tuple) else "unset" if value is None else str(value)

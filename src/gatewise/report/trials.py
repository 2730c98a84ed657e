"""The trials of a run, as ``trials.csv`` has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gatewise.report.folder import finite, whole

__all__ = ["UNUSABLE", "TrialRow", "trial_rows"]

UNUSABLE = ("diverged", "failed")
"""Statuses of trials without a usable model."""

FACTS = ("number", "status", "score", "best_epoch", "epochs", "train_loss", "val_loss", "seconds", "message")
"""Columns that are no settings."""


@dataclass(frozen=True)
class TrialRow:
    """One trial; None where a cell is empty or not finite.

    Attributes:
        number: from 0.
        status: early-stopped, epoch-limit, interrupted, diverged or failed.
        score: validation MASE.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        train_loss: training loss of the best epoch.
        val_loss: validation loss of the best epoch.
        seconds: duration.
        message: one sentence on how it ended.
        settings: the varied settings.
    """

    number: int
    status: str
    score: float | None
    best_epoch: int | None
    epochs: int | None
    train_loss: float | None
    val_loss: float | None
    seconds: float | None
    message: str
    settings: dict[str, Any]


def trial_rows(table: pd.DataFrame) -> tuple[TrialRow, ...]:
    """Return the trials of a table, by their number."""
    if "number" not in table:
        return ()
    rows = []
    for row in table.sort_values("number", kind="stable").to_dict("records"):
        varied = {str(name): _value(value) for name, value in row.items() if name not in FACTS}
        status = str(row.get("status", ""))
        rows.append(
            TrialRow(
                number=int(row["number"]),
                status=status,
                score=None if status in UNUSABLE else finite(row.get("score")),
                best_epoch=whole(row.get("best_epoch")),
                epochs=whole(row.get("epochs")),
                train_loss=finite(row.get("train_loss")),
                val_loss=finite(row.get("val_loss")),
                seconds=finite(row.get("seconds")),
                message=str(row.get("message", "")),
                settings={name: value for name, value in varied.items() if value is not None},
            )
        )
    return tuple(rows)


def _value(value: Any) -> Any:
    """Return a cell of a varied setting: a whole number as one, None for an empty cell."""
    if isinstance(value, float):
        return None if pd.isna(value) else int(value) if value.is_integer() else value
    return str(value) if str(value).strip() else None

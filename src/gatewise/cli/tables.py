"""What several commands show on a terminal, and where they write."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

__all__ = ["free_folder", "leaderboard_table"]

METRICS = ("MASE", "RMSSE", "sMAPE", "RMSE", "MAE", "bias")
"""Metrics of the leaderboard that a terminal has room for."""


def free_folder(folder: Path) -> Path:
    """Return a folder's path, with a counter behind it where there are results already."""
    path, counter = folder, 2
    while path.is_dir() and any(path.iterdir()):
        path, counter = folder.with_name(f"{folder.name}-{counter}"), counter + 1
    return path


def leaderboard_table(leaderboard: pd.DataFrame, title: str) -> Table:
    """Return a leaderboard as a table for the terminal, the model in bold; bias in percent."""
    from rich.table import Table

    board = Table(title=title, title_justify="left")
    board.add_column("model")
    for metric in METRICS:
        board.add_column(metric, justify="right")
    for row in leaderboard.to_dict("records"):
        cells = [_written(metric, float(row[metric])) for metric in METRICS]
        board.add_row(str(row["model"]), *cells, style="bold" if row["model"] == "gatewise" else "")
    return board


def _written(metric: str, value: float) -> str:
    """Return a metric as text, a dash where it is undefined."""
    if math.isnan(value):
        return "–"
    return f"{100 * value:+.1f} %" if metric == "bias" else f"{value:.4g}"

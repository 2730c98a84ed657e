"""The series and the sizes that the forecasts of `latency.py` start from."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["HORIZON", "ROWS", "UNITS", "WINDOW", "frame"]

ROWS, WINDOW, HORIZON, UNITS = 2000, 96, 24, 64


def frame(rows: int) -> pd.DataFrame:
    """Return an hourly series with a daily cycle as a long table."""
    time = np.arange(rows)
    noise = np.random.default_rng(0).standard_normal(rows)
    values = 10 + 3 * np.sin(2 * np.pi * time / 24) + 0.3 * noise
    stamps = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.DataFrame({"unique_id": "one", "ds": stamps, "y": values})

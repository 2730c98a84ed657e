"""Small series made from formulas."""

import numpy as np
import pandas as pd

from gatewise.data.panel import Panel, Series, fill


def seasonal_values(length: int = 160, season: int = 12, seed: int = 0) -> np.ndarray:
    """Return a rising seasonal series with a little noise."""
    time = np.arange(length)
    noise = np.random.default_rng(seed).standard_normal(length)
    return 100 + 0.5 * time + 10 * np.sin(2 * np.pi * time / season) + noise


def series_of(values: np.ndarray, name: str = "y", freq: str = "MS") -> Series:
    """Return a series whose NaN values stand filled."""
    observed = np.isfinite(values)
    index = pd.date_range("2000-01-01", periods=len(values), freq=freq)
    return Series(name, index, fill(values), observed, np.zeros_like(observed))


def panel_of_values(*values: np.ndarray, freq: str = "MS") -> Panel:
    """Return a panel of one series per array."""
    named = [series_of(one, f"s{number}", freq) for number, one in enumerate(values)]
    return Panel(tuple(named), freq)

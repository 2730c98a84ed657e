"""Small runs on tables of different kinds, to be audited."""

from pathlib import Path

import numpy as np
import pandas as pd

import gatewise
from gatewise.experiment import run
from gatewise.planning import plan
from gatewise.runs.store import RunFolder
from tests.panels import seasonal_values

QUICK = {
    "horizon": 6, "hidden": (4,), "epochs": 2, "window": 12, "patch": 12, "windows_per_epoch": 64, "val_windows": 4,
    "test_windows": 3, "calendar": (), "normalise": "mean", "decoding": "direct",
}  # fmt: skip
TEST = 18
"""Steps of the test part of these settings."""


def gappy_table() -> pd.DataFrame:
    """Return one monthly series with empty cells and absent rows; the first test origin stands in a gap."""
    values = seasonal_values(168)
    values[[5, 40, 41, 100, 155]] = np.nan
    values[168 - TEST - 2 : 168 - TEST + 2] = np.nan
    months = pd.date_range("2000-01-01", periods=168, freq="MS").strftime("%Y-%m")
    return pd.DataFrame({"month": months, "sales": values}).drop([20, 70, 160])


def unequal_table() -> pd.DataFrame:
    """Return series of different lengths, one of them too short to be trained on, one that begins in the test part."""
    lengths = {"a": 160, "b": 120, "c": 90, "short": 30, "late": 12}
    days = pd.date_range("2024-01-01", periods=160)
    parts = [
        pd.DataFrame({"ds": days[160 - length :], "shop": name, "y": seasonal_values(160, 7, seed)[160 - length :]})
        for seed, (name, length) in enumerate(lengths.items())
    ]
    return pd.concat(parts, ignore_index=True)


def covariate_table() -> pd.DataFrame:
    """Return two shops with past covariates (numbers with gaps, categories), a price known ahead, and a static size."""
    draw, parts = np.random.default_rng(0), []
    for shop, size in (("north", 1.0), ("south", 3.0)):
        price, heat = draw.normal(size=150), draw.normal(size=150)
        heat[[10, 60, 149 - TEST, 140]] = np.nan
        mood = draw.choice(["calm", "busy", ""], 150)
        sales = 20 * size - 3 * price + seasonal_values(150, 7)
        columns = {"ds": pd.date_range("2024-01-01", periods=150), "shop": shop, "y": sales}
        parts.append(pd.DataFrame(columns | {"price": price, "heat": heat, "mood": mood, "size": size}))
    return pd.concat(parts, ignore_index=True)


COVARIATES = {"id": "shop", "target": "y", "past": "heat,mood", "future": "price", "static": "size"}


def tuned(folder: Path, table: pd.DataFrame, **settings) -> Path:
    """Write a table and a run on it, a search of three trials, and return the run's folder."""
    table.to_csv(folder / "table.csv", index=False)
    settings = {"vary": "learning_rate,dropout", "trials": 3, "base": "season", **QUICK, **settings}
    gatewise.tune(folder / "table.csv", out=folder / "run", **settings)
    return folder / "run"


def fitted(folder: Path, table: pd.DataFrame, **settings) -> Path:
    """Write a run on a panel without its table, a fit of the preset's framings, and return the run's folder."""
    made = plan("fit", gatewise.load_panel(table), {**QUICK, **settings})
    run(made, RunFolder(folder / "run"))
    return folder / "run"

"""A synthetic run folder with every file that a run writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gatewise.architecture import architecture_of
from gatewise.artifact import Saved, save_model
from gatewise.configuration import write_toml
from gatewise.data.features import fit_encoder
from gatewise.data.panel import Panel, Series
from gatewise.data.scaling import fit_scaler
from gatewise.ensemble import Ensemble
from gatewise.fitted import Fitted
from gatewise.model.network import parameter_count
from gatewise.settings import Settings

HORIZON, SEASON, ORIGINS, STEPS = 4, 7, 3, 60

FREQS: dict[str, str | int] = {"daily": "D", "zoned": "h", "integer": 1}

TRIALS = """\
number,status,score,best_epoch,epochs,train_loss,val_loss,seconds,message,hidden,batch_size,learning_rate,schedule,decay_rate,dropout
0,epoch-limit,1.0,5,5,0.50,0.60,2.0,reached the limit of 5 epochs,16,16,0.001,constant,0.5,0.0
1,early-stopped,0.8,3,5,0.40,0.50,4.0,no better for 2 epochs,"64,32",32,0.003,step,0.5,0.1
2,early-stopped,0.9,2,4,0.30,0.55,1.0,no better for 2 epochs,"64,32",128,0.002,step,0.7,0.2
3,diverged,,0,2,,,0.5,diverged at epoch 2 with learning_rate 0.03: try learning_rate 0.003,64,256,0.03,cosine,0.5,0.0
4,early-stopped,1.2,4,6,0.35,0.65,1.5,no better for 2 epochs,64,256,0.01,cosine,0.5,0.3
"""

Builder = Callable[..., Path]


def index_of(kind: str, steps: int) -> pd.Index:
    """Return a daily, hourly and zoned, or integer index."""
    if kind == "integer":
        return pd.RangeIndex(steps)
    if kind == "zoned":
        return pd.date_range("2026-03-28", periods=steps, freq="h", tz="Europe/Berlin")
    return pd.date_range("2026-01-01", periods=steps, freq="D")


def write_tables(folder: Path, ids: list[str], index: pd.Index) -> None:
    """Write forecast.csv, backtest.csv and leaderboard.csv with errors that are known by construction.

    The truth is 10; Gatewise is off by its step, the seasonal naive by 2 and the last value by 4, times the number of
    the series from 1. The 80 % interval reaches 2.5 to both sides.
    """
    stamps = [stamp if isinstance(stamp, int) else stamp.isoformat() for stamp in index.tolist()]
    forecast, backtest = [], []
    for place, name in enumerate(ids, start=1):
        for step in range(HORIZON):
            y = 10.0 + step
            forecast.append([name, stamps[STEPS + step], y, y - 1, y + 1, y - 2, y + 2])
        for origin in range(ORIGINS):
            start = STEPS - (ORIGINS - origin) * HORIZON
            for step in range(HORIZON):
                made = 10.0 + (step + 1) * place
                row = [name, stamps[start + step], stamps[start - 1], 10.0, made, made - 2.5, made + 2.5]
                backtest.append([*row, 10.0 + 4 * place, 10.0 + 2 * place])
    bounds = [f"gatewise-{side}-{level}" for level in (80, 95) for side in ("lo", "hi")]
    pd.DataFrame(forecast, columns=["unique_id", "ds", "gatewise", *bounds]).to_csv(
        folder / "forecast.csv", index=False
    )
    columns = ["unique_id", "ds", "cutoff", "y", "gatewise", *bounds[:2], "last_value", "seasonal_naive"]
    pd.DataFrame(backtest, columns=columns).to_csv(folder / "backtest.csv", index=False)
    (folder / "leaderboard.csv").write_text(
        "model,MASE,sMAPE,RMSE,MAE\ngatewise,0.85,12.5,1.5,1.25\nseasonal_naive,1.02,11.0,2.5,2.0\nlast_value,,30,5,4\n"
    )


def write_model(folder: Path, ids: list[str], kind: str) -> None:
    """Write model/ with weights of zero, and one filled value in each history."""
    settings = Settings.of(window=8, horizon=HORIZON, season=SEASON, hidden=(2,))
    series = []
    for place, name in enumerate(ids):
        values = 10.0 + place + np.sin(np.arange(STEPS))
        observed = np.ones(STEPS, dtype=bool)
        observed[-2] = False
        series.append(Series(name, index_of(kind, STEPS), values, observed, ~observed))
    panel = Panel(tuple(series), freq=FREQS[kind])
    weights = np.zeros(parameter_count(architecture_of(settings)), dtype=np.float32)
    scaler = fit_scaler(panel, "none")
    fitted = Fitted(settings, weights, tuple(ids), scaler, fit_encoder(panel))
    residuals = np.ones((1, 5, HORIZON), dtype=np.float32)
    model = Ensemble((fitted,), None, tuple(ids), np.ones(len(ids)), residuals)
    save_model(folder / "model", Saved(model, panel))


def summary_of(command: str) -> dict[str, Any]:
    """Return summary.json."""
    return {
        "gatewise_version": "0.1.0",
        "command": command,
        "run_folder": "runs/shop",
        "interrupted": False,
        "seconds": 75.5,
        "horizon": HORIZON,
        "season": SEASON,
        "trials": {"finished": 5, "diverged": 1, "failed": 0},
        "best": {
            "trial": 1,
            "score": 0.8,
            "best_epoch": 3,
            "status": "early-stopped",
            "message": "no better for 2 epochs",
            "settings": {"hidden": [64, 32], "batch_size": 32, "learning_rate": 0.003},
        },
        "leaderboard": [],
        "verdict": "Gatewise beats seasonal naive, the best baseline, by 17 % on 3 origins.",
        "reasons": ["window 14: 2 seasons"],
        "notes": ["the test rows were never seen by training, scaling or search."],
    }


def data_of(ids: list[str]) -> dict[str, Any]:
    """Return data.json."""
    return {
        "name": "shop",
        "fingerprint": "0123456789abcdef" * 4,
        "columns": {"time": "day", "target": ["sales"], "id": None},
        "freq": "D",
        "season": SEASON,
        "series": len(ids),
        "rows": STEPS * len(ids),
        "repairs": {"rows": 58, "sorted_rows": True, "filled_values": 3, "longest_gap": 2, "notes": ["guessed 'day'"]},
        "diagnosis": {"outliers": 2, "seasons": [{"period": 7, "strength": 0.9}], "warnings": ["Only 60 rows."]},
    }


def write_events(folder: Path, trials: int) -> None:
    """Write events.jsonl: trial k clips a share of k / 10 in each of five epochs; the refit clips everything."""
    lines = [
        {
            "trial": trial,
            "epoch": epoch,
            "train_loss": 1.0 / epoch,
            "val_loss": None if trial == "refit" else 1.0 / epoch + 0.1 * abs(epoch - 3),
            "learning_rate": 0.003 / epoch,
            "gradient_norm": 0.5,
            "largest_norm": 2.0 + epoch,
            "clipped": 1.0 if isinstance(trial, str) else trial / 10,
            "seconds": 0.1,
        }
        for trial in (*range(trials), "refit")
        for epoch in range(1, 6)
    ]
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    """Return a function that writes a run folder and returns it."""

    def write(
        command: str = "tune", ids: tuple[str, ...] = ("north",), index: str = "daily", model: bool = False, **said: Any
    ) -> Path:
        folder, names = tmp_path / "run", list(ids)
        folder.mkdir(exist_ok=True)
        stamps = index_of(index, STEPS + HORIZON)
        write_tables(folder, names, stamps)
        write_events(folder, 1 if command == "fit" else 5)
        trials = TRIALS.splitlines(keepends=True)
        (folder / "trials.csv").write_text("".join(trials[:2] if command == "fit" else trials))
        (folder / "run.toml").write_text(write_toml(Settings.of(horizon=HORIZON, season=SEASON, window=14)))
        (folder / "best.toml").write_text(write_toml(Settings.of(horizon=HORIZON, season=SEASON, window=14)))
        document = summary_of(command)
        if command == "fit":
            document["best"] = {**document["best"], "trial": 0, "score": 1.0, "best_epoch": 5}
        (folder / "summary.json").write_text(json.dumps({**document, **said}))
        (folder / "data.json").write_text(json.dumps(data_of(names)))
        if model:
            write_model(folder, names, index)
        return folder

    return write

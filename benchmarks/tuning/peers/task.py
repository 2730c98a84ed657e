"""What the peers of the search benchmark share: the task, the windows of the table, and notes of progress."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["Task", "asked", "finish"]

EPOCHS, PATIENCE = 30, 5


@dataclass(frozen=True)
class Task:
    """A search to make.

    Attributes:
        table: CSV with the columns date and co2.
        validation: weeks at its end that judge a trial.
        trials: of the search.
        folder: for what the search keeps; one that holds a search is gone on with.
        tuner: ``random`` or ``bayesian``.
        seed: of the search.
    """

    table: str
    validation: int
    trials: int
    folder: str
    tuner: str = "random"
    seed: int = 0

    def values(self) -> np.ndarray:
        """Return the series in ppm."""
        return pd.read_csv(self.table, float_precision="round_trip")["co2"].to_numpy()

    def scaling(self) -> tuple[float, float]:
        """Return lowest value and range of the training part."""
        train = self.values()[: -self.validation]
        return float(train.min()), float(np.ptp(train))

    def windows(self, window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return training inputs and targets, then those of the validation part, scaled to 0-1 on the training part.

        Inputs have the shape (window, step, 1), targets (window, 1), both float32. The validation part is the same
        weeks for any window; its first inputs lie in the training part.
        """
        low, range_ = self.scaling()
        scaled = ((self.values() - low) / range_).astype(np.float32)
        view = np.lib.stride_tricks.sliding_window_view(scaled, window + 1)
        inputs, targets = view[:, :-1, None], view[:, -1:]
        cut = len(view) - self.validation
        return inputs[:cut], targets[:cut], inputs[cut:], targets[cut:]

    def rmse(self, scaled: np.ndarray) -> float:
        """Return the RMSE in ppm of scaled forecasts of the validation part."""
        low, range_ = self.scaling()
        return float(np.sqrt(np.mean((scaled.ravel() * range_ + low - self.values()[-self.validation :]) ** 2)))

    def note(self, trial: int | str, **what: object) -> None:
        """Append a line on a trial: ``epoch=3``, or ``finished=True``."""
        with (Path(self.folder) / "progress.jsonl").open("a", encoding="utf-8") as notes:
            notes.write(json.dumps({"trial": trial, **what}) + "\n")


def asked() -> Task:
    """Return the task on the command line; its notes begin here, after the imports."""
    task = Task(**json.loads(sys.argv[1]))
    Path(task.folder).mkdir(parents=True, exist_ok=True)
    (Path(task.folder) / "progress.jsonl").touch()
    return task


def finish(rmse: float, *libraries: str) -> None:
    """Print what the benchmark reads: the RMSE of the best trial in ppm, and the versions."""
    print(json.dumps({"rmse": rmse, "versions": {name: metadata.version(name) for name in libraries}}))

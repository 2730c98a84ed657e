"""What every peer is given, and the frame that it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

__all__ = ["LONGEST_WINDOW", "Task", "write"]

LONGEST_WINDOW = 720


@dataclass(frozen=True)
class Task:
    """One model on one table.

    Attributes:
        model: its name, and that of its column.
        table: Parquet file with ``unique_id, ds, y``; `ds` counts the rows of each series from 0.
        out: Parquet file to write.
        horizon: steps to forecast.
        season: in steps.
        test_rows: behind the first origin; no peer trains on them.
        validation: rows before the test part, to choose and to stop on.
        stride: steps from one origin to the next.
        seconds: that training and search may take together.
        quick: a smoke run of a few steps.
        squared: True where the table is judged by squared errors.
        refitted: False where the weights must rest on the training part alone, without the validation part.
    """

    model: str
    table: str
    out: str
    horizon: int
    season: int
    test_rows: int
    validation: int
    stride: int
    seconds: float
    quick: bool
    squared: bool
    refitted: bool

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The whole table without gaps; a gap in the test part takes the value before it, never one behind it."""

        def filled(values: pd.Series) -> pd.Series:
            seen = values.iloc[: -self.test_rows].interpolate(limit_direction="both")
            return pd.concat([seen, values.iloc[-self.test_rows :]]).ffill()

        table = pd.read_parquet(self.table)
        return table.assign(y=table.groupby("unique_id", sort=False)["y"].transform(filled))

    @cached_property
    def series(self) -> dict[str, np.ndarray]:
        """Values by name."""
        return {str(name): group.to_numpy() for name, group in self.frame.groupby("unique_id", sort=False)["y"]}

    @property
    def distances(self) -> range:
        """Steps from each origin to the end of a series, the oldest first."""
        return range(self.test_rows, self.horizon - 1, -self.stride)

    @cached_property
    def window(self) -> int:
        """Steps that a peer without a rule of its own sees: two seasons or horizons, as far as the series allow."""
        lengths = [len(values) - self.test_rows for values in self.series.values()]
        room = (int(np.median(lengths)) - self.validation - self.horizon) // 2
        return max(min(2 * max(self.season, self.horizon), LONGEST_WINDOW, min(lengths), room), 1)

    def from_origins(self, forecast: Callable[[np.ndarray, int], np.ndarray], window: int) -> pd.DataFrame:
        """Return the frame of a model that maps histories to forecasts.

        Args:
            forecast: takes histories ``(origin, window)`` and the number of the series; gives ``(origin, horizon)``.
            window: steps of a history.
        """
        frames = []
        for number, (name, values) in enumerate(self.series.items()):
            stops = len(values) - np.array(self.distances)
            made = forecast(values[stops[:, None] + np.arange(-window, 0)], number)
            steps = stops[:, None] + np.arange(self.horizon)
            columns = {"ds": steps.ravel(), "cutoff": np.repeat(stops - 1, self.horizon), self.model: made.ravel()}
            frames.append(pd.DataFrame({"unique_id": name, **columns}))
        return pd.concat(frames, ignore_index=True)


def write(task: Task, frame: pd.DataFrame) -> None:
    """Write ``unique_id, ds, cutoff, y`` and the model's column; the truth comes from the table."""
    truth = pd.read_parquet(task.table)
    frame = frame.loc[:, ["unique_id", "ds", "cutoff", task.model]].astype({"unique_id": "str"})
    frame.merge(truth, on=["unique_id", "ds"], how="left").to_parquet(task.out, index=False)

"""The origins of a backtest: where each forecast starts, what it may see, and what came."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from gatewise.data.panel import Panel, Series

__all__ = ["Origins"]


@dataclass(frozen=True)
class Origins:
    """Origins at the same distances from the end of every series.

    Forecasts, truths and histories come origin by origin, and within one series by series.

    Attributes:
        panel: the series, each longer than the largest distance.
        distances: steps between each origin and the end of a series, at least a horizon, the oldest first.
        horizon: steps to forecast.
    """

    panel: Panel
    distances: tuple[int, ...]
    horizon: int

    @classmethod
    def of(cls, panel: Panel, distances: tuple[int, ...], horizon: int) -> Origins:
        """Return the origins of those series that are long enough to have them."""
        return cls(panel.longer_than(max(distances, default=0)), distances, horizon)

    def __len__(self) -> int:
        return len(self.distances) * len(self.panel)

    @cached_property
    def each(self) -> list[tuple[Series, int]]:
        """Every series with the steps that lie before the origin."""
        return [(one, len(one) - distance) for distance in self.distances for one in self.panel]

    @property
    def histories(self) -> list[np.ndarray]:
        """The values up to each origin, gaps filled from before it alone, shape ``(time,)`` each."""
        return [one.before(len(one) - stop, stop) for one, stop in self.each]

    @cached_property
    def truth(self) -> np.ndarray:
        """What came, NaN where nothing was observed, shape ``(origin, horizon)``."""
        parts = [(one, slice(stop, stop + self.horizon)) for one, stop in self.each]
        return np.array([np.where(one.observed[part], one.values[part], np.nan) for one, part in parts]).reshape(
            -1, self.horizon
        )

    def table(self) -> pd.DataFrame:
        """Return the rows of a backtest: ``unique_id, ds, cutoff, y``, and whether the row is no invention of ours.

        The last column, ``given``, is False for rows that the table did not have (inserted time stamps).
        """
        ahead = [(one, slice(stop, stop + self.horizon)) for one, stop in self.each]
        return pd.DataFrame(
            {
                "unique_id": np.repeat([one.unique_id for one, _ in self.each], self.horizon),
                "ds": stack([one.index[part] for one, part in ahead]),
                "cutoff": stack([one.index[[stop - 1]] for one, stop in self.each]).repeat(self.horizon),
                "y": self.truth.reshape(-1),
                "given": np.concatenate([~one.inserted[part] for one, part in ahead]),
            }
        )


def stack(parts: list[pd.Index]) -> pd.Index:
    """Return several indices as one."""
    return parts[0].append(parts[1:])

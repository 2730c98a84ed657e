"""The closed-form linear baseline: one ridge regression over the normalised windows of all series.

Source: Zeng et al. (2023), "Are Transformers effective for time series forecasting?", whose linear models are hard to
beat; Toner and Darlow (2024), "An analysis of linear time series forecasting models", for the closed form.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewise.architecture import Architecture, architecture_of
from gatewise.data.panel import Panel
from gatewise.data.scaling import fit_scaler
from gatewise.data.windows import flatten, pad_index, training_windows
from gatewise.model.recipe import normaliser
from gatewise.settings import Settings
from gatewise.train.ridge import fit_linear

__all__ = ["LinearBaseline"]


LEAST_WINDOW = 20
"""Steps that the window has at least."""


class LinearBaseline:
    """A linear forecast of the steps ahead from a window that is normalised by its own level and spread.

    Args:
        panel: what it is fitted on: rows before the first origin.
        settings: resolved ones; horizon and season count. The window is no setting of the networks, so that a baseline
            is the same beside all of them.

    Raises:
        ValueError: when the panel has no window to fit on.
    """

    def __init__(self, panel: Panel, settings: Settings):
        season = settings.season or 1
        plain = Settings.of(
            window=_window(max(map(len, panel)), season, settings.horizon or 1),
            horizon=settings.horizon,
            season=season,
            long_season=1,
            normalise="last" if season == 1 else "season",
            rescale="std",
            base="linear",
        )
        self._architecture: Architecture = architecture_of(plain)
        a = self._architecture
        flat = flatten(panel, fit_scaler(panel, "standard", "none"))
        windows = training_windows(flat, a.window, a.horizon, 0, a.season)
        if len(windows) == 0:
            raise ValueError(f"no series holds a window of {a.window} and a horizon of {a.horizon} steps")
        self._coefficients = fit_linear(a, flat, windows).astype(np.float64)

    def forecast(self, histories: Sequence[np.ndarray]) -> np.ndarray:
        """Return forecasts from the end of each history, shape ``(history, horizon)``.

        Each history counts in its own standard deviation, as the series that the regression was fitted on did: what is
        a flat window does not depend on the unit of the data.
        """
        a = self._architecture
        units = np.array([one.std() or 1.0 for one in histories])[:, None]
        windows = np.array([one[pad_index(a.window, len(one), a.season)] for one in histories]).reshape(-1, a.window)
        windows = (windows / units).T
        level, scale = normaliser(a, windows)
        inputs = np.concatenate([(windows - level) / scale, np.ones_like(level)])
        return units * (level + scale * (self._coefficients.T @ inputs)).T


def _window(rows: int, season: int, horizon: int) -> int:
    """Return the steps of whole seasons: at least two of them, two horizons and `LEAST_WINDOW` steps.

    A short series has less: a quarter of it, but one season.

    Example:
        >>> _window(2000, 52, 26), _window(300, 1, 6), _window(100, 24, 48)
        (104, 20, 24)
    """
    wanted = max(2 * season, 2 * horizon, LEAST_WINDOW)
    return season * max(min(-(-wanted // season), rows // (4 * season)), 1)

"""Scaling of a whole series, fitted on its training part and undone on the forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewise.data.panel import Panel, Series

__all__ = ["Scaler", "fit_scaler"]

NORMAL_IQR = 1.3489795003921634
"""Interquartile range of the standard normal, so that robust scaling matches the standard one on normal data."""


@dataclass(frozen=True, eq=False)
class Scaler:
    """One affine map per series: ``scaled = (value - center) / scale``.

    Attributes:
        center: float64, shape ``(series,)``, in the user's units.
        scale: float64, shape ``(series,)``, in the user's units, never 0.
    """

    center: np.ndarray
    scale: np.ndarray

    def take(self, series: list[int]) -> Scaler:
        """Return the scaler of some of the series, in the order given."""
        return Scaler(self.center[series], self.scale[series])

    def apply(self, values: np.ndarray, series: int) -> np.ndarray:
        """Return the scaled values of one series."""
        return (values - self.center[series]) / self.scale[series]

    def undo(self, scaled: np.ndarray, series: np.ndarray) -> np.ndarray:
        """Return forecasts in the user's units.

        Args:
            scaled: shape ``(window, horizon)``.
            series: number of the series that each window belongs to, shape ``(window,)``.
        """
        return scaled.astype(np.float64) * self.scale[series, None] + self.center[series, None]


def fit_scaler(panel: Panel, kind: str) -> Scaler:
    """Fit a scaler on the observed values of every series of `panel`, which must be the training part only.

    Args:
        panel: the training part.
        kind: ``minmax`` maps the range to 0-1, ``standard`` uses mean and standard deviation, ``robust`` median and
            interquartile range, ``none`` leaves the values as they are. A constant series keeps a scale of 1.
    """
    pairs = np.array([_center_and_scale(one, kind) for one in panel], dtype=np.float64)
    return Scaler(center=pairs[:, 0], scale=pairs[:, 1])


def _center_and_scale(series: Series, kind: str) -> tuple[float, float]:
    values = series.values[series.observed]
    if kind == "none" or len(values) == 0:
        return 0.0, 1.0
    if kind == "minmax":
        center, scale = float(values.min()), float(values.max() - values.min())
    elif kind == "robust":
        low, center, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
        # Most values may be equal (a sparse series); the standard deviation then still tells the scale.
        scale = (high - low) / NORMAL_IQR or float(values.std())
    else:
        center, scale = float(values.mean()), float(values.std())
    # A spread that is only rounding error is a constant series, too.
    return center, scale if scale > 1e-9 * max(abs(center), 1e-300) else 1.0

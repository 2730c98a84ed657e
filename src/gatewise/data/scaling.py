"""Transform and scaling of a whole series, fitted on its training part and undone on the forecast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from gatewise.data.panel import Panel, Series

__all__ = ["Scaler", "fit_scaler"]

NORMAL_IQR = 1.3489795003921634
"""Interquartile range of the standard normal, so that robust scaling matches the standard one on normal data."""

LAMBDAS = np.linspace(0.0, 1.0, 11)
"""Box-Cox exponents tried: the way back of a negative one has a pole, above 1 the transform bends the other way."""

SMALLEST = 1e-6
"""Smallest value that a logarithm sees, in units of the series."""

LARGEST_LOG, LARGEST_ASINH = float(np.log(1e5)), 20.0
"""Largest transformed value on the way back: no forecast is beyond a hundred thousand times the series' mean size, or
some hundred million times its median deviation."""


@dataclass(frozen=True, eq=False)
class Scaler:
    """A transform and an affine map per series: ``scaled = (transform(value) - center) / scale``.

    The transform of a series is ``log(x)``, ``(x^lambda - 1) / lambda`` or ``asinh(x)`` of ``x = (value - shift) /
    unit``.

    Attributes:
        center: float64, shape ``(series,)``, in transformed units.
        scale: same shape, in transformed units, never 0.
        transform: none, log, boxcox or asinh, for all series.
        shift: same shape, in the user's units.
        unit: same shape, in the user's units, never 0.
        exponent: lambda of each series, same shape.
    """

    center: np.ndarray
    scale: np.ndarray
    transform: str
    shift: np.ndarray
    unit: np.ndarray
    exponent: np.ndarray

    def take(self, series: list[int]) -> Scaler:
        """Return the scaler of some of the series, in the order given."""
        return self._each(lambda array: array[series])

    def put(self, at: int, other: Scaler, series: int) -> None:
        """Replace the map of one series by that of a series of another scaler, in place."""
        for name, array in self.arrays().items():
            array[at] = other.arrays()[name][series]

    def _each(self, change: Callable[[np.ndarray], np.ndarray]) -> Scaler:
        return replace(self, **{name: change(array) for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the numbers of all series by their names."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "transform"}

    def apply(self, values: np.ndarray, series: int) -> np.ndarray:
        """Return the scaled values of one series."""
        x = (values - self.shift[series]) / self.unit[series]
        return (_forward(self.transform, x, self.exponent[series]) - self.center[series]) / self.scale[series]

    def undo(self, scaled: np.ndarray, series: np.ndarray) -> np.ndarray:
        """Return forecasts in the user's units.

        Args:
            scaled: shape ``(window, ..., horizon)``.
            series: number of the series that each window belongs to, shape ``(window,)``.
        """
        each = (slice(None), *(None for _ in scaled.shape[1:]))
        center, scale, shift, unit, exponent = (
            array[series][each] for array in (self.center, self.scale, self.shift, self.unit, self.exponent)
        )
        return _backward(self.transform, scaled.astype(np.float64) * scale + center, exponent) * unit + shift


def _forward(transform: str, x: np.ndarray, exponent: float) -> np.ndarray:
    if transform == "asinh":
        return np.arcsinh(x)
    if transform == "none":
        return x
    # Values behind the training part may fall below everything that it held.
    x = np.maximum(x, SMALLEST)
    return np.log(x) if transform == "log" or exponent == 0 else (x**exponent - 1) / exponent


def _backward(transform: str, z: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    if transform == "asinh":
        return np.sinh(np.clip(z, -LARGEST_ASINH, LARGEST_ASINH))
    if transform == "none":
        return z
    logarithm = np.clip(z, -LARGEST_LOG, LARGEST_LOG)
    if transform == "log":
        return np.exp(logarithm)
    safe = np.where(exponent == 0, 1.0, exponent)
    power = np.log(np.maximum(safe * z + 1, SMALLEST)) / safe
    return np.exp(np.clip(np.where(exponent == 0, logarithm, power), -LARGEST_LOG, LARGEST_LOG))


def fit_scaler(panel: Panel, kind: str, transform: str = "none") -> Scaler:
    """Fit a scaler on the observed values of every series of `panel`, which must be the training part only.

    Args:
        panel: the training part.
        kind: ``minmax`` maps the range to 0-1, ``standard`` uses mean and standard deviation, ``robust`` median and
            interquartile range, ``none`` leaves the values as they are. A constant series keeps a scale of 1.
        transform: ``log``, ``boxcox`` (with the exponent of largest likelihood, each series its own) or ``asinh``
            before that. Values are divided by the series' mean absolute value first; where a series to be logged holds
            zeros or negative values, it is shifted so that its smallest becomes 1 % of that.

    Source: Box and Cox (1964), "An analysis of transformations", for the exponent.
    """
    rows = np.array([_parts(one, kind, transform) for one in panel], dtype=np.float64).reshape(len(panel), 5)
    center, scale, shift, unit, exponent = rows.T
    return Scaler(center.copy(), scale.copy(), transform, shift.copy(), unit.copy(), exponent.copy())


def _parts(series: Series, kind: str, transform: str) -> tuple[float, float, float, float, float]:
    """Return center, scale, shift, unit and exponent of one series."""
    values = series.values[series.observed]
    shift, unit, exponent = 0.0, 1.0, 1.0
    if transform != "none" and len(values):
        unit = float(np.abs(values).mean()) or 1.0
        if transform == "asinh":
            shift = float(np.median(values))
            unit = float(np.median(np.abs(values - shift))) or unit
        elif values.min() <= 0:
            shift = float(values.min()) - 0.01 * unit
        x = (values - shift) / unit
        exponent = _best_exponent(x) if transform == "boxcox" else 0.0
        values = _forward(transform, x, exponent)
    return *_center_and_scale(values, kind), shift, unit, exponent


def _best_exponent(x: np.ndarray) -> float:
    """Return the Box-Cox exponent with the largest likelihood of normal values."""
    logarithms = np.log(np.maximum(x, SMALLEST))
    likelihood = [
        (exponent - 1) * logarithms.sum()
        - 0.5 * len(x) * np.log(max(float(_forward("boxcox", x, exponent).var()), 1e-300))
        for exponent in LAMBDAS.round(2)
    ]
    return float(LAMBDAS.round(2)[int(np.argmax(likelihood))])


def _center_and_scale(values: np.ndarray, kind: str) -> tuple[float, float]:
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

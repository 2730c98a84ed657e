"""Losses on the error of a forecast, written once for NumPy and JAX arrays alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["HUBER_DELTA", "LOSSES", "absolute", "huber", "loss_of", "pinball", "squared"]

HUBER_DELTA = 1.0
"""Error at which the Huber loss turns from squared to absolute, in units of the scaled series."""


def squared(error: Any) -> Any:
    """Return ``e^2``."""
    return error * error


def absolute(error: Any) -> Any:
    """Return ``|e|``."""
    return abs(error)


def huber(error: Any) -> Any:
    """Return ``e^2 / 2`` up to delta and ``delta * (|e| - delta / 2)`` beyond.

    Source: Huber (1964), "Robust estimation of a location parameter".
    """
    size = abs(error)
    inner = size.clip(max=HUBER_DELTA)
    return inner * (size - 0.5 * inner)


def pinball(error: Any, quantile: Any) -> Any:
    """Return twice the pinball loss of forecasts of a quantile, so that the median's is the absolute error.

    Args:
        error: forecast minus truth.
        quantile: level, in (0, 1), broadcast against `error`.

    Source: Koenker and Bassett (1978), "Regression quantiles".

    Example:
        >>> pinball(3.0, 0.5), round(pinball(1.0, 0.9), 2), round(pinball(-1.0, 0.9), 2)
        (3.0, 0.2, 1.8)
    """
    return abs(error) + (1 - 2 * quantile) * error


LOSSES: dict[str, Callable[[Any], Any]] = {"mse": squared, "mae": absolute, "huber": huber, "mase": absolute}
"""Loss of a point forecast per element by the name it has in the settings; with mase each series weighs in its own."""


def loss_of(kind: str, quantiles: tuple[float, ...] = ()) -> Callable[[Any], Any]:
    """Return the loss per element of errors of shape ``(quantile, horizon, batch)``, one quantile for a point."""
    if kind != "quantile":
        return LOSSES[kind]
    levels = np.array(quantiles, np.float32)[:, None, None]
    return lambda error: pinball(error, levels)

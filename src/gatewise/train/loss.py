"""Losses on the error of a forecast, written once for NumPy and JAX arrays alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["HUBER_DELTA", "LOSSES", "absolute", "huber", "squared"]

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


LOSSES: dict[str, Callable[[Any], Any]] = {"mse": squared, "mae": absolute, "huber": huber}
"""Loss per element by the name it has in the settings."""

"""The framing of a window: what is normalised, what the network forecasts around, and how all of it is undone.

The functions take NumPy and JAX arrays alike: the closed-form linear base is fitted with the former.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gatewise.architecture import Architecture

__all__ = ["Framed", "frame", "normaliser", "padded_index", "unframe"]

SMALLEST_SCALE = 1e-4
"""Smallest scale of a window, in units of the scaled series, so that a flat window is not blown up."""

NORMAL_MAD = 1.4826022185056018
"""Standard deviation of a normal distribution in units of its median absolute deviation."""


class Framed(NamedTuple):
    """A batch of windows as the network sees it, and what is needed to undo the framing.

    Attributes:
        inputs: normalised values, shape ``(time, batch)``.
        base: what is added to the forecast, shape ``(horizon, batch)``.
        scale: what the network's output is multiplied by, shape ``(1, batch)``.
    """

    inputs: Any
    base: Any
    scale: Any


def frame(architecture: Architecture, window: Any, linear: Any = None) -> Framed:
    """Frame a batch of windows.

    Args:
        architecture: names the normalisation and the base.
        window: values of the scaled series, shape ``(time, batch)``, oldest first.
        linear: coefficients of the linear base, shape ``(time + 1, horizon)``, the intercept last; read with base
            linear only.
    """
    level, scale = normaliser(architecture, window)
    inputs = (window - level) / scale
    if architecture.base == "linear":
        base = level + scale * (linear[:-1].T @ inputs + linear[-1][:, None])
    else:
        base = _base(architecture, window, level)
    return Framed(inputs, base, scale)


def unframe(framed: Framed, outputs: Any) -> Any:
    """Return forecasts in the scaled series' units.

    Args:
        framed: what `frame` returned.
        outputs: the network's, shape ``(..., horizon, batch)``.
    """
    before = (None,) * (outputs.ndim - 2)
    return framed.base[before] + framed.scale[before] * outputs


def normaliser(architecture: Architecture, window: Any) -> tuple[Any, Any]:
    """Return level and scale of each window, each of shape ``(1, batch)``."""
    numpy = window.__array_namespace__()
    one = numpy.ones_like(window[:1])
    match architecture.normalise:
        case "last":
            level = window[-1:]
        case "mean":
            level = window.mean(axis=0, keepdims=True)
        case "season":
            level = window[-architecture.season :].mean(axis=0, keepdims=True)
        case "median":
            level = numpy.median(window, axis=0, keepdims=True)
        case _:
            level = 0 * one
    match architecture.rescale:
        case "std":
            scale = window.std(axis=0, keepdims=True)
        case "mad":
            middle = numpy.median(window, axis=0, keepdims=True)
            scale = NORMAL_MAD * numpy.median(numpy.abs(window - middle), axis=0, keepdims=True)
            # Most values may be equal (a sparse series, a padded window); the standard deviation then tells the scale.
            scale = numpy.where(scale > SMALLEST_SCALE, scale, window.std(axis=0, keepdims=True))
        case _:
            return level, one
    return level, numpy.maximum(scale, SMALLEST_SCALE)


def _base(architecture: Architecture, window: Any, level: Any) -> Any:
    """Return what the network forecasts around, shape ``(horizon, batch)``."""
    numpy = window.__array_namespace__()
    horizon, season = architecture.horizon, architecture.season
    ahead = numpy.arange(horizon)
    match architecture.base:
        case "last":
            return numpy.broadcast_to(window[-1:], (horizon, window.shape[1]))
        case "season":
            return window[-season + ahead % season]
        case "long-season":
            return window[-architecture.long_season + ahead % architecture.long_season]
        case "season-drift":
            last, before = window[-season:], window[-2 * season : -season]
            growth = (last - before).mean(axis=0, keepdims=True)
            return last[ahead % season] + growth * (1 + ahead // season).astype(growth.dtype)[:, None]
        case "season-mean":
            seasons = len(window) // season
            each = window[len(window) - seasons * season :].reshape(seasons, season, -1)
            means = each.mean(axis=1, keepdims=True)
            # The shape of a season is the mean of all in the window; its level is that of the last one.
            return ((each - means).mean(axis=0) + means[-1])[ahead % season]
        case _:
            return numpy.broadcast_to(level, (horizon, window.shape[1]))


def padded_index(index: Any, first: Any, season: Any) -> Any:
    """Return indices of which those before the start of a series stand for its first season, over and over.

    A series shorter than the window is so continued into its past, as a seasonal naive forecast continues it into the
    future (flat where the season is 1). The series must have at least one season.

    Args:
        index: indices into a flat panel, whole numbers.
        first: index of the series' first step, broadcast against `index`.
        season: period in steps.

    Example:
        >>> import numpy as np
        >>> padded_index(np.arange(-3, 4), np.array(0), 2).tolist()
        [1, 0, 1, 0, 1, 2, 3]
    """
    numpy = index.__array_namespace__()
    return numpy.where(index < first, first + (index - first) % season, index)

"""The framing of a window: what is normalised, what the network forecasts around, and how all of it is undone."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from gatewise.architecture import Architecture

__all__ = ["Framed", "frame", "unframe"]

SMALLEST_SCALE = 1e-4
"""Smallest scale of a window, in units of the scaled series, so that a flat window is not blown up."""


class Framed(NamedTuple):
    """A batch of windows as the network sees it, and what is needed to undo the framing.

    Attributes:
        inputs: shape ``(time, batch, feature)``, one patch per step of time.
        base: what is added to the forecast, shape ``(horizon, batch)``.
        scale: what the network's output is multiplied by, shape ``(1, batch)``.
    """

    inputs: Array
    base: Array
    scale: Array


def frame(architecture: Architecture, window: Array) -> Framed:
    """Frame a batch of windows.

    Args:
        architecture: names the normalisation, the base and the patch.
        window: values of the scaled series, shape ``(time, batch)``, oldest first.
    """
    steps, batch = window.shape
    level, scale = _normaliser(architecture.normalise, window)
    inputs = (window - level) / scale
    patches = inputs.reshape(steps // architecture.patch, architecture.patch, batch).swapaxes(1, 2)
    return Framed(patches, _base(architecture, window, level), scale)


def unframe(framed: Framed, outputs: Array) -> Array:
    """Return forecasts in the scaled series' units, shape ``(horizon, batch)``, from outputs ``(batch, horizon)``."""
    return framed.base + framed.scale * outputs.T


def _normaliser(kind: str, window: Array) -> tuple[Array, Array]:
    """Return level and scale of each window, each of shape ``(1, batch)``."""
    one = jnp.ones_like(window[:1])
    if kind == "last":
        return window[-1:], one
    if kind == "mean":
        return window.mean(axis=0, keepdims=True), one
    if kind == "standard":
        return window.mean(axis=0, keepdims=True), jnp.maximum(window.std(axis=0, keepdims=True), SMALLEST_SCALE)
    return jnp.zeros_like(one), one


def _base(architecture: Architecture, window: Array, level: Array) -> Array:
    """Return what the network forecasts around, shape ``(horizon, batch)``."""
    horizon = architecture.horizon
    if architecture.base == "last":
        return jnp.broadcast_to(window[-1:], (horizon, window.shape[1]))
    if architecture.base == "season":
        season = architecture.season
        return window[-season + jnp.arange(horizon) % season]
    return jnp.broadcast_to(level, (horizon, window.shape[1]))

"""Augmentation of training windows, on the fly inside the compiled program; validation and test never see it."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatewise.architecture import Knobs

__all__ = ["add_noise", "scale_magnitude", "shift_starts"]


def shift_starts(uniforms: Array, knobs: Knobs, starts: Array, low: Array, high: Array) -> Array:
    """Move each window by up to `shift` steps in time, within its series' training part.

    Args:
        uniforms: a random number in [0, 1) per window, shape ``(batch,)``.
        knobs: `shift` is the largest move in steps.
        starts: first step of each window, shape ``(batch,)``, int32.
        low: smallest start allowed, same shape.
        high: largest start allowed, same shape.
    """
    width = 2 * knobs.shift + 1
    offset = jnp.floor(uniforms * width) - knobs.shift
    return jnp.clip(starts + offset.astype(starts.dtype), low, high)


def scale_magnitude(normals: Array, knobs: Knobs, window: Array, target: Array) -> tuple[Array, Array]:
    """Multiply the swings of each window and its target around the window's mean by one random factor.

    The factor is drawn from a normal distribution around 1 with standard deviation `magnitude`.

    Args:
        normals: a standard normal number per window, shape ``(1, batch)``.
        knobs: `magnitude`.
        window: shape ``(time, batch)``.
        target: shape ``(horizon, batch)``.

    Source: Um et al. (2017), "Data augmentation of wearable sensor data", magnitude scaling.
    """
    extra = knobs.magnitude * normals
    mean = window.mean(axis=0, keepdims=True)
    return window + (window - mean) * extra, target + (target - mean) * extra


def add_noise(normals: Array, knobs: Knobs, window: Array) -> Array:
    """Add Gaussian noise to the inputs, its standard deviation a share of each window's own.

    Args:
        normals: a standard normal number per value, shape ``(time, batch)``.
        knobs: `noise` is the share.
        window: shape ``(time, batch)``.

    Source: Bishop (1995), "Training with noise is equivalent to Tikhonov regularization".
    """
    spread = knobs.noise * window.std(axis=0, keepdims=True)
    return window + spread * normals

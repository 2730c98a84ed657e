"""Augmentation of training windows, on the fly inside the compiled program; validation and test never see it."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from gatewise.architecture import Knobs
from gatewise.model.random import normal, uniform

__all__ = ["add_noise", "scale_magnitude", "shift_starts"]


def shift_starts(key: Array, knobs: Knobs, starts: Array, low: Array, high: Array) -> Array:
    """Move each window by up to `shift` steps in time, within its series' training part.

    Args:
        key: a key of `gatewise.model.random`.
        knobs: `shift` is the largest move in steps.
        starts: first step of each window, shape ``(batch,)``, int32.
        low: smallest start allowed, same shape.
        high: largest start allowed, same shape.
    """
    width = 2 * knobs.shift + 1
    offset = jnp.floor(uniform(key, starts.shape) * width) - knobs.shift
    return jnp.clip(starts + offset.astype(starts.dtype), low, high)


def scale_magnitude(key: Array, knobs: Knobs, window: Array, target: Array) -> tuple[Array, Array]:
    """Multiply the swings of each window and its target around the window's mean by one random factor.

    The factor is drawn from a normal distribution around 1 with standard deviation `magnitude`.

    Args:
        key: a key of `gatewise.model.random`.
        knobs: `magnitude`.
        window: shape ``(time, batch)``.
        target: shape ``(horizon, batch)``.

    Source: Um et al. (2017), "Data augmentation of wearable sensor data", magnitude scaling.
    """
    extra = knobs.magnitude * normal(key, (1, window.shape[1]))
    mean = window.mean(axis=0, keepdims=True)
    return window + (window - mean) * extra, target + (target - mean) * extra


def add_noise(key: Array, knobs: Knobs, window: Array) -> Array:
    """Add Gaussian noise to the inputs, its standard deviation a share of each window's own.

    Args:
        key: a key of `gatewise.model.random`.
        knobs: `noise` is the share.
        window: shape ``(time, batch)``.

    Source: Bishop (1995), "Training with noise is equivalent to Tikhonov regularization".
    """
    spread = knobs.noise * window.std(axis=0, keepdims=True)
    return window + spread * normal(key, window.shape)

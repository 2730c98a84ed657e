"""Learning-rate schedules: plain functions of the epoch, evaluated outside the compiled program, one value per step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gatewise.settings import Settings

__all__ = ["learning_rate", "learning_rates", "plateau_drops"]

ONE_CYCLE_START = 25.0
"""The one-cycle schedule starts at its peak divided by this."""
ONE_CYCLE_END = 1e4
"""The one-cycle schedule ends at its start divided by this."""


def learning_rate(settings: Settings, epoch: float, losses: Sequence[float] = ()) -> float:
    """Return the learning rate at a moment of a training.

    Args:
        settings: `schedule`, `learning_rate`, `decay_rate`, `decay_steps`, `staircase`, `warmup` and `epochs`.
        epoch: epochs done, fractional inside an epoch, from 0.
        losses: validation losses of the epochs done; only the plateau schedule reads them.

    Source: Smith and Topin (2019) for one-cycle; Loshchilov and Hutter (2017) for cosine.

    Example:
        >>> decay = Settings.of(schedule="exponential", learning_rate=0.1, decay_rate=0.5, decay_steps=10)
        >>> learning_rate(decay, 10), learning_rate(decay, 20)
        (0.05, 0.025)
        >>> round(learning_rate(decay, 5), 4), learning_rate(decay.change(staircase=True), 5)
        (0.0707, 0.1)
    """
    s, peak = settings, settings.learning_rate
    progress = min(epoch / s.epochs, 1.0)
    match s.schedule:
        case "exponential":
            turns = epoch / s.decay_steps
            return peak * s.decay_rate ** (math.floor(turns) if s.staircase else turns)
        case "step":
            return peak * s.decay_rate ** math.floor(epoch / s.decay_steps)
        case "cosine":
            return peak * _cosine(progress)
        case "warmup-cosine":
            if progress < s.warmup:
                return peak * max(progress / s.warmup, 1e-3)
            return peak * _cosine((progress - s.warmup) / (1 - s.warmup))
        case "one-cycle":
            low = peak / ONE_CYCLE_START
            if progress < s.warmup:
                return peak + (low - peak) * _cosine(progress / s.warmup)
            end = low / ONE_CYCLE_END
            return end + (peak - end) * _cosine((progress - s.warmup) / (1 - s.warmup))
        case "plateau":
            # Early stopping ends a training after `patience`; a drop must come before that to be of any use.
            wait = min(s.decay_steps, max(s.patience // 2, 1))
            return peak * s.decay_rate ** plateau_drops(losses, wait, s.min_delta)
        case _:
            return peak


def learning_rates(settings: Settings, epoch: int, steps: int, losses: Sequence[float] = ()) -> list[float]:
    """Return the learning rate of each of the `steps` optimizer steps of an epoch."""
    return [learning_rate(settings, epoch + step / steps, losses) for step in range(steps)]


def plateau_drops(losses: Sequence[float], patience: float, min_delta: float) -> int:
    """Return how often reduce-on-plateau has dropped the learning rate after these validation losses.

    Example:
        >>> plateau_drops([1.0, 0.9, 0.95, 0.96, 0.97], patience=2, min_delta=0.0)
        1
    """
    best, waited, drops = math.inf, 0, 0
    for loss in losses:
        if loss < best - min_delta:
            best, waited = loss, 0
            continue
        waited += 1
        if waited >= patience:
            drops, waited = drops + 1, 0
    return drops


def _cosine(progress: float) -> float:
    """Return the half cosine from 1 at 0 to 0 at 1."""
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))

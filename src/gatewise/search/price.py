"""What a trial will cost, so that a search can take the cheaper of two that promise the same.

The price is a function of the configuration and of what the search compiled before, and never of measured time: the
same seed then makes the same trials on a slow machine and a fast one, and with any number of jobs.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from gatewise.architecture import Architecture
from gatewise.errors import InputError
from gatewise.settings import Settings
from gatewise.workbench import Workbench

__all__ = ["price_of"]

COMPILING = 2.5
"""Seconds that the programs of an Architecture take one core that has not compiled them yet."""

FLOPS = 1.5e11
"""Floating-point operations of one core in a second of training."""

OVERHEAD = 1.3e-5
"""Seconds of a layer's recurrent step, forward and backward, beside its arithmetic."""

SHARE_OF_EPOCHS = 0.5
"""Share of the epochs that a training takes before it stops early, in the middle."""


def price_of(bench: Workbench, settings: Settings, compiled: Collection[Architecture]) -> float:
    """Return roughly how many seconds of one core a trial takes; infinite for one that cannot be trained.

    Args:
        bench: the data.
        settings: its configuration.
        compiled: Architectures whose programs are there already.
    """
    try:
        windows, _ = bench.check(settings)
        architecture = bench.architecture(settings)
    except InputError:
        return math.inf
    count = settings.windows_per_epoch or len(windows)
    batches = math.ceil(count / settings.batch_size)
    overhead = batches * architecture.steps * len(architecture.hidden) * OVERHEAD
    trained = overhead + count * _operations(architecture) / FLOPS
    once = 0.0 if architecture in compiled else COMPILING
    return once + settings.repeats * settings.epochs * SHARE_OF_EPOCHS * trained


def _operations(architecture: Architecture) -> float:
    """Return the floating-point operations of one window, forward and (twice as many) backward."""
    features = (architecture.step_features, *architecture.hidden)
    products = sum(4 * unit * (feature + unit) for feature, unit in zip(features, architecture.hidden, strict=False))
    return 3 * 2 * products * architecture.steps

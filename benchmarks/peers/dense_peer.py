"""The dense float32 matrix product that training is held against, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

SIZE = 2048


def measure(through: str, seconds: float) -> dict[str, float]:
    """Return GFLOP/s of a product of square matrices.

    Args:
        through: ``gatewise`` for its one-thread device, ``numpy`` for NumPy, whose threads the environment limits.
        seconds: how long the timed products last at least.
    """
    matrix = np.random.default_rng(0).standard_normal((SIZE, SIZE)).astype(np.float32)
    product = _through_gatewise(matrix) if through == "gatewise" else lambda: matrix @ matrix
    product()
    count, began = 0, time.perf_counter()
    while count < 3 or time.perf_counter() - began < seconds:
        product()
        count += 1
    return {"GFLOP/s": 2 * SIZE**3 * count / (time.perf_counter() - began) / 1e9}


def _through_gatewise(matrix: np.ndarray) -> Callable[[], Any]:
    import jax

    from gatewise.train.device import place

    placed, multiply = place(matrix), jax.jit(lambda x: x @ x)
    return lambda: multiply(placed).block_until_ready()

"""Chunks of batches and a table for tests of the compiled programs."""

import numpy as np

from gatewise.train.program import CHUNK, Batches, Table, table_of

STARTS = np.random.default_rng(0).integers(0, 50, (4, 5))
"""Four batches of five windows in `wave`."""


def batches(starts: np.ndarray, rate: float = 0.01, weight: float = 1.0) -> Batches:
    """Return batches of windows of one series that starts at 0, padded to a chunk; they are not moved in time."""
    steps, batch = starts.shape
    padded = np.zeros((CHUNK, batch), np.int32)
    padded[:steps] = starts
    nothing, weights = np.zeros_like(padded), np.full((CHUNK, batch), weight, np.float32)
    rates = np.full(CHUNK, rate, np.float32)
    return Batches(padded, padded, padded, nothing, nothing, weights, rates, np.int32(steps))


def wave(length: int = 60) -> Table:
    """Return a sine without gaps."""
    return table_of(np.sin(np.arange(length) / 3), np.ones(length))

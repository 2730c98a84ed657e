"""Gatewise: one trial, or several side by side in one process."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from networks import Network, series

from gatewise.data.windows import Windows
from gatewise.settings import Settings
from gatewise.train.device import own_lane
from gatewise.train.fit import train
from gatewise.train.program import table_of


def measure(network: Network, epochs: int, jobs: int = 1) -> float:
    """Return epochs per second, of all jobs together."""
    settings = Settings.of(
        window=network.window,
        horizon=1,
        hidden=network.hidden,
        dropout=network.dropout,
        batch_size=network.batch,
        clip_norm=0,
        patience=10**6,
    )
    values = series(network)
    table = table_of(values, np.ones_like(values))
    numbers = np.arange(network.rows - network.window, dtype=np.int32)
    learn = Windows(numbers, numbers, numbers, numbers)

    def run(count: int) -> None:
        with own_lane():
            train(settings, table, learn, None, epochs=count)

    with ThreadPoolExecutor(jobs) as workers:
        list(workers.map(run, [1] * jobs))
        began = time.perf_counter()
        list(workers.map(run, [epochs] * jobs))
        return jobs * epochs / (time.perf_counter() - began)

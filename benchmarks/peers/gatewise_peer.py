"""Gatewise: one trial, or several side by side in one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
from networks import NETWORKS, Network, series
from peers.clock import Clock

from gatewise.data.windows import Windows
from gatewise.settings import Settings
from gatewise.train.device import own_lane
from gatewise.train.fit import train
from gatewise.train.program import table_of


def measure(network: str, seconds: float, jobs: int = 1) -> dict[str, float]:
    """Return epochs per second, of all jobs together."""
    clocks = train_side_by_side(NETWORKS[network], [Clock(seconds) for _ in range(jobs)])
    span = max(clock.ended for clock in clocks) - min(clock.began for clock in clocks)
    return {"epochs/s": sum(clock.epochs for clock in clocks) / span}


def train_side_by_side(network: Network, clocks: list[Clock]) -> list[Clock]:
    """Train one network per clock, all beginning together once every one is compiled."""
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
    together = Barrier(len(clocks))

    def run(clock: Clock) -> None:
        enough = False

        def observe(_: object) -> None:
            nonlocal enough
            enough = clock.tick()

        with own_lane():
            train(settings, table, learn, None, epochs=1)
            together.wait()
            clock.tick()
            train(settings, table, learn, None, epochs=10**6, observe=observe, should_stop=lambda: enough)

    with ThreadPoolExecutor(len(clocks)) as workers:
        list(workers.map(run, clocks))
    return clocks

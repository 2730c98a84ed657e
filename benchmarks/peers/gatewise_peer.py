"""Gatewise: one trial, or several side by side in one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from networks import NETWORKS, Network, series
from peers.clock import Clock
from peers.prepared import lessons_of

from gatewise.architecture import architecture_of
from gatewise.processor import fastest_precision
from gatewise.settings import Settings
from gatewise.train.device import own_lane
from gatewise.train.fit import Manner, train


def measure(network: str, seconds: float, jobs: int = 1, precision: str | None = None) -> dict[str, float]:
    """Return epochs per second, of all jobs together; in the precision that the processor is fastest in, if None."""
    clocks = train_side_by_side(NETWORKS[network], [Clock(seconds) for _ in range(jobs)], precision)
    span = max(clock.ended for clock in clocks) - min(clock.began for clock in clocks)
    return {"epochs/s": sum(clock.epochs for clock in clocks) / span}


def train_side_by_side(network: Network, clocks: list[Clock], precision: str | None = None) -> list[Clock]:
    """Train one network per clock, all beginning together once every one is compiled."""
    settings = Settings.of(
        window=network.window,
        horizon=1,
        hidden=network.hidden,
        dropout=network.dropout,
        batch_size=network.batch,
        clip_norm=0,
        patience=10**6,
        precision=precision or fastest_precision(),
    )
    lessons = lessons_of(series(network), network.rows - network.window)
    architecture = architecture_of(settings)
    together = Barrier(len(clocks))

    def run(clock: Clock) -> None:
        enough = False

        def observe(_: object) -> None:
            nonlocal enough
            enough = clock.tick()

        with own_lane():
            train(settings, architecture, lessons, None, epochs=1)
            together.wait()
            clock.tick()
            manner = Manner(observe, must_stop=lambda: enough)
            train(settings, architecture, lessons, None, epochs=10**6, manner=manner)

    with ThreadPoolExecutor(len(clocks)) as workers:
        list(workers.map(run, clocks))
    return clocks

"""The same search with one job and with two: how much faster, and whether it is the same search."""

from __future__ import annotations

import statistics

from compare import difference
from measured import Measured
from problem import Asked, tune_command, validated_only
from record import add
from searches import search_gatewise

__all__ = ["measure"]

RATE = "trials/s"
RUNS = {jobs: f"--jobs {jobs}" for jobs in (1, 2)}
FILES = ("forecast.csv",)
"""Files that must have the same bytes; in best.toml the jobs stand among the settings."""


def measure(asked: Asked) -> Measured:
    """Let both take turns, with a filled cache; ratios are taken within a round."""
    trials, rounds = asked.number(asked.trials, 60, 6), asked.number(asked.rounds, 3, 1)
    measured = Measured(settings={"trials": trials})
    cache, told, ratios = asked.scratch / "jobs-cache", [], []

    def search(name: str, jobs: int) -> float:
        out = asked.scratch / name
        flags = (*validated_only(), "--members", "1", "--jobs", str(jobs))
        watched = search_gatewise(tune_command(asked, out, trials, flags=flags), out, cache)
        return trials / (watched.reached_s(trials) - watched.began_s)

    search("jobs-filling", 2)
    for round_ in range(rounds):
        rates = {jobs: search(f"jobs-{round_}-{jobs}", jobs) for jobs in RUNS}
        add(measured.section, {RUNS[jobs]: {RATE: [rate]} for jobs, rate in rates.items()})
        ratios.append(rates[2] / rates[1])
        told += [
            str(difference(asked.scratch / f"jobs-{round_}-{jobs}", asked.scratch / "jobs-filling", same_files=FILES))
            for jobs in RUNS
        ]
    measured.facts |= {
        "throughput of --jobs 2 over --jobs 1": statistics.median(ratios),
        "identical trials": all(one == "none" for one in told),
        "differences": "; ".join(sorted(set(told))),
    }
    return measured

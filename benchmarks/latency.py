"""How long a forecast of one series takes with a model that is loaded from disk.

A process loads a model that another one saved, forecasts once, and then many times: the whole `predict` from a frame
to a frame with intervals, and the forecast inside it. Series of other lengths follow, which must compile nothing.
Gatewise is measured with an empty cache of compiled programs and with the filled one; NeuralForecast's `predict` of an
LSTM of the same size, without intervals, stands beside it.

    python benchmarks/latency.py --python PYTHON_WITH_PEERS --out latency.json
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from record import Section, Task, add, asked_for, both, give_up, markdown, show, take_turns, write

LENGTHS = (200, 500, 1024, 5000, 20_000)
FIGURES = {
    "load, ms": 0,
    "first call, ms": 0,
    "predict from a new table, median ms": 2,
    "predict from a new table, p95 ms": 2,
    "predict from the saved history, median ms": 2,
    "predict from the saved history, p95 ms": 2,
    "inner forecast, median ms": 2,
    "inner forecast, p95 ms": 2,
    "other lengths, slowest ms": 1,
    "programs compiled for them": 0,
}
"""What the rows show, with the digits behind the point."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in turn, print a table, and write the record."""
    asked = asked_for(__doc__, arguments, 3)
    calls = 30 if asked.quick else 200
    section: Section = {}
    with tempfile.TemporaryDirectory() as scratch:
        tasks = _prepared(Path(scratch), asked.python, calls)
        for number in range(asked.rounds):
            # Each round begins with an empty cache, which its second process finds filled.
            cached = {"GATEWISE_CACHE_DIR": str(Path(scratch) / f"cache-{number}")}
            for task in tasks:
                add(section, take_turns([task._replace(environment=cached)], 1))
    rows = [[figure, *(both(section[row], figure, digits) for row in section)] for figure, digits in FIGURES.items()]
    show("Forecasting one series: median (lowest to highest) of the processes", markdown(["figure", *section], rows))
    write(asked.out, "latency", asked.python, {"one series": section})


def _prepared(scratch: Path, python: str, calls: int) -> list[Task]:
    """Have every model trained and saved; return the tasks of those that could be."""
    ours = Task("", "gatewise_latency", {"folder": str(scratch / "gatewise")})
    theirs = Task("", "neuralforecast_latency", {"folder": str(scratch / "neuralforecast")}, python, is_peer=True)
    rows = [("Gatewise, empty cache", ours), ("Gatewise, filled cache", ours), ("NeuralForecast", theirs)]
    tasks, done = [], {}
    for row, task in rows:
        if task.module not in done:
            cache = {"GATEWISE_CACHE_DIR": str(scratch / "cache-of-fit")}
            made = task._replace(arguments={**task.arguments, "prepare": True}, environment=cache).measure()
            done[task.module] = made.status == 0
            if made.status:
                give_up(row, made, task.is_peer)
        if done[task.module]:
            tasks.append(task._replace(name=row, arguments={**task.arguments, "calls": calls, "lengths": LENGTHS}))
    return tasks


if __name__ == "__main__":
    main()

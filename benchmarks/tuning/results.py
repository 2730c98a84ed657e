"""RESULTS.md from the log: the latest run of each measurement, and whether it reached what it should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from measured import facts_text, table
from record import markdown

__all__ = ["write"]

Entry = dict[str, Any]


class Target(NamedTuple):
    """What a measurement should reach.

    Attributes:
        measure: its name.
        title: in words.
        fact: that it is judged by.
        wanted: in words.
        reached: judges the fact.
    """

    measure: str
    title: str
    fact: str
    wanted: str
    reached: Callable[[Any], bool]


TARGETS = (
    Target("co2", "30 trials, whole process, empty cache", "times KerasTuner, empty cache", ">= 15", lambda x: x >= 15),
    Target("co2", "the same, filled cache", "times KerasTuner, filled cache", ">= 25", lambda x: x >= 25),
    Target("co2", "RMSE over KerasTuner's", "rmse over KerasTuner's, the same space", "<= 1", lambda x: x <= 1),
    Target(
        "co2", "RMSE, own space, best trial", "rmse of the best trial, own space, ppm", "<= 0.42", lambda x: x <= 0.42
    ),
    Target("co2", "RMSE, own space, ensemble", "rmse of the ensemble, own space, ppm", "<= 0.42", lambda x: x <= 0.42),
    Target(
        "throughput", "trials a second after the first minute", "trials/s, empty cache", ">= 1.5", lambda x: x >= 1.5
    ),
    Target("jobs", "two jobs over one", "throughput of --jobs 2 over --jobs 1", ">= 1.7", lambda x: x >= 1.7),
    Target("jobs", "the same trials", "identical trials", "yes", bool),
    Target(
        "kills", "kill -9: nothing lost, doubled, changed", "kill -9: nothing lost, doubled or changed", "yes", bool
    ),
    Target("kills", "Ctrl-C: nothing lost, doubled, changed", "Ctrl-C: nothing lost, doubled or changed", "yes", bool),
    Target(
        "kills",
        "kill -9 as each file appears: nothing lost, doubled, changed",
        "kill -9 as each file appears: nothing lost, doubled or changed",
        "yes",
        bool,
    ),
    Target(
        "memory",
        "growth over 300 trials after the first 30, %",
        "growth, %, Gatewise",
        "within 10",
        lambda x: abs(x) <= 10,
    ),
)
TITLES = {
    "co2": "Thirty trials on weekly CO2",
    "throughput": "Three hundred trials: throughput",
    "jobs": "One job and two",
    "kills": "Killed at random instants",
    "memory": "Three hundred trials: memory",
}
HEAD = """# The search: results

Written by `python benchmarks/tuning --table` from the log of runs; README.md has the protocol. The latest run of each
measurement stands here; time ratios are taken within one run, never between two.
"""


def write(path: Path, logged: Sequence[Entry]) -> None:
    """Write the tables; smoke runs are left out."""
    kept = [one for one in logged if not one["quick"]]
    parts = [HEAD, _reached(kept)]
    for measure, title in TITLES.items():
        if runs := [one for one in kept if one["measure"] == measure]:
            parts.append(_section(title, runs))
    path.write_text("\n".join(parts if kept else [HEAD, "Nothing has been measured yet.\n"]), encoding="utf-8")


def _reached(kept: Sequence[Entry]) -> str:
    rows = []
    for one in TARGETS:
        runs = [run for run in kept if run["measure"] == one.measure and one.fact in run["facts"]]
        if runs:
            value = runs[-1]["facts"][one.fact]
            shown = ("yes" if value else "no") if isinstance(value, bool) else f"{value:.3g}"
            rows.append(
                [one.title, shown, one.wanted, "yes" if one.reached(value) else "**no**", runs[-1]["date"][:10]]
            )
    return f"## What was to be reached\n\n{markdown(['', 'measured', 'wanted', 'reached', 'on'], rows)}\n"


def _section(title: str, runs: Sequence[Entry]) -> str:
    """Return the latest run, and the rows that only earlier runs have under a date of their own."""
    last = runs[-1]
    parts = [f"## {title}", _about(last), table(last["section"]), facts_text(last["facts"].items())]
    older: dict[str, Entry] = {}
    for run in runs[:-1]:
        older |= {row: run for row in run["section"] if row not in last["section"]}
    for row, run in older.items():
        parts += [f"Of an earlier run ({_about(run)[:-1]}):", table({row: run["section"][row]})]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(run: Entry) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in run["settings"].items() if value not in ("", []))
    versions = {**run["versions"]["peers"], **run["versions"]["gatewise"]}
    named = [f"{name} {versions[name]}" for name in ("jax", "optuna") if name in versions]
    named += [
        f"{name} {number}" for name, number in run["versions"]["peers"].items() if name in ("keras", "keras-tuner")
    ]
    load = run["load_average_at_start"][0]
    return (
        f"{run['date'][:10]}, {run['commit'] or 'no commit'}, {run['processor']}, {run['cores']} cores, load {load} at "
        f"the start; {settings}; {', '.join(named)}."
    )

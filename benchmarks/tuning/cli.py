"""The hyperparameter search beside other tools, and proofs of robustness: ``python benchmarks/tuning MEASURE``.

Each run is logged; ``--table`` writes RESULTS.md from the log. README.md has the protocol.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import co2
import jobs
import kills
import ledger
import long
import results
from measured import Measured, facts_text, table
from problem import Asked, write_co2
from record import LOAD_AT_START, processor, show, versions

__all__ = ["main"]

HERE = Path(__file__).resolve().parent
MEASURES = {
    "co2": co2.measure,
    "throughput": long.throughput,
    "jobs": jobs.measure,
    "kills": kills.measure,
    "memory": long.memory,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit status."""
    options = _options(arguments)
    if options.table:
        results.write(options.results, ledger.entries(options.log))
        print(options.results)
        return 0
    names = list(MEASURES) if "all" in options.what else options.what
    kept = nullcontext(options.keep) if options.keep else tempfile.TemporaryDirectory(prefix="gatewise-tuning-")
    with kept as scratch:
        folder = Path(scratch).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        asked = _asked(options, folder)
        for name in names:
            part = folder / time.strftime(f"{name}-%Y%m%d-%H%M%S")
            part.mkdir()
            began = time.perf_counter()
            measured = MEASURES[name](replace(asked, scratch=part))
            _log(name, measured, asked, options.log)
            show(f"{name}, {time.perf_counter() - began:.0f} s in all", table(measured.section))
            print(f"\n{facts_text(measured.facts.items())}", flush=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/tuning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = (*MEASURES, "all")
    parser.add_argument("what", nargs="*", metavar="MEASURE", help=f"one or more of {', '.join(known)}")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers (requirements.txt)")
    parser.add_argument("--trials", type=int, help="of each search; 30, of throughput and memory 300, of jobs 60")
    parser.add_argument("--peer-trials", type=int, help="of each peer's search; in co2 as --trials, in memory 60")
    parser.add_argument("--rounds", type=int, help="measurements of each row; 1, of jobs 3")
    parser.add_argument("--kills", type=int, help="kills with each signal; 25")
    parser.add_argument(
        "--row", choices=co2.ROWS, action="append", default=[], help="of co2, repeatable; same, filled, own and keras"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE", help="of every Gatewise search"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the searches and of the instants of the kills")
    parser.add_argument("--quick", action="store_true", help="a smoke run: that it works; RESULTS.md leaves it out")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep run folders and caches there")
    parser.add_argument("--log", type=Path, default=Path("bench-results/tuning.jsonl"), metavar="FILE")
    parser.add_argument("--table", action="store_true", help="write RESULTS.md from the log, and nothing else")
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md", metavar="FILE", help="for --table")
    options = parser.parse_args(arguments)
    if not options.table and not options.what:
        parser.error("name a MEASURE, or --table")
    if unknown := [name for name in options.what if name not in known]:
        parser.error(f"MEASURE must be one of {', '.join(known)}, but is '{unknown[0]}'")
    return options


def _asked(options: argparse.Namespace, folder: Path) -> Asked:
    return Asked(
        table=write_co2(folder),
        scratch=folder,
        python=options.python,
        trials=options.trials,
        peer_trials=options.peer_trials,
        rounds=options.rounds,
        kills=options.kills,
        rows=tuple(options.row),
        peers=not options.no_peers,
        assignments=tuple(options.assignments),
        seed=options.seed,
        quick=options.quick,
    )


def _log(name: str, measured: Measured, asked: Asked, log: Path) -> None:
    machine = {"processor": processor(), "cores": os.cpu_count(), "load_average_at_start": LOAD_AT_START}
    settings = {**measured.settings, "set": list(asked.assignments), "seed": asked.seed}
    entry = {"measure": name, "quick": asked.quick, "settings": settings, **machine, "versions": versions(asked.python)}
    ledger.append(log, {**entry, "section": measured.section, "facts": measured.facts})

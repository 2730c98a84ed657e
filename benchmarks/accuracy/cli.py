"""Accuracy beside published figures and peers: ``python benchmarks/accuracy TABLE --data FOLDER``.

Each scoring is logged; ``--table`` writes RESULTS.md from the log. README.md has the protocol. FOLDER holds the tables
and CATALOG.csv, with the columns file, season, horizon, target, naive2_smape and naive2_mase.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import ledger
import results
from processes import (
    GATEWISE,
    MOST_REFITS,
    PEERS,
    FailedError,
    Made,
    Options,
    run_gatewise,
    run_peer,
    second_opinion,
    select,
)
from protocols import PROTOCOLS, SINGLE, Problem, Protocol, missing_tables, problem_of
from scoring import WrongFrameError, score

__all__ = ["main"]

HERE = Path(__file__).resolve().parent
GROUPS = {"single": [one.name for one in SINGLE], "all": list(PROTOCOLS), "intervals": ["m4_hourly"]}
MODELS = {"gatewise": GATEWISE, "peers": tuple(PEERS), "all": (*GATEWISE, *PEERS)}


def main() -> int:
    """Run what is asked for; return the exit status."""
    asked = _asked()
    if asked.table:
        results.write(asked.results, ledger.entries(asked.log))
        print(asked.results)
        return 0
    protocols = [PROTOCOLS[name] for what in asked.what for name in GROUPS.get(what, [what])]
    if asked.data is None or (missing := missing_tables(asked.data, protocols)):
        lacks = "--data FOLDER is missing" if asked.data is None else f"'{asked.data}' lacks {', '.join(missing)}"
        print(f"the tables must lie in one folder with CATALOG.csv, but {lacks}.", file=sys.stderr)
        return 2
    models = list(dict.fromkeys(one for name in asked.model or ["all"] for one in MODELS.get(name, (name,))))
    failed = 0
    for protocol in protocols:
        problem = problem_of(protocol, asked.data)
        for model in models:
            failed += not _one(problem, model, asked)
    return 1 if failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = (*PROTOCOLS, *GROUPS)
    parser.add_argument("what", nargs="*", metavar="TABLE", help=f"one or more of {', '.join(known)}")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="the tables and CATALOG.csv")
    parser.add_argument("--table", action="store_true", help="write RESULTS.md from the log, and nothing else")
    choices = (*MODELS, *GATEWISE, *PEERS)
    parser.add_argument("--model", choices=choices, action="append", metavar="MODEL", help=f"repeatable: {choices}")
    parser.add_argument("--minutes", type=float, default=10, help="of each search, and of a peer's training at most")
    parser.add_argument(
        "--set", dest="assignments", action="append", default=[], metavar="NAME=VALUE", help="Gatewise's"
    )
    parser.add_argument(
        "--candidate",
        action="append",
        default=[],
        metavar="'NAME=VALUE ...'",
        help="fit only: several, the one that is best on validation is scored",
    )
    parser.add_argument(
        "--covariates", action="store_true", help="give Gatewise what is known ahead; tables without are left out"
    )
    parser.add_argument("--label", help="of Gatewise's rows, in place of their settings")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers (requirements.txt)")
    parser.add_argument("--second-scorer", type=Path, metavar="FILE", help="another scorer, whose figures must agree")
    parser.add_argument("--again", action="store_true", help="score what was scored at this commit already")
    parser.add_argument("--quick", action="store_true", help="a smoke run: that it works; RESULTS.md leaves it out")
    parser.add_argument("--log", type=Path, default=Path("bench-results/accuracy.jsonl"), metavar="FILE")
    parser.add_argument(
        "--runs", type=Path, default=Path("bench-results/accuracy"), metavar="FOLDER", help="run folders"
    )
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md", metavar="FILE", help="for --table")
    asked = parser.parse_args()
    if not asked.table and not asked.what:
        parser.error("name a TABLE, or --table")
    if unknown := [name for name in asked.what if name not in known]:
        parser.error(f"TABLE must be one of {', '.join(known)}, but is '{unknown[0]}'")
    return asked


def _one(problem: Problem, model: str, asked: argparse.Namespace) -> bool:
    """Run, score and log one model on one table; return False when it failed."""
    name, covariates = problem.protocol.name, asked.covariates and model in GATEWISE
    if asked.covariates and not (covariates and problem.protocol.future):
        return True
    if model in PEERS and PEERS[model].few_origins and problem.origins > MOST_REFITS:
        print(f"{name}, {model}: left out, it is refitted at each of {problem.origins} origins", file=sys.stderr)
        return True
    options = Options(asked.minutes, asked.python, tuple(asked.assignments), covariates, asked.quick, asked.runs)
    settings = _settings(problem.protocol, model, asked)
    hashed = ledger.digest(settings)
    if not (asked.again or asked.quick) and ledger.seen_before(asked.log, hashed):
        print(f"{name}, {model}: scored at this commit already; --again scores it once more", file=sys.stderr)
        return True
    place = asked.runs / f"{name}-{model}-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        made, tried = _made(problem, model, options, asked.candidate, place)
        figures = score(problem, made.frame, made.column)
        if asked.second_scorer and not problem.protocol.parts:
            print(f"  second scorer: {second_opinion(problem, made, figures, asked.second_scorer)}", file=sys.stderr)
    except (FailedError, WrongFrameError) as error:
        print(f"{name}, {model}: no figure ({error})", file=sys.stderr)
        return False
    entry = {"table": name, "model": model, "label": _label(model, asked), "hash": hashed, "settings": settings}
    entry |= {"quick": asked.quick, "covariates": covariates, "figures": figures, "validation": made.validation}
    entry |= {"minutes": made.minutes, "peak_mib": round(made.peak_mib), "versions": made.versions}
    ledger.append(asked.log, {**entry, "candidates": tried, "chosen": made.chosen, "run": place.name})
    shown = ", ".join(f"{metric} {value:.4g}" for metric, value in figures.items())
    print(f"{name}, {entry['label']}: {shown} ({made.minutes:.1f} min)", flush=True)
    return True


def _made(
    problem: Problem, model: str, options: Options, candidates: list[str], place: Path
) -> tuple[Made, list[dict[str, Any]]]:
    """Run one model, after the choice among candidates where there are several."""
    if model in PEERS:
        return run_peer(problem, model, options, place.with_name(f"{place.name}.parquet")), []
    if model != "fit" or not candidates:
        return run_gatewise(problem, model, options, place), []
    best, tried = select(problem, options, candidates, place)
    chosen = replace(options, assignments=(*options.assignments, *best.split()))
    return run_gatewise(problem, model, chosen, place), tried


def _settings(protocol: Protocol, model: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what makes two scorings of one commit the same."""
    settings = {"table": protocol.name, "model": model, "minutes": asked.minutes, "quick": asked.quick}
    if model in GATEWISE:
        settings |= {"set": sorted(asked.assignments), "candidates": asked.candidate, "covariates": asked.covariates}
    return settings


def _label(model: str, asked: argparse.Namespace) -> str:
    """Return the name of a row."""
    if model in PEERS:
        return model
    words = [f"Gatewise {model}"]
    if asked.label:
        words.append(asked.label)
    else:
        words += [*([f"{asked.minutes:g} min"] if model == "tune" else []), *asked.assignments]
        words += [f"best of {len(asked.candidate)} on validation"] if asked.candidate and model == "fit" else []
    return ", ".join(words + (["known covariates"] if asked.covariates else []))

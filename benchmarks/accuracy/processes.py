"""Runs: Gatewise through its command line, peers through `peers`, each in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from protocols import Problem
from record import Finished, run
from scoring import WrongFrameError

__all__ = [
    "GATEWISE",
    "MOST_REFITS",
    "PEERS",
    "FailedError",
    "Made",
    "Options",
    "run_gatewise",
    "run_peer",
    "second_opinion",
    "select",
]

HERE = Path(__file__).parent
GATEWISE = ("fit", "tune")


class Peer(NamedTuple):
    """A peer's module, the libraries whose versions are logged, and whether thousands of origins are too many for it.

    Attributes:
        module: in `peers`.
        libraries: distributions.
        few_origins: True where it is trained anew at each origin.
    """

    module: str
    libraries: tuple[str, ...]
    few_origins: bool = False


PEERS = {
    "Ridge": Peer("ridge_peer", ("numpy",)),
    "Naive": Peer("statsforecast_peer", ("statsforecast",)),
    "SeasonalNaive": Peer("statsforecast_peer", ("statsforecast",)),
    "AutoETS": Peer("statsforecast_peer", ("statsforecast",), few_origins=True),
    "Theta": Peer("statsforecast_peer", ("statsforecast",), few_origins=True),
    "LSTM": Peer("neuralforecast_peer", ("neuralforecast", "torch")),
    "DilatedRNN": Peer("neuralforecast_peer", ("neuralforecast", "torch")),
    "AutoLSTM": Peer("neuralforecast_peer", ("neuralforecast", "torch", "optuna")),
    "BlockRNN": Peer("darts_peer", ("darts", "torch")),
    "Keras": Peer("keras_peer", ("keras", "jax")),
}
SMOKE = ("epochs=1", "windows_per_epoch=64")
"""Settings of a smoke run."""


MOST_REFITS = 100
"""Origins at which a peer may be trained anew; with more it is left out."""


class FailedError(Exception):
    """A run that gave no frame."""


@dataclass(frozen=True)
class Options:
    """What the command line asks of every run.

    Attributes:
        minutes: of the searches, and the longest training of a peer.
        python: interpreter with the peers.
        assignments: settings of Gatewise, ``NAME=VALUE``.
        covariates: True gives Gatewise the covariates that are known ahead.
        quick: a smoke run.
        runs: folder for run folders and frames.
    """

    minutes: float
    python: str
    assignments: tuple[str, ...] = ()
    covariates: bool = False
    quick: bool = False
    runs: Path = Path()


@dataclass(frozen=True)
class Made:
    """A finished run.

    Attributes:
        frame: forecasts from every origin, with the truth.
        column: of the model.
        minutes: of the whole process.
        peak_mib: its peak memory.
        versions: of what ran.
        validation: error on the validation part, None for a peer.
        chosen: resolved settings, as the run folder has them.
    """

    frame: pd.DataFrame
    column: str
    minutes: float
    peak_mib: float
    versions: dict[str, str]
    validation: float | None = None
    chosen: dict[str, Any] = field(default_factory=dict)


def run_gatewise(problem: Problem, command: str, options: Options, folder: Path) -> Made:
    """Run `gatewise fit` or `tune` into a new folder and read its backtest.

    Raises:
        FailedError: with what it complained of.
    """
    table = _table(problem, options, folder)
    done = _done(command, run([*_command(problem, command, options, table), "--out", str(folder)], {}))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    if problem.protocol.parts:
        out = folder / "every_origin.parquet"
        driver = [sys.executable, str(HERE / "every_origin.py"), str(folder), str(table), str(problem.test_rows)]
        _done("every origin", run([*driver, str(out)], {}))
        frame = pd.read_parquet(out)
    else:
        frame = pd.read_csv(folder / "backtest.csv", dtype={"unique_id": str})
    return Made(
        frame,
        "gatewise",
        done.wall_s / 60,
        done.peak_mib,
        {"gatewise": summary["gatewise_version"]},
        summary["ensemble"]["score"],
        tomllib.loads((folder / "best.toml").read_text(encoding="utf-8")),
    )


def _table(problem: Problem, options: Options, folder: Path) -> Path:
    """Return the table for Gatewise: the file itself, or a copy beside the run folder.

    A copy is cut behind the test part where the split is fixed.
    """
    if not problem.protocol.parts:
        return problem.path
    table = folder.parent / f"{folder.name}-table" / problem.path.name
    table.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.read_csv(problem.path, parse_dates=[0], float_precision="round_trip")
    rows.head(sum(problem.protocol.parts)).to_csv(table, index=False)
    return table


def _command(problem: Problem, command: str, options: Options, table: Path) -> list[str]:
    words = [sys.executable, "-m", "gatewise", command, str(table), "--target", ",".join(problem.targets), "--quiet"]
    words += ["--horizon", str(problem.horizon), "--test-windows", str(problem.test_rows // problem.horizon)]
    if problem.protocol.parts:
        words += ["--val-windows", str(problem.validation // problem.horizon), "--set", "refit=none"]
    if command == "tune":
        words += ["--time-limit", f"{60 * options.minutes:g}s", *(["--trials", "1"] if options.quick else [])]
    if options.covariates:
        words += ["--future", problem.protocol.future]
    # The peers of the benchmark are the baselines here.
    assignments = ["baselines=none", *(SMOKE if options.quick else ()), *options.assignments]
    return words + [word for one in assignments for word in ("--set", one)]


def select(problem: Problem, options: Options, candidates: Sequence[str], folder: Path) -> tuple[str, list[dict]]:
    """Fit every candidate without the trainings on more rows; return the best one by its validation error, and all."""
    tried = []
    for number, candidate in enumerate(candidates):
        words = _command(problem, "fit", options, _table(problem, options, folder))
        words += [word for one in candidate.split() for word in ("--set", one)]
        own = folder.with_name(f"{folder.name}-candidate-{number}")
        done = _done(candidate, run([*words, "--set", "refit=none", "--out", str(own)], {}))
        summary = json.loads((own / "summary.json").read_text(encoding="utf-8"))
        tried.append({"set": candidate, "validation": summary["ensemble"]["score"], "minutes": done.wall_s / 60})
        print(f"  candidate {candidate}: {tried[-1]['validation']:.4f} on validation", file=sys.stderr)
    return min(tried, key=lambda one: one["validation"])["set"], tried


def run_peer(problem: Problem, model: str, options: Options, out: Path) -> Made:
    """Run a peer in the other interpreter and read its frame.

    Raises:
        FailedError: with what it complained of.
    """
    peer = PEERS[model]
    parts = [
        pd.DataFrame({"unique_id": name, "ds": range(len(values)), "y": values})
        for name, values in problem.series.items()
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    table = out.with_suffix(".table.parquet")
    pd.concat(parts, ignore_index=True).to_parquet(table, index=False)
    task = {
        "module": peer.module,
        "libraries": peer.libraries,
        "model": model,
        "table": str(table),
        "out": str(out),
        "horizon": problem.horizon,
        "season": problem.season,
        "test_rows": problem.test_rows,
        "validation": problem.validation,
        "stride": problem.stride,
        "seconds": 60 * options.minutes,
        "quick": options.quick,
        "squared": problem.protocol.metrics[0] == "MSE",
        "refitted": problem.protocol.parts is None,
    }
    command = [options.python, str(HERE / "peers"), json.dumps(task)]
    done = _done(model, run(command, {"KERAS_BACKEND": "jax"}))
    table.unlink()
    versions = json.loads(done.output.strip().splitlines()[-1])
    return Made(pd.read_parquet(out), model, done.wall_s / 60, done.peak_mib, versions)


def _done(what: str, done: Finished) -> Finished:
    if done.status != 0:
        missing = done.complaint.startswith("ModuleNotFoundError")
        raise FailedError(
            f"{'not installed' if missing else f'{what} ended with status {done.status}'}: {done.complaint}"
        )
    return done


def second_opinion(problem: Problem, made: Made, figures: dict[str, float], scorer: Path) -> str:
    """Score a frame with another program too, and return its line.

    It is called as ``python SCORER TABLE RUN_DIR --column MODEL``, where RUN_DIR holds ``backtest.csv``, and prints
    names and values in turn, such as ``MASE 0.8012 sMAPE 9.711``.

    Raises:
        WrongFrameError: when a figure differs by more than its last printed digit.
    """
    with tempfile.TemporaryDirectory() as folder:
        made.frame.to_csv(Path(folder) / "backtest.csv", index=False)
        command = [sys.executable, str(scorer), str(problem.path), folder, "--column", made.column]
        done = run(command, {})
    if done.status != 0:
        raise WrongFrameError(
            f"the second scorer ended with status {done.status}: {done.output.strip() or done.complaint}"
        )
    line = done.output.strip().splitlines()[-1]
    words = line.split()
    for name in ("MASE", "sMAPE", "OWA"):
        if name in words:
            other = words[words.index(name) + 1]
            digit = 10.0 ** -len(other.partition(".")[2])
            if abs(float(other) - figures[name]) > 0.51 * digit + 1e-9:
                raise WrongFrameError(f"the second scorer says {name} {other}, this one {figures[name]:.6f}")
    return line

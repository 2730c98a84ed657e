"""One search in a process of its own, under watch: Gatewise through its command line, a peer through `peers`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from problem import VALIDATION, Asked
from record import Finished, give_up, run
from watch import Watched, gatewise_trials, peer_trials, watch

__all__ = [
    "AUTOLSTM",
    "KERAS",
    "OPTUNA",
    "Peer",
    "epochs_of",
    "judged_again",
    "peer_command",
    "search_gatewise",
    "search_peer",
]

HERE = Path(__file__).resolve().parent


class Peer(NamedTuple):
    """A search of another tool.

    Attributes:
        name: of its row.
        module: in `peers`.
        environment: variables beside those of this process.
        tuner: ``random`` or ``bayesian``, where it has both.
    """

    name: str
    module: str
    environment: Mapping[str, str] = MappingProxyType({})
    tuner: str = "random"


KERAS = Peer("KerasTuner, random, Keras on TensorFlow", "keras_tuner_peer", {"KERAS_BACKEND": "tensorflow"})
AUTOLSTM = Peer("NeuralForecast AutoLSTM, its own space", "autolstm_peer")
OPTUNA = Peer("Optuna around a PyTorch loop", "optuna_peer")


def search_gatewise(command: Sequence[str], out: Path, cache: Path) -> Watched:
    """Run a search of Gatewise to its end.

    Raises:
        SystemExit: when it fails.
    """
    watched = watch(command, {"GATEWISE_CACHE_DIR": str(cache)}, gatewise_trials(out))
    _require("gatewise tune", watched.done, is_peer=False)
    return watched


def search_peer(peer: Peer, asked: Asked, trials: int, folder: Path) -> tuple[Watched, dict[str, Any]] | None:
    """Run a peer's search to its end; return what was seen of it and what it printed, None where it cannot run."""
    watched = watch(peer_command(peer, asked, trials, folder), peer.environment, peer_trials(folder))
    if not _require(peer.name, watched.done, is_peer=True):
        return None
    return watched, json.loads(watched.done.output.strip().splitlines()[-1])


def peer_command(peer: Peer, asked: Asked, trials: int, folder: Path) -> list[str]:
    """Return the command of a peer's search; given again for the same folder, it goes on as the peer does."""
    task = {"table": str(asked.table), "validation": VALIDATION, "trials": trials, "folder": str(folder)}
    task |= {"tuner": peer.tuner, "seed": asked.seed}
    return [asked.python, str(HERE / "peers" / f"{peer.module}.py"), json.dumps(task)]


def epochs_of(out: Path) -> int:
    """Return the epochs that the trials of a search of Gatewise took."""
    with (out / "trials.csv").open(encoding="utf-8", newline="") as table:
        return sum(int(row["epochs"]) for row in csv.DictReader(table))


def judged_again(asked: Asked, out: Path) -> float:
    """Return the RMSE of a run's saved model on the validation part, from forecasts made anew."""
    done = run([sys.executable, str(HERE / "validation_rmse.py"), str(out), str(asked.table), str(VALIDATION)], {})
    _require("the saved model", done, is_peer=False)
    return float(done.output)


def _require(what: str, done: Finished, *, is_peer: bool) -> bool:
    if done.status:
        give_up(what, done, is_peer)
    return done.status == 0

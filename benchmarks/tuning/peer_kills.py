"""Peers killed and started again as their users do: what their studies then hold."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from measured import Measured
from problem import Asked
from record import Figures, add
from searches import Peer, peer_command, search_peer
from watch import live, peer_trials, watch

__all__ = ["kill_peer"]


def kill_peer(measured: Measured, asked: Asked, peer: Peer, trials: int, kills: int) -> None:
    """Kill a peer's search a few times, start it again as its users do, and note what it left."""
    folder, once = asked.scratch / f"kills-{peer.module}", asked.scratch / f"kills-{peer.module}-once"
    if (made := search_peer(peer, asked, 1, once)) is None:
        return
    peace, _ = made
    command, instants = peer_command(peer, asked, trials, folder), random.Random(f"{asked.seed} peer")
    one_s = peace.done.wall_s - peace.began_s
    running = []
    for _ in range(kills):
        seconds = peace.began_s + instants.uniform(0.3, 1.5) * one_s
        live(command, peer.environment, signal.SIGKILL, seconds=seconds)
        running.append(_states(folder).count("RUNNING"))
    ended = watch(command, peer.environment, peer_trials(folder)).done
    states, epochs = Counter(_states(folder)), _epochs(folder)
    figures: Figures = {
        "kills": [kills],
        "trials wanted": [trials],
        "in the study": [states.total()],
        "complete": [states["COMPLETE"] + states["COMPLETED"]],
        "left running": [states["RUNNING"]],
        "epochs": [len(epochs)],
        "epochs trained twice": [len(epochs) - len(set(epochs))],
        "exit status": [ended.status],
    }
    add(measured.section, {peer.name: figures})
    measured.facts[f"{peer.name}: running after each kill"] = ", ".join(map(str, running))


def _states(folder: Path) -> list[str]:
    """Return the states of all trials in a folder of KerasTuner or Optuna."""
    kept = list(folder.glob("keras_tuner/trial_*/trial.json"))
    if kept or not (folder / "study.db").exists():
        return [one.get("status", "TORN") for one in _objects(path.read_text(encoding="utf-8") for path in kept)]
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name="peer", storage=f"sqlite:///{folder / 'study.db'}")
    return [one.state.name for one in study.get_trials(deepcopy=False)]


def _epochs(folder: Path) -> list[tuple[str, int]]:
    """Return trial and epoch of every epoch that a peer noted."""
    notes = folder / "progress.jsonl"
    lines = _objects(notes.read_text(encoding="utf-8").splitlines()) if notes.exists() else []
    return [(str(one["trial"]), one["epoch"]) for one in lines if "epoch" in one]


def _objects(texts: Iterable[str]) -> list[dict[str, Any]]:
    """Return JSON objects; one that a kill tore is empty."""
    made = []
    for text in texts:
        try:
            made.append(json.loads(text))
        except ValueError:
            made.append({})
    return made

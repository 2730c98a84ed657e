"""Thirty trials on weekly CO2: the whole process from start to end, and the validation RMSE of what won."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from measured import Measured
from problem import Asked, last_value_rmse, tune_command, validated_only
from record import Figures, Section, add
from searches import AUTOLSTM, KERAS, Peer, epochs_of, judged_again, search_gatewise, search_peer

__all__ = ["ROWS", "measure"]

KERAS_JAX = Peer("KerasTuner, random, Keras on JAX", "keras_tuner_peer", {"KERAS_BACKEND": "jax"})
KERAS_BAYESIAN = Peer(
    "KerasTuner, Bayesian, Keras on TensorFlow", "keras_tuner_peer", {"KERAS_BACKEND": "tensorflow"}, "bayesian"
)
SAME_EMPTY = "Gatewise, the same space, empty cache"
SAME_FILLED = "Gatewise, the same space, filled cache"
OWN = "Gatewise, its own space, empty cache"
WALL, RMSE, ENSEMBLE, RATIO = "wall, s", "rmse, ppm", "rmse of the ensemble, ppm", "times KerasTuner"

ROWS = {
    "same": SAME_EMPTY,
    "filled": SAME_FILLED,
    "own": OWN,
    "keras": KERAS.name,
    "keras-jax": KERAS_JAX.name,
    "keras-bayesian": KERAS_BAYESIAN.name,
    "autolstm": AUTOLSTM.name,
}
USUAL = ("same", "filled", "own", "keras")
PEERS = {"keras": KERAS, "keras-jax": KERAS_JAX, "keras-bayesian": KERAS_BAYESIAN, "autolstm": AUTOLSTM}


def measure(asked: Asked) -> Measured:
    """Measure every row once a round, one after another; time ratios are taken within a round."""
    trials, rounds = asked.number(asked.trials, 30, 4), asked.number(asked.rounds, 1, 1)
    peer_trials = asked.number(asked.peer_trials, trials, 3)
    names = [name for name in asked.rows or USUAL if asked.peers or name not in PEERS]
    measured = Measured(settings={"trials": trials, "peers' trials": peer_trials})
    failed: set[str] = set()
    for round_ in range(rounds):
        folder = asked.scratch / f"co2-{round_}"
        walls: dict[str, float] = {}
        for name in names:
            if name in PEERS:
                figures = _peer(asked, PEERS[name], peer_trials, folder / name) if name not in failed else None
            else:
                figures = _gatewise(asked, name, trials, folder)
            if figures is None:
                failed.add(name)
                continue
            walls[name] = figures[WALL][0]
            add(measured.section, {ROWS[name]: figures})
        for name in names if "keras" in walls and trials == peer_trials else ():
            if name not in PEERS and name != "own":
                add(measured.section, {ROWS[name]: {RATIO: [walls["keras"] / walls[name]]}})
    _conclude(measured, asked)
    return measured


def _gatewise(asked: Asked, name: str, trials: int, folder: Path) -> Figures:
    """Run a search of Gatewise; the filled cache is the one that the search with the empty one left."""
    out, cache = folder / name, folder / f"cache-{'own' if name == 'own' else 'same'}"
    if name == "filled" and not cache.exists():
        command = tune_command(asked, folder / "filling", trials, flags=(*validated_only(), "--members", "1"))
        search_gatewise(command, folder / "filling", cache)
    members = () if name == "own" else ("--members", "1")
    preset = "auto" if name == "own" else "classic"
    command = tune_command(asked, out, trials, preset=preset, flags=(*validated_only(), *members))
    watched = search_gatewise(command, out, cache)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    again = judged_again(asked, out)
    said = summary["ensemble"].get("rmse")
    if said is not None and abs(said - again) > 1e-3:
        raise SystemExit(f"{name}: the run says an RMSE of {said} on the validation part, its saved model has {again}")
    # A single network is the best trial itself; of several the run alone knows the best one's.
    best = again if members else summary["best"].get("rmse")
    figures: Figures = {WALL: [watched.done.wall_s]} | ({RMSE: [best]} if best is not None else {})
    if not members:
        figures[ENSEMBLE] = [again]
    return {**figures, "trials": [trials], "epochs": [epochs_of(out)], "peak, MiB": [watched.done.peak_mib]}


def _peer(asked: Asked, peer: Peer, trials: int, folder: Path) -> Figures | None:
    """Run a peer's search; None where it cannot run."""
    if (made := search_peer(peer, asked, trials, folder)) is None:
        return None
    watched, printed = made
    figures: Figures = {WALL: [watched.done.wall_s], RMSE: [printed["rmse"]]}
    finished = watched.finished(watched.done.wall_s)
    notes = (folder / "progress.jsonl").read_text(encoding="utf-8")
    # AutoLSTM counts in steps, not in epochs.
    epochs: Figures = {"epochs": [notes.count('"epoch"')]} if '"epoch"' in notes else {}
    return {**figures, "trials": [finished], **epochs, "peak, MiB": [watched.done.peak_mib]}


def _conclude(measured: Measured, asked: Asked) -> None:
    """Add what the rows come to."""
    section = measured.section
    measured.facts["rmse of the last value, ppm"] = last_value_rmse(asked.table)
    ours = _middle(section, SAME_EMPTY, RMSE) or _middle(section, SAME_FILLED, RMSE)
    theirs = _middle(section, KERAS.name, RMSE)
    same_budget = measured.settings["trials"] == measured.settings["peers' trials"]
    facts = {
        "times KerasTuner, empty cache": _middle(section, SAME_EMPTY, RATIO),
        "times KerasTuner, filled cache": _middle(section, SAME_FILLED, RATIO),
        "rmse over KerasTuner's, the same space": ours / theirs if ours and theirs and same_budget else None,
        "rmse of the best trial, own space, ppm": _middle(section, OWN, RMSE),
        "rmse of the ensemble, own space, ppm": _middle(section, OWN, ENSEMBLE),
    }
    measured.facts |= {name: value for name, value in facts.items() if value is not None}


def _middle(section: Section, row: str, figure: str) -> float | None:
    values = section.get(row, {}).get(figure)
    return statistics.median(values) if values else None

"""Three hundred trials: how many a second after the first minute, and what becomes of the memory."""

from __future__ import annotations

import statistics
from pathlib import Path

from measured import Measured
from problem import Asked, tune_command, validated_only
from record import Figures, add
from searches import KERAS, search_gatewise, search_peer
from watch import Watched

__all__ = ["memory", "throughput"]

AFTER_S = 60.0
"""The first minute is not counted: reading, and most of the programs that are compiled."""

SETTLED, SPAN = 30, 10
"""After so many trials memory should no longer grow; it is read over so many trials there and at the end."""

RATE = "trials/s"


def throughput(asked: Asked) -> Measured:
    """Measure Gatewise with an empty cache of compiled programs, then with the one that this left."""
    trials = asked.number(asked.trials, 300, 8)
    measured = Measured(settings={"trials": trials, "counted after, s": AFTER_S})
    for round_ in range(asked.number(asked.rounds, 1, 1)):
        for state in ("empty", "filled"):
            watched = _gatewise(asked, trials, asked.scratch / f"throughput-{round_}", state)
            figures = {RATE: [_rate(watched, trials)], "all trials after, s": [watched.reached_s(trials)]}
            add(measured.section, {f"Gatewise, {state} cache": {**figures, **_memory(watched, trials)}})
    measured.facts |= {
        f"{RATE}, {state} cache": statistics.median(measured.section[f"Gatewise, {state} cache"][RATE])
        for state in ("empty", "filled")
    }
    return measured


def memory(asked: Asked) -> Measured:
    """Measure how memory grows with the trials; KerasTuner with fewer of them, for the time it takes."""
    trials, peer_trials = asked.number(asked.trials, 300, 8), asked.number(asked.peer_trials, 60, 3)
    measured = Measured(settings={"trials": trials, "peers' trials": peer_trials})
    watched = _gatewise(asked, trials, asked.scratch / "memory", "empty")
    add(measured.section, {"Gatewise": {"trials": [trials], **_memory(watched, trials)}})
    if asked.peers and (made := search_peer(KERAS, asked, peer_trials, asked.scratch / "memory" / "keras")):
        add(measured.section, {KERAS.name: {"trials": [peer_trials], **_memory(made[0], peer_trials)}})
    measured.facts |= {
        f"growth, %, {row}": statistics.median(figures["growth, %"]) for row, figures in measured.section.items()
    }
    return measured


def _gatewise(asked: Asked, trials: int, folder: Path, name: str) -> Watched:
    out = folder / name
    command = tune_command(asked, out, trials, flags=(*validated_only(), "--members", "1"))
    return search_gatewise(command, out, folder / "cache")


def _rate(watched: Watched, trials: int) -> float:
    """Return the trials per second behind the first minute; behind the middle of a search that was shorter."""
    end = watched.reached_s(trials)
    begin = min(AFTER_S, (watched.began_s + end) / 2)
    return (trials - watched.finished(begin)) / (end - begin)


def _memory(watched: Watched, trials: int) -> Figures:
    """Return memory after the first 30 trials (a third of a short search) and over the last ones, and the growth."""
    settled = SETTLED if trials > 2 * SETTLED else trials // 3
    span = min(SPAN, max(trials // 3, 1))
    early = watched.rss_mib(settled, settled + span)
    late = watched.rss_mib(trials - span, trials)
    if not early or not late:
        raise SystemExit(f"no look at the process fell between trials {settled} and {trials}: too few trials")
    before, after = statistics.median(early), statistics.median(late)
    return {
        "after 30 trials, MiB": [before],
        "at the end, MiB": [after],
        "growth, %": [100 * (after / before - 1)],
        "peak, MiB": [watched.done.peak_mib],
    }

"""A study killed at random instants and gone on with each time, against the same study left in peace."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from compare import difference
from measured import Measured
from problem import Asked, resume_command, tune_command
from record import Figures, add
from searches import KERAS, OPTUNA, Peer, peer_command, search_gatewise
from watch import Watched, gatewise_trials, live, peer_trials, watch

__all__ = ["measure"]

SIGNALS = {"kill -9": signal.SIGKILL, "Ctrl-C": signal.SIGINT}
EARLY = 0.15
"""Share of the kills that fall before the search has begun: while imports, reading and checks run."""

PACE = 2.6
"""Longest time of a life's search, in shares of the whole search over the number of kills: 2 would reach its end with
the last kill if nothing had to be done twice."""

WHOLE = ("--members", "3", "--test-windows", "26", "--val-windows", "52")
"""A study with everything that may be cut off: trials, the training of three networks anew, a backtest."""


@dataclass
class Story:
    """What became of studies that were killed.

    Attributes:
        kills: signals sent in time.
        before_run: of these, before there was a run folder to go on with.
        at_trials: finished trials at each kill.
        studies: studies that came to their end.
        unlike: how those differ that are not as the one left in peace.
        failed: lives that ended by themselves with an error, and their last words.
        stranded: folders that could neither be gone on with nor be begun in.
        hung: processes that did not end when they were asked to.
        seconds: of all lives.
    """

    kills: int = 0
    before_run: int = 0
    at_trials: list[int] = field(default_factory=list)
    studies: int = 0
    unlike: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stranded: int = 0
    hung: int = 0
    seconds: float = 0.0

    @property
    def intact(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        return not (self.unlike or self.failed or self.stranded or self.hung) and self.studies > 0


def measure(asked: Asked) -> Measured:
    """Kill with both signals, and show what peers leave."""
    trials, kills = asked.number(asked.trials, 30, 6), asked.number(asked.kills, 25, 4)
    measured = Measured(settings={"trials": trials, "kills": kills, "seed": asked.seed})
    cache, reference = asked.scratch / "kills-cache", asked.scratch / "kills-none"
    filling = asked.scratch / "kills-filling"
    search_gatewise(tune_command(asked, filling, trials, flags=WHOLE), filling, cache)
    peace = search_gatewise(tune_command(asked, reference, trials, flags=WHOLE), reference, cache)
    if not (same := difference(filling, reference)).none:
        raise SystemExit(f"two runs that nobody killed differ already ({same}): kills would prove nothing")
    for name, signal_ in SIGNALS.items():
        story = _killed(asked, trials, kills, signal_, peace, reference, cache)
        add(measured.section, {f"Gatewise, {name}": _figures(story)})
        measured.facts[f"{name}: nothing lost, doubled or changed"] = story.intact
        measured.facts[f"{name}: kills fell after these many trials"] = _counted(story.at_trials)
        if told := [*story.unlike, *story.failed]:
            measured.facts[f"{name}: what went wrong"] = "; ".join(sorted(set(told)))
    if asked.peers:
        peer_trials, peer_kills = asked.number(asked.peer_trials, 6, 3), max(kills // 8, 1)
        for peer in (KERAS, OPTUNA):
            _show_peer(measured, asked, peer, peer_trials, peer_kills)
    return measured


def _killed(
    asked: Asked, trials: int, kills: int, signal_: signal.Signals, peace: Watched, reference: Path, cache: Path
) -> Story:
    """Kill one study after another until there were enough kills, and compare each study at its end."""
    instants, story = random.Random(f"{asked.seed} {signal_.name}"), Story()
    search_s = peace.done.wall_s - peace.began_s
    environment = {"GATEWISE_CACHE_DIR": str(cache)}
    while story.kills < kills:
        out = asked.scratch / f"kills-{signal_.name}-{story.studies}"
        while True:
            seconds = _lifetime(instants, peace.began_s, PACE * search_s / kills) if story.kills < kills else 3600.0
            resumable = (out / "run.json").exists()
            command = resume_command(out) if resumable else tune_command(asked, out, trials, flags=WHOLE)
            life = live(command, environment, seconds, signal_)
            story.seconds += life.seconds
            story.hung += life.hung
            if life.status == 0:
                break
            if life.killed:
                story.kills += 1
                story.before_run += not (out / "run.json").exists()
                story.at_trials.append(gatewise_trials(out)() or 0)
            else:
                story.failed.append(life.complaint)
            if not resumable and not (out / "run.json").exists() and out.exists() and any(out.iterdir()):
                story.stranded += 1
                shutil.rmtree(out)
            if len(story.failed) > 2:
                return story
        story.studies += 1
        found = difference(out, reference)
        if not found.none:
            story.unlike.append(str(found))
    return story


def _lifetime(instants: random.Random, began_s: float, longest_s: float) -> float:
    """Return when to kill: sometimes before the search has begun, else at any instant of a stretch of it."""
    if instants.random() < EARLY:
        return instants.uniform(0.05, began_s)
    return began_s + instants.uniform(0, longest_s)


def _figures(story: Story) -> Figures:
    return {
        "kills": [story.kills],
        "before the search": [story.before_run],
        "studies ended": [story.studies],
        "differing": [len(story.unlike)],
        "failed": [len(story.failed)],
        "stranded": [story.stranded],
        "hung": [story.hung],
        "wall, s": [story.seconds],
    }


def _counted(at_trials: list[int]) -> str:
    return ", ".join(
        f"{trials} ({count}x)" if count > 1 else str(trials) for trials, count in sorted(Counter(at_trials).items())
    )


def _show_peer(measured: Measured, asked: Asked, peer: Peer, trials: int, kills: int) -> None:
    """Kill a peer's search a few times, start it again as its users do, and note what it left."""
    folder = asked.scratch / f"kills-{peer.module}"
    command, instants = peer_command(peer, asked, trials, folder), random.Random(f"{asked.seed} peer")
    peace = watch(
        peer_command(peer, asked, 1, folder.with_name(f"{folder.name}-peace")),
        peer.environment,
        peer_trials(folder.with_name(f"{folder.name}-peace")),
    )
    if peace.done.status:
        print(f"{peer.name}: skipped ({peace.done.complaint})")
        return
    one_s = peace.done.wall_s - peace.began_s
    running = []
    for _ in range(kills):
        live(command, peer.environment, peace.began_s + instants.uniform(0.3, 1.5) * one_s, signal.SIGKILL)
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
    kept = [json.loads(one.read_text(encoding="utf-8")) for one in folder.glob("keras_tuner/trial_*/trial.json")]
    if kept or not (folder / "study.db").exists():
        return [one["status"] for one in kept]
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name="peer", storage=f"sqlite:///{folder / 'study.db'}")
    return [one.state.name for one in study.get_trials(deepcopy=False)]


def _epochs(folder: Path) -> list[tuple[str, int]]:
    """Return trial and epoch of every epoch that a peer noted."""
    lines = [json.loads(line) for line in (folder / "progress.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(str(one["trial"]), one["epoch"]) for one in lines if "epoch" in one]

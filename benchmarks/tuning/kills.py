"""A study killed at random instants and gone on with each time, against the same study left in peace."""

from __future__ import annotations

import math
import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from compare import difference
from measured import Measured
from peer_kills import kill_peer
from problem import Asked, resume_command, tune_command
from record import Figures, add
from searches import KERAS, OPTUNA, search_gatewise
from watch import Life, Watched, gatewise_trials, live

__all__ = ["measure"]

SIGNALS = {"kill -9": signal.SIGKILL, "Ctrl-C": signal.SIGINT}
AT_FILES = "kill -9 as each file appears"
NUMBER = re.compile(r"\d+")
MOST_FAILURES = 2
"""After more lives that ended with an error a study is given up."""

EARLY = 0.15
"""Share of the kills that fall before the search has begun: while imports, reading and checks run."""

PACE = 2.6
"""Longest time of a life's search, in shares of the whole search over the number of kills: 2 would reach its end with
the last kill if nothing had to be done twice."""

WHOLE = ("--members", "3", "--test-windows", "26", "--val-windows", "52", "--set", "baselines=drift,linear")
"""A study with everything that may be cut off: trials, the training of three networks anew, a backtest. Without the
baselines that are given up after a time: whether they are among the results may differ from run to run."""


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
        removed: folders that held something, but no run yet, and had to be removed for another start.
        hung: processes that did not end when they were asked to.
        seconds: of all lives.
    """

    kills: int = 0
    before_run: int = 0
    at_trials: list[int] = field(default_factory=list)
    studies: int = 0
    unlike: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    removed: int = 0
    hung: int = 0
    seconds: float = 0.0

    @property
    def intact(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        return not (self.unlike or self.failed or self.hung) and self.studies > 0


def measure(asked: Asked) -> Measured:
    """Kill with both signals, kill as each file appears, and show what peers leave."""
    trials, kills = asked.number(asked.trials, 30, 6), asked.number(asked.kills, 25, 4)
    measured = Measured(settings={"trials": trials, "kills": kills})
    cache, reference = asked.scratch / "kills-cache", asked.scratch / "kills-none"
    filling = asked.scratch / "kills-filling"
    search_gatewise(tune_command(asked, filling, trials, flags=WHOLE), filling, cache)
    peace = search_gatewise(tune_command(asked, reference, trials, flags=WHOLE), reference, cache)
    if not (same := difference(filling, reference)).none:
        raise SystemExit(f"two runs that nobody killed differ already ({same}): kills would prove nothing")
    killing = _Killing(asked, trials, reference, cache)
    for name, signal_ in SIGNALS.items():
        _note(measured, name, killing.at_random(kills, signal_, peace))
    _note(measured, AT_FILES, killing.as_files_appear())
    if asked.peers:
        peer_trials, peer_kills = asked.number(asked.peer_trials, 6, 3), max(kills // 8, 1)
        for peer in (KERAS, OPTUNA):
            kill_peer(measured, asked, peer, peer_trials, peer_kills)
    return measured


def _note(measured: Measured, name: str, story: Story) -> None:
    """Add a row and what it comes to."""
    add(measured.section, {f"Gatewise, {name}": _figures(story)})
    measured.facts[f"{name}: nothing lost, doubled or changed"] = story.intact
    measured.facts[f"{name}: kills fell after these many trials"] = _counted(story.at_trials)
    if told := [*story.unlike, *story.failed]:
        measured.facts[f"{name}: what went wrong"] = "; ".join(sorted(set(told)))


RunOnce = Callable[[list[str], Path], Life]
"""Starts a command that works on a run folder, and returns when it has ended or was killed."""


class _Killing:
    """Studies that are killed and gone on with until they end."""

    def __init__(self, asked: Asked, trials: int, reference: Path, cache: Path):
        self._asked, self._trials, self._reference = asked, trials, reference
        self._environment = {"GATEWISE_CACHE_DIR": str(cache)}

    def at_random(self, kills: int, signal_: signal.Signals, peace: Watched) -> Story:
        """Kill one study after another at random instants until there were enough kills."""
        instants, story = random.Random(f"{self._asked.seed} {signal_.name}"), Story()
        longest_s = PACE * (peace.done.wall_s - peace.began_s) / kills

        def run_once(command: list[str], out: Path) -> Life:
            enough = story.kills >= kills
            seconds = math.inf if enough else _lifetime(instants, peace.began_s, longest_s)
            return live(command, self._environment, signal_, seconds=seconds)

        while story.kills < kills and len(story.failed) <= MOST_FAILURES:
            self._study(self._asked.scratch / f"kills-{signal_.name}-{story.studies}", story, run_once)
        return story

    def as_files_appear(self) -> Story:
        """Kill one study whenever a file of a kind appears that had not been there at an earlier kill."""
        story, seen = Story(), set[str]()

        def run_once(command: list[str], out: Path) -> Life:
            def has_appeared() -> bool:
                new = _kinds(out) - seen
                seen.update(new)
                return bool(new)

            return live(command, self._environment, signal.SIGKILL, when=has_appeared)

        self._study(self._asked.scratch / "kills-files", story, run_once)
        return story

    def _study(self, out: Path, story: Story, run_once: RunOnce) -> None:
        """Begin a study, go on with it until it ends by itself, and compare."""
        while len(story.failed) <= MOST_FAILURES:
            resumable = (out / "run.json").exists()
            command = resume_command(out) if resumable else tune_command(self._asked, out, self._trials, flags=WHOLE)
            life = run_once(command, out)
            story.seconds += life.seconds
            story.hung += life.hung
            if life.status == 0:
                story.studies += 1
                if not (found := difference(out, self._reference)).none:
                    story.unlike.append(str(found))
                return
            begun = (out / "run.json").exists()
            if life.killed:
                story.kills += 1
                story.before_run += not begun
                story.at_trials.append(gatewise_trials(out)() or 0)
            else:
                story.failed.append(life.complaint)
            if not begun and out.exists() and any(out.iterdir()):
                # As the message of the next try would say: choose another folder, or remove that one.
                story.removed += 1
                shutil.rmtree(out)


def _kinds(run: Path) -> set[str]:
    """Return the names of a run's files, each number as #: one kind for the checkpoints of all trials."""
    kinds = set[str]()
    for folder in ("", "checkpoints", "model"):
        if (run / folder).is_dir():
            kinds.update(NUMBER.sub("#", f"{folder}/{one.name}") for one in (run / folder).iterdir())
    return kinds


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
        "folders removed": [story.removed],
        "hung": [story.hung],
        "wall, s": [story.seconds],
    }


def _counted(at_trials: list[int]) -> str:
    return ", ".join(
        f"{trials} ({count}x)" if count > 1 else str(trials) for trials, count in sorted(Counter(at_trials).items())
    )

"""Two run folders of the same search held against each other: what was lost, doubled, or came out otherwise."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Difference", "difference", "trials_without_seconds"]

SAME_FILES = ("best.toml", "forecast.csv", "backtest.csv", "leaderboard.csv")
"""Files that must have the same bytes; one that neither folder has is as it should be."""


@dataclass(frozen=True)
class Difference:
    """How a run differs from the one that it should equal.

    Attributes:
        lost: trials of the other that this one lacks.
        doubled: trials with more than one row in ``trials.csv``, or more than one trial in ``study.db``.
        changed: trials whose row differs in anything but its seconds.
        doubled_epochs: epochs that ``events.jsonl`` tells more than once.
        changed_epochs: epochs that only one of the two has, or whose losses differ.
        left_running: trials of ``study.db`` that are neither finished nor waiting.
        changed_study: whether the study's trials differ in number, state, parameters or values.
        changed_files: names of the result files that differ.
        missing_files: files that the other has and this one lacks.
        surplus_files: files that only this one has, such as halves that a kill left.
    """

    lost: int = 0
    doubled: int = 0
    changed: int = 0
    doubled_epochs: int = 0
    changed_epochs: int = 0
    left_running: int = 0
    changed_study: bool = False
    changed_files: tuple[str, ...] = ()
    missing_files: tuple[str, ...] = ()
    surplus_files: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether there is no difference at all."""
        return self == Difference()

    def __str__(self) -> str:
        """Return what differs, in words."""
        told = {name: value for name, value in vars(self).items() if value}
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items()) or "none"


def difference(run: Path, reference: Path, *, same_files: tuple[str, ...] = SAME_FILES) -> Difference:
    """Return how a run differs from a reference.

    Args:
        run: its folder.
        reference: the folder of the run that it should equal.
        same_files: names of further files that must have the same bytes.
    """
    rows, expected = trials_without_seconds(run), trials_without_seconds(reference)
    by_number, wanted = {row[0]: row for row in rows[1:]}, {row[0]: row for row in expected[1:]}
    epochs, epochs_wanted = _epochs(run), _epochs(reference)
    study, study_wanted = _study(run), _study(reference)
    numbers = Counter(number for number, state, *_ in study if state != "WAITING")
    return Difference(
        lost=len(wanted.keys() - by_number.keys()),
        doubled=len(rows) - 1 - len(by_number) + sum(count - 1 for count in numbers.values()),
        changed=sum(row != wanted.get(number) for number, row in by_number.items()) + (rows[0] != expected[0]),
        doubled_epochs=len(epochs) - len({epoch[:2] for epoch in epochs}),
        changed_epochs=len(set(epochs) ^ set(epochs_wanted)),
        left_running=sum(state == "RUNNING" for _, state, *_ in study),
        changed_study=sorted(study) != sorted(study_wanted),
        changed_files=tuple(name for name in same_files if _bytes(run / name) != _bytes(reference / name)),
        missing_files=tuple(sorted(_names(reference) - _names(run))),
        surplus_files=tuple(sorted(_names(run) - _names(reference))),
    )


def trials_without_seconds(run: Path) -> list[list[str]]:
    """Return ``trials.csv`` as written, heading first, without its column of seconds."""
    with (run / "trials.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.reader(table))
    at = rows[0].index("seconds")
    return [row[:at] + row[at + 1 :] for row in rows]


def _epochs(run: Path) -> list[tuple[str, int, str, str]]:
    """Return trial, epoch and both losses of every line of ``events.jsonl``."""
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(str(one["trial"]), one["epoch"], repr(one["train_loss"]), repr(one["val_loss"])) for one in lines]


def _study(run: Path) -> list[tuple[int, str, str, str]]:
    """Return number, state, parameters and value of every trial of ``study.db``, as Optuna reads it."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{(run / 'study.db').resolve()}")
    return [
        # The study counts in the order in which trials ended; which trial of the search one is, an attribute says.
        (
            one.user_attrs.get("trial", one.number),
            one.state.name,
            json.dumps(one.params, sort_keys=True),
            repr(one.values),
        )
        for one in study.get_trials(deepcopy=False)
    ]


def _names(run: Path) -> set[str]:
    """Return the names of all files of a run, with their folders."""
    return {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None

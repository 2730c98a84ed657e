"""The problem that all searches get: weekly CO2, one step ahead, one validation part, one space, one budget."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from gatewise.data.example import co2_panel

__all__ = ["BUDGET", "SPACE", "VALIDATION", "Asked", "last_value_rmse", "resume_command", "tune_command", "write_co2"]

VALIDATION = 455
"""Weeks of the validation part, the last of the table: 20 % of the windows of 10 weeks. The last value's one-step RMSE
there is 0.514 ppm."""

EPOCHS, PATIENCE = 30, 5

BUDGET = (f"epochs={EPOCHS}", f"patience={PATIENCE}")
"""Settings of Gatewise that make a trial as long as a peer's."""

UNITS = (32, 64, 128)

SPACE = (
    "hidden=" + "|".join([*map(str, UNITS), *(f"{first},{second}" for first in UNITS for second in UNITS)]),
    "window=10|26|52",
    "dropout=0..0.5",
    "learning_rate=1e-4..1e-2",
    "batch_size=16|32|64|128",
)
"""The space that the peers search, as `--space` takes it: one layer or two."""

VARIED = ",".join(one.partition("=")[0] for one in SPACE)


@dataclass(frozen=True)
class Asked:
    """What the command line asks of every measurement.

    Attributes:
        table: the CSV that all searches read.
        scratch: folder for run folders and caches, removed in the end unless it was named.
        python: interpreter that has the peers.
        trials: of each search, None for the measurement's own number.
        peer_trials: of each peer's search, likewise.
        rounds: measurements of each row.
        kills: kills of each kind.
        rows: only these rows of `co2`; all where empty.
        peers: False leaves the peers out.
        assignments: further settings of every Gatewise search, ``NAME=VALUE``.
        seed: of the searches and of the instants of the kills.
        quick: a smoke run.
    """

    table: Path
    scratch: Path
    python: str = sys.executable
    trials: int | None = None
    peer_trials: int | None = None
    rounds: int | None = None
    kills: int | None = None
    rows: tuple[str, ...] = ()
    peers: bool = True
    assignments: tuple[str, ...] = field(default=())
    seed: int = 0
    quick: bool = False

    def number(self, asked: int | None, usual: int, quick: int) -> int:
        """Return what was asked for, or else the usual number, or that of a smoke run."""
        return asked or (quick if self.quick else usual)


def write_co2(folder: Path) -> Path:
    """Write the 2284 weeks, gaps interpolated, so that all searches see the same values; return the file."""
    one = co2_panel().series[0]
    path = folder / "co2.csv"
    pd.DataFrame({"date": one.index, "co2": one.values}).to_csv(path, index=False)
    return path


def last_value_rmse(table: Path) -> float:
    """Return the one-step RMSE of repeating the last value over the validation part, in ppm."""
    values = pd.read_csv(table, float_precision="round_trip")["co2"].to_numpy()
    return float(np.sqrt(np.mean(np.diff(values)[-VALIDATION:] ** 2)))


def tune_command(asked: Asked, out: Path, trials: int, *, preset: str = "classic", flags: tuple[str, ...]) -> list[str]:
    """Return the command of one search of Gatewise, with the budget of the peers.

    Args:
        asked: table, seed and further settings.
        out: the run folder.
        trials: of the search.
        preset: ``classic`` for the peers' space, ``auto`` for Gatewise's own.
        flags: behind the others.
    """
    command = [sys.executable, "-m", "gatewise", "tune", str(asked.table), "--horizon", "1", "--preset", preset]
    command += ["--trials", str(trials), "--seed", str(asked.seed), "--out", str(out), "--quiet"]
    if preset == "classic":
        command += ["--set", f"vary={VARIED}", *(word for one in SPACE for word in ("--space", one))]
    command += [word for one in (*BUDGET, *asked.assignments) for word in ("--set", one)]
    return [*command, *flags]


def validated_only() -> tuple[str, ...]:
    """Return the flags of a search that is judged on the validation part alone, as the peers are."""
    return ("--test-windows", "0", "--val-windows", str(VALIDATION), "--set", "refit=none")


def resume_command(out: Path) -> list[str]:
    """Return the command that goes on with a run folder."""
    return [sys.executable, "-m", "gatewise", "tune", "--resume", str(out), "--quiet"]

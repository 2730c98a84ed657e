"""A log for Weights & Biases, offline: a run for each training, grouped by the search; `wandb sync` sends it later."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewise.loggers.words import SCORE, leaderboard_scores
from gatewise.search.study import Trial
from gatewise.settings import Settings

if TYPE_CHECKING:
    from wandb import Run

__all__ = ["WandbLog"]

PROJECT = "gatewise"


class WandbLog:
    """Writes offline runs; send them with ``wandb sync RUN_DIR/wandb/offline-run-*`` whenever you want.

    Args:
        folder: the run folder; the library itself adds ``wandb`` to it.
        name: of the data; with the folder's name it is what the runs are grouped by.
        command: that made the run.
        settings: of the run.
    """

    def __init__(self, folder: Path, name: str, command: str, settings: Settings):
        self._folder, self._command, self._settings = folder, command, settings
        self._group = f"{name} {folder.name}"
        self._runs: dict[str, Run] = {}

    def open(self) -> None:
        """Load the library."""
        # Read when the library is imported: nothing of a run may leave the machine.
        os.environ["WANDB_ERROR_REPORTING"] = "false"
        import wandb  # noqa: F401

        self._folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, settings: Settings) -> None:
        """Begin a trial's run; one that goes on from where it paused has one already."""
        if name not in self._runs:
            self._begin(name, settings)

    def epoch(self, name: str, number: int, measured: Mapping[str, float], at: float) -> None:
        """Write what an epoch measured."""
        run = self._runs.get(name) or self._begin(name, self._settings)
        run.log({"epoch": number, **measured}, step=number)

    def trial(self, name: str, trial: Trial) -> None:
        """Write a trial's score, and end its run unless it only pauses."""
        run = self._runs.get(name) or self._begin(name, trial.settings)
        run.summary.update(
            {"status": trial.status, "message": trial.message, "best_epoch": trial.best_epoch}
            | ({SCORE: trial.score} if math.isfinite(trial.score) else {})
        )
        if trial.status != "paused":
            self._runs.pop(name).finish(exit_code=int(trial.status in ("diverged", "failed")))

    def close(self, summary: Mapping[str, Any] | None) -> None:
        """End what has not ended, and write the verdict and the test scores as a run of their own."""
        for run in self._runs.values():
            run.finish()
        self._runs.clear()
        run = self._begin("summary", self._settings)
        if summary is not None:
            words = {name: summary[name] for name in ("verdict", "run_folder")}
            run.summary.update({SCORE: summary["ensemble"]["score"], **words, **leaderboard_scores(summary)})
        run.finish(exit_code=int(summary is None))

    def _begin(self, name: str, settings: Settings) -> Run:
        import wandb

        run = wandb.init(
            project=PROJECT,
            group=self._group,
            name=name,
            job_type=self._command,
            config=settings.model_dump(mode="json"),
            reinit="create_new",
            settings=wandb.Settings(
                mode="offline",
                root_dir=str(self._folder.resolve()),
                silent=True,
                console="off",
                symlink=False,
                disable_git=True,
                disable_code=True,
                save_code=False,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
            ),
        )
        self._runs[name] = run
        return run

"""A log for MLflow: a run for the search, and below it one for each training, in a SQLite file of the run folder."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewise.loggers.words import SCORE, as_text, leaderboard_scores
from gatewise.search.study import Trial
from gatewise.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

__all__ = ["MlflowLog"]

NAME_TAG = "gatewise.training"
"""Tag by which a training is found again when a run goes on; the search itself has the name of the command."""

EVERY = 2.0
"""Seconds between two writes of epochs at least: each one is a transaction."""

MOST_METRICS = 1000
"""Metrics that MLflow takes at once."""

ENDS = {"diverged": "FAILED", "failed": "FAILED", "interrupted": "KILLED"}
"""How MLflow calls the end of a training; all others are FINISHED."""


class MlflowLog:
    """Writes runs; show them with ``mlflow ui --backend-store-uri sqlite:///RUN_DIR/mlflow/mlflow.db``.

    Args:
        folder: where the database goes.
        name: of the data, which names the experiment.
        command: that made the run.
        settings: of the run; they become parameters of the parent.
        varied: names of the settings that become parameters of each trial.
    """

    def __init__(self, folder: Path, name: str, command: str, settings: Settings, varied: Sequence[str]):
        self._folder, self._name, self._command = folder, name, command
        self._settings, self._varied = settings, varied
        self._runs: dict[str, str] = {}
        self._waiting: dict[str, list[Metric]] = {}
        self._written = 0.0

    def open(self) -> None:
        """Load the library, make the database, and begin the parent run, or find it again."""
        # Read when the library is imported: nothing of a run may leave the machine.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        for noisy in ("mlflow.store.db.utils", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._folder.resolve()
        self._client: MlflowClient = MlflowClient(tracking_uri=f"sqlite:///{place.as_posix()}/mlflow.db")
        known = self._client.get_experiment_by_name(self._name)
        self._experiment: str = (
            known.experiment_id
            if known is not None
            else self._client.create_experiment(self._name, artifact_location=(place / "artifacts").as_uri())
        )
        token = None
        while known is not None:
            page = self._client.search_runs([self._experiment], page_token=token)
            self._runs |= {run.data.tags[NAME_TAG]: run.info.run_id for run in page if NAME_TAG in run.data.tags}
            if not (token := page.token):
                break
        if self._command not in self._runs:
            self._parameters(self._run(self._command), self._settings, tuple(Settings.model_fields))
        self._client.update_run(self._run(self._command), status="RUNNING")

    def start(self, name: str, settings: Settings) -> None:
        """Begin a trial's run, or go on with it."""
        is_new = name not in self._runs
        run = self._run(name)
        if is_new:
            self._parameters(run, settings, self._varied)
        self._client.update_run(run, status="RUNNING")

    def epoch(self, name: str, number: int, measured: Mapping[str, float], at: float) -> None:
        """Note what an epoch measured."""
        from mlflow.entities import Metric

        self._waiting.setdefault(self._run(name), []).extend(
            Metric(one, value, int(at * 1000), number) for one, value in measured.items()
        )
        if time.monotonic() - self._written >= EVERY:
            self._write()

    def trial(self, name: str, trial: Trial) -> None:
        """Write a trial's score, and end its run unless it only pauses."""
        self._write()
        run = self._run(name)
        for tag, value in (("status", trial.status), ("message", trial.message)):
            self._client.set_tag(run, f"gatewise.{tag}", value)
        if math.isfinite(trial.score):
            self._client.log_metric(run, SCORE, trial.score, step=trial.epochs)
        if trial.status != "paused":
            self._client.set_terminated(run, ENDS.get(trial.status, "FINISHED"))

    def close(self, summary: Mapping[str, Any] | None) -> None:
        """Write the verdict, the test scores and where the files are; end the parent and what has not ended yet."""
        self._write()
        parent = self._run(self._command)
        if summary is not None:
            self._client.log_metric(parent, SCORE, summary["ensemble"]["score"])
            for name, value in leaderboard_scores(summary).items():
                self._client.log_metric(parent, name, value)
            for tag in ("verdict", "run_folder"):
                self._client.set_tag(parent, f"gatewise.{tag}", str(summary[tag]))
        cut_short = summary is not None and summary["interrupted"]
        end = "FAILED" if summary is None else "KILLED" if cut_short else "FINISHED"
        for run in self._runs.values():
            if self._client.get_run(run).info.status == "RUNNING":
                self._client.set_terminated(run, end)

    def _run(self, name: str) -> str:
        """Return the id of a training's run, which begins with the first word of it."""
        if name not in self._runs:
            tags = {NAME_TAG: name}
            if name != self._command:
                tags["mlflow.parentRunId"] = self._runs[self._command]
            self._runs[name] = self._client.create_run(self._experiment, tags=tags, run_name=name).info.run_id
        return self._runs[name]

    def _parameters(self, run: str, settings: Settings, names: Sequence[str]) -> None:
        from mlflow.entities import Param

        values = {name: getattr(settings, name) for name in names}
        given = [Param(name, as_text(value)) for name, value in values.items() if value is not None]
        self._client.log_batch(run, params=given)

    def _write(self) -> None:
        for run, metrics in self._waiting.items():
            for first in range(0, len(metrics), MOST_METRICS):
                self._client.log_batch(run, metrics[first : first + MOST_METRICS])
        self._waiting.clear()
        self._written = time.monotonic()

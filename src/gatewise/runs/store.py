"""A run folder: where everything that one command produced lies, under fixed names."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import tempfile
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from gatewise.artifact import Saved, save_model
from gatewise.configuration import write_toml
from gatewise.errors import RunFolderError
from gatewise.runs.journal import Journal
from gatewise.search.trial import Trial
from gatewise.settings import Settings
from gatewise.train.checkpoint import Epoch

__all__ = ["RunFolder", "csv_text", "default_folder", "finite", "replace_text"]

BEFORE_A_RUN = (".lock", "run.toml", ".run.toml.partial", ".data.json.partial")
"""Files of a process that ended before its run could be gone on with; nothing is lost with them."""

TRIAL_FACTS = ("number", "status", "score", "best_epoch", "epochs", "train_loss", "val_loss", "seconds", "message")


def default_folder(name: str, now: time.struct_time | None = None) -> Path:
    """Return ``runs/<name>-<time>``, with a counter behind it where that exists already.

    Example:
        >>> default_folder("co2", time.gmtime(0)).as_posix()
        'runs/co2-19700101-000000'
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", now or time.localtime())
    safe = "".join(char if char.isalnum() or char in "-_." else "-" for char in name) or "data"
    path = Path("runs") / f"{safe}-{stamp}"
    counter = 2
    while path.exists():
        path, counter = path.with_name(f"{safe}-{stamp}-{counter}"), counter + 1
    return path


class RunFolder:
    """Writes a run folder.

    ``journal.jsonl``, ``events.jsonl`` and ``trials.csv`` grow line by line; every other text file is replaced as a
    whole, so a crash leaves no half of one.

    Args:
        path: the folder; made if missing.
        resume: whether it is an earlier run's, to go on with.

    Raises:
        RunFolderError: when a new one exists and is not empty, one to resume is no run folder, or it cannot be written.
    """

    def __init__(self, path: Path, *, resume: bool = False):
        self.path, self.resumed = path, resume
        self._lock = Lock()
        self._rows: dict[int, dict[str, Any]] = {}
        if resume:
            if not (path / "run.json").is_file():
                raise RunFolderError(
                    f"--resume must name the folder of a run, but '{path}' holds no run.json. "
                    "Name a folder that 'gatewise tune' has written."
                )
        elif path.is_dir() and any(file.name not in BEFORE_A_RUN for file in path.iterdir()):
            raise RunFolderError(
                f"--out must name a new or empty folder, but '{path}' exists and is not empty. "
                "Choose another folder, or remove that one."
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            # A folder may be there and yet refuse files; better said now than after an hour of training.
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            raise RunFolderError(
                f"--out must name a folder that can be written, but '{path}' cannot be: {error.strerror}. "
                "Choose another folder."
            ) from None

    @contextmanager
    def held(self) -> Iterator[Journal]:
        """Hold the folder against other processes inside the block, and yield its journal.

        Raises:
            RunFolderError: when another process holds it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=1)  # a follower that looks whether it is held has it for a moment
        except Timeout:
            raise RunFolderError(
                f"only one process may work on a run, but another one works on '{self.path}'. "
                "Follow it with 'gatewise watch', or wait until it has ended."
            ) from None
        try:
            journal = Journal(self.path)
            if self.resumed:
                self._keep_only(journal.past)
            yield journal
        finally:
            lock.release()

    @property
    def finished(self) -> bool:
        """Whether the run came to its end, uncut: the report, which is written last, is not older than the summary."""
        summary, report = self.path / "summary.json", self.path / "report.html"
        try:
            is_last = report.stat().st_mtime_ns >= summary.stat().st_mtime_ns
            return is_last and not json.loads(summary.read_text(encoding="utf-8"))["interrupted"]
        except (OSError, ValueError, KeyError):
            return False

    def tidy(self) -> None:
        """Remove what a finished run needs no more, and what killed processes left half-written."""
        for pattern in ("checkpoints/refit-*", "checkpoints/*.partial", "model/.tmp*", ".*.partial"):
            for file in self.path.glob(pattern):
                file.unlink(missing_ok=True)

    def _keep_only(self, past: Sequence[Trial]) -> None:
        """Remove the epochs that the journal does not cover: they are trained, or told, again."""
        epochs = {trial.number: trial.epochs for trial in past}
        path = self.path / "events.jsonl"
        if not path.is_file():
            return
        kept = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except ValueError:  # the line that the crash tore
                continue
            if event["epoch"] <= epochs.get(event["trial"], 0):
                kept.append(line + "\n")
        self.write_text("events.jsonl", "".join(kept))

    def storage(self) -> str:
        """Return the URL of the Optuna study."""
        from sqlalchemy import URL  # what Optuna itself stores with

        return URL.create("sqlite", database=str((self.path / "study.db").resolve())).render_as_string()

    def discard(self) -> None:
        """Remove the folder, where a run ended before there was anything to keep."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file as a whole."""
        return replace_text(self.path / name, text)

    def write_json(self, name: str, document: Mapping[str, Any]) -> Path:
        """Write a JSON file; NaN and infinities become null."""
        return self.write_text(name, json.dumps(finite(document), indent=1, ensure_ascii=False) + "\n")

    def write_table(self, name: str, table: pd.DataFrame) -> Path:
        """Write a CSV file: UTF-8, ISO time stamps, numbers with 15 significant digits."""
        return self.write_text(name, csv_text(table))

    def write_settings(self, name: str, settings: Settings, still_open: Container[str] = ()) -> Path:
        """Write settings as TOML, to be given to ``--config``; those still open stand as comments."""
        text = write_toml(settings, still_open)
        return self.write_text(name, f"# Every setting; use it with --config {name}\n\n{text}")

    def write_model(self, saved: Saved) -> None:
        """Write the model folder."""
        save_model(self.path / "model", saved)

    def add_epoch(self, trial: int | str, epoch: Epoch) -> None:
        """Append one epoch to ``events.jsonl``."""
        facts = asdict(epoch)
        line = json.dumps(finite({"trial": trial, "epoch": facts.pop("number"), **facts}))
        with self._lock, (self.path / "events.jsonl").open("a", encoding="utf-8", newline="\n") as log:
            log.write(line + "\n")

    def write_findings(self, trials: Sequence[Trial]) -> None:
        """Write ``findings.jsonl``: what the coach says of each trial."""
        lines = [{"trial": one.number, "findings": [found.to_dict() for found in one.findings]} for one in trials]
        self.write_text("findings.jsonl", "".join(json.dumps(finite(line)) + "\n" for line in lines))

    def add_trial(self, trial: Trial, varied: tuple[str, ...]) -> None:
        """Write one trial into ``trials.csv``, with the settings that vary; one that paused before is replaced."""
        facts = {name: getattr(trial, name) for name in TRIAL_FACTS}
        facts["score"] = trial.score if math.isfinite(trial.score) else ""
        row = {**facts, **{name: _cell(getattr(trial.settings, name)) for name in varied}}
        with self._lock:
            appending = bool(self._rows) and trial.number > max(self._rows)
            self._rows[trial.number] = row
            rows = [row] if appending else [self._rows[number] for number in sorted(self._rows)]
            text = io.StringIO()
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            if not appending:
                writer.writeheader()
            writer.writerows(rows)
            if not appending:
                self.write_text("trials.csv", text.getvalue())
                return
            with (self.path / "trials.csv").open("a", encoding="utf-8", newline="") as table:
                table.write(text.getvalue())


def replace_text(target: Path, text: str) -> Path:
    """Write a text file as a whole, so that whoever reads it sees the old one or the new one."""
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(target)
    return target


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV text, as every result file has it."""
    shown = table.copy()
    for name in shown.columns:
        if isinstance(shown[name].dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(shown[name].dtype):
            shown[name] = _iso(pd.Series(shown[name]))
    return shown.to_csv(index=False, float_format="%.15g", lineterminator="\n")


def _iso(stamps: pd.Series) -> pd.Series:
    """Return time stamps as ISO 8601: dates alone where every one is at midnight without a zone."""
    if stamps.dt.tz is None and bool((stamps.dt.normalize() == stamps).all()):
        return stamps.dt.strftime("%Y-%m-%d")
    return stamps.map(lambda stamp: stamp.isoformat())


def _cell(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def finite(document: Any) -> Any:
    """Return a document with every NaN and infinity as None, which is what JSON knows."""
    if isinstance(document, Mapping):
        return {str(key): finite(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [finite(value) for value in document]
    if isinstance(document, float) and not math.isfinite(document):
        return None
    return document

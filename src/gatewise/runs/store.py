"""A run folder: where everything that one command produced lies, under fixed names."""

from __future__ import annotations

import csv
import json
import math
import shutil
import tempfile
import time
from collections.abc import Container, Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from gatewise.artifact import Saved, save_model
from gatewise.configuration import write_toml
from gatewise.errors import RunFolderError
from gatewise.search.study import Trial
from gatewise.settings import Settings
from gatewise.train.fit import Epoch

__all__ = ["RunFolder", "default_folder"]

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

    ``events.jsonl`` and ``trials.csv`` grow line by line; every other text file is replaced as a whole, so a crash
    leaves no half of one.

    Args:
        path: the folder; made if missing.

    Raises:
        RunFolderError: when it exists and is not empty, or cannot be written.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock = Lock()
        self._columns: list[str] = []
        if path.is_dir() and any(path.iterdir()):
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

    def storage(self) -> str:
        """Return the URL of the Optuna study."""
        from sqlalchemy import URL  # what Optuna itself stores with

        return URL.create("sqlite", database=str((self.path / "study.db").resolve())).render_as_string()

    def discard(self) -> None:
        """Remove the folder, where a run ended before there was anything to keep."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file as a whole."""
        target = self.path / name
        partial = target.with_name(f".{target.name}.partial")
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(target)
        return target

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

    def add_trial(self, trial: Trial, varied: tuple[str, ...]) -> None:
        """Append one trial to ``trials.csv``, with the settings that vary."""
        facts = {name: getattr(trial, name) for name in TRIAL_FACTS}
        facts["score"] = trial.score if math.isfinite(trial.score) else ""
        settings = {name: _cell(getattr(trial.settings, name)) for name in varied}
        path = self.path / "trials.csv"
        with self._lock:
            fresh = not path.exists()
            with path.open("a", encoding="utf-8", newline="") as table:
                writer = csv.DictWriter(table, [*facts, *settings], lineterminator="\n")
                if fresh:
                    writer.writeheader()
                writer.writerow({**facts, **settings})


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

"""Reading a run folder: every file that is there, none that is missing, and a word on each that is damaged."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from gatewise.errors import GatewiseError, RunFolderError
from gatewise.train.finding import Finding

__all__ = ["History", "RunFiles", "clock", "finite", "read_folder", "read_json", "texts", "whole"]

Content = TypeVar("Content")
Moment = str | int

TEXT = {"unique_id", "ds", "cutoff", "model", "status", "message", "hidden"}
"""Columns that stay text whatever they look like: a series may be called 007 or NA, and layers are "64,32"."""

EMPTY = ("", "nan", "none", "null")
"""What an empty cell may look like."""

ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")
"""The zone at the end of a time stamp."""


@dataclass(frozen=True)
class History:
    """The recent values of one series.

    Attributes:
        ds: wall-clock time stamps or whole numbers.
        y: values, None where the value was filled in rather than read.
    """

    ds: tuple[Moment, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True, eq=False)
class RunFiles:
    """A run folder's files as read; what is missing is empty.

    Attributes:
        folder: where they lie.
        summary: ``summary.json``.
        data: ``data.json``.
        settings: ``run.toml``, by group and name.
        settings_text: ``run.toml`` as it stands.
        trials: ``trials.csv``.
        events: ``events.jsonl``, one row per epoch.
        findings: ``findings.jsonl``, what the coach says of each trial, by its number.
        forecast: ``forecast.csv``.
        backtest: ``backtest.csv``.
        leaderboard: ``leaderboard.csv``.
        importance: ``importance.json``.
        asked: ``run.json``.
        evaluation: ``evaluation.json``.
        audit: ``audit.json``.
        history: recent values by series, from ``model/``.
        problems: one sentence per file that is damaged.
    """

    folder: Path
    summary: dict[str, Any]
    data: dict[str, Any]
    settings: dict[str, dict[str, Any]]
    settings_text: str
    trials: pd.DataFrame
    events: tuple[dict[str, Any], ...]
    findings: dict[int, tuple[Finding, ...]]
    forecast: pd.DataFrame
    backtest: pd.DataFrame
    leaderboard: pd.DataFrame
    importance: dict[str, Any]
    asked: dict[str, Any]
    evaluation: dict[str, Any]
    audit: dict[str, Any]
    history: dict[str, History]
    problems: tuple[str, ...]


def finite(value: Any) -> float | None:
    """Return a number if it is one and finite, else None.

    Example:
        >>> finite("0.5"), finite(3), finite(float("nan")), finite(None), finite("")
        (0.5, 3.0, None, None, None)
    """
    try:
        made = float(value)
    except (TypeError, ValueError):
        return None
    return made if math.isfinite(made) else None


def whole(value: Any) -> int | None:
    """Return a whole number if there is one, else None.

    Example:
        >>> whole(3.0), whole("7"), whole(None)
        (3, 7, None)
    """
    made = finite(value)
    return None if made is None else int(made)


def texts(value: Any) -> tuple[str, ...]:
    """Return a list's members as texts, nothing for what is no list.

    Example:
        >>> texts(["a", 1]), texts(None)
        (('a', '1'), ())
    """
    return tuple(str(text) for text in value) if isinstance(value, list | tuple) else ()


def clock(text: str) -> Moment:
    """Return a time stamp as the wall clock showed it, or a whole number.

    Charts have no notion of zones; two stamps of the hour that a clock is set back fall on the same place.

    Example:
        >>> clock("2026-03-29 02:00:00+01:00"), clock("2026-03-29"), clock("17")
        ('2026-03-29 02:00', '2026-03-29', 17)
    """
    try:
        return int(text)
    except ValueError:
        bare = ZONE.sub("", text).replace("T", " ").removesuffix(" 00:00:00")
        return bare.removesuffix(":00") if bare.count(":") == 2 else bare


def read_folder(folder: Path) -> RunFiles:
    """Read a run folder.

    Raises:
        RunFolderError: when the folder is missing or holds none of a run's files.
    """
    if not any((folder / name).is_file() for name in ("summary.json", "run.toml", "trials.csv", "forecast.csv")):
        raise RunFolderError(
            f"a report is made from a run folder, but '{folder}' holds no summary.json, run.toml, trials.csv or "
            "forecast.csv. Name a folder that 'gatewise fit', 'gatewise tune' or 'gatewise demo' wrote."
        )
    problems: list[str] = []

    def read(name: str, reader: Callable[[Path], Content], empty: Content) -> Content:
        path = folder / name
        if not path.exists():
            return empty
        try:
            return reader(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, GatewiseError) as error:
            problems.append(f"{name} could not be read, so what it holds is missing here: {error}")
            return empty

    nothing = pd.DataFrame()
    return RunFiles(
        folder=folder,
        summary=read("summary.json", read_json, {}),
        data=read("data.json", read_json, {}),
        settings=read("run.toml", _toml, {}),
        settings_text=read("run.toml", _text, ""),
        trials=read("trials.csv", _table, nothing),
        events=read("events.jsonl", _events, ()),
        findings=read("findings.jsonl", _findings, {}),
        forecast=read("forecast.csv", _table, nothing),
        backtest=read("backtest.csv", _table, nothing),
        leaderboard=read("leaderboard.csv", _table, nothing),
        importance=read("importance.json", read_json, {}),
        asked=read("run.json", read_json, {}),
        evaluation=read("evaluation.json", read_json, {}),
        audit=read("audit.json", read_json, {}),
        history=read("model", _history, {}),
        problems=tuple(dict.fromkeys(problems)),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: when the file holds something else.
    """
    document = json.loads(_text(path))
    if not isinstance(document, dict):
        raise ValueError(f"it must hold one JSON object, but holds a {type(document).__name__}")
    return document


def _toml(path: Path) -> dict[str, dict[str, Any]]:
    return {group: values for group, values in tomllib.loads(_text(path)).items() if isinstance(values, dict)}


def _events(path: Path) -> tuple[dict[str, Any], ...]:
    """Return one row per epoch."""
    return tuple(event for event in _lines(path) if "trial" in event and "epoch" in event)


def _findings(path: Path) -> dict[int, tuple[Finding, ...]]:
    """Return the findings by trial; of a trial that was written twice, the last."""
    return {
        line["trial"]: tuple(map(Finding.from_dict, line.get("findings") or ()))
        for line in _lines(path)
        if isinstance(line.get("trial"), int)
    }


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a JSON lines file; a run that was killed may leave its last one cut off."""
    made = []
    for line in _text(path).splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            made.append(document)
    return made


def _table(path: Path) -> pd.DataFrame:
    """Return a CSV file with numbers where a whole column is numbers (an empty cell is NaN)."""
    if not _text(path).strip():
        return pd.DataFrame()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.assign(**{name: _numbers(list(frame[name])) for name in frame.columns if name not in TEXT})


def _numbers(cells: list[str]) -> list[str] | list[float]:
    """Return cells as numbers, as they are when one of them is neither a number nor empty."""
    try:
        return [math.nan if cell.strip().lower() in EMPTY else float(cell) for cell in cells]
    except ValueError:
        return cells


def _history(path: Path) -> dict[str, History]:
    # The model brings JAX along; only a folder that holds one pays for that.
    from gatewise.artifact import load_model

    return {
        one.unique_id: History(
            ds=tuple(clock(str(stamp)) for stamp in one.index),
            y=tuple(float(y) if seen else None for y, seen in zip(one.values, one.observed, strict=True)),
        )
        for one in load_model(path).context
    }

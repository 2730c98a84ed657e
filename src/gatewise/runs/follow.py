"""Following a run from outside: its files, read again and again, as one snapshot of where it stands.

Only what has been written since the last look is read of ``events.jsonl``; nothing is ever written, and no library is
needed that takes long to load.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gatewise.runs.progress import Phase, Snapshot, Training, parse_trials
from gatewise.runs.tail import Document, Lines, is_held, parse_json, parse_toml, written

__all__ = ["Follower"]


class Follower:
    """Follows a run folder, which need not exist yet.

    Args:
        folder: the run folder.
        clock: returns the time in seconds since the epoch.

    Example:
        >>> Follower(Path("runs/not-there")).look().phase
        'absent'
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time):
        self._folder, self._clock = folder, clock
        self._asked = Document(folder / "run.json", parse_json, {})
        self._settings = Document(folder / "run.toml", parse_toml, {})
        self._data = Document(folder / "data.json", parse_json, {})
        self._trials = Document(folder / "trials.csv", parse_trials, ())
        self._summary = Document(folder / "summary.json", parse_json, {})
        self._events = Lines(folder / "events.jsonl")
        self._trainings: dict[int | str, Training] = {}
        self._latest: int | str | None = None

    def look(self) -> Snapshot:
        """Read what is new and return where the run stands."""
        # Asked before the files are read: a process lets go of its lock only when all is written.
        held = is_held(self._folder / ".lock")
        asked, settings, data, ended = self._asked.read(), self._settings.read(), self._data.read(), self._trials.read()
        self._read_events()
        summary = self._summary.read() if self._is_summary_current() else {}
        behind = {one.name: len(one.losses) for one in self._trainings.values() if isinstance(one.name, int)}
        known = {one.number: one.epochs for one in ended}
        running = sorted(number for number, epochs in behind.items() if epochs > known.get(number, 0))
        phase = self._phase(held, bool(asked), summary)
        now, began, news = self._clock(), written(self._folder / "run.json"), self._last_news()
        until = news if news and phase == "stopped" else now
        return Snapshot(
            folder=self._folder,
            phase=phase,
            command=str(asked.get("command", "")),
            name=str(data.get("name", "")),
            settings=settings,
            ended=ended,
            running=tuple(self._trainings[number] for number in running),
            refits=tuple(one for one in self._trainings.values() if isinstance(one.name, str)),
            elapsed=float(summary.get("seconds") or max(until - began, 0.0)) if began else 0.0,
            quiet=max(now - news, 0.0) if news else 0.0,
            held=held,
            summary=summary,
        )

    def _read_events(self) -> None:
        lines, is_anew = self._events.fresh()
        if is_anew:
            self._trainings.clear()
            self._latest = None
        for line in lines:
            try:
                event = json.loads(line)
                name = event["trial"]
                self._trainings.setdefault(name, Training(name)).take(event)
            except (
                ValueError,
                KeyError,
                TypeError,
            ):  # the line that a crash tore, in the middle of a file gone on with
                continue
            self._latest = name

    def _is_summary_current(self) -> bool:
        """Tell whether the summary is of this process: one that goes on with a run begins with ``run.json``."""
        ended, began = written(self._folder / "summary.json"), written(self._folder / "run.json")
        return ended is not None and (began is None or ended >= began)

    def _last_news(self) -> float | None:
        """Return when the run last wrote something."""
        names = ("events.jsonl", "trials.csv", "run.json", "summary.json", "report.html")
        return max((time for name in names if (time := written(self._folder / name)) is not None), default=None)

    def _phase(self, held: bool | None, is_run: bool, summary: Mapping[str, Any]) -> Phase:
        if summary:
            return "interrupted" if summary.get("interrupted") else "finished"
        if not is_run:
            return "absent"
        if held is False:
            return "stopped"
        if self._latest is None:
            return "starting"
        return "searching" if isinstance(self._latest, int) else "training anew"

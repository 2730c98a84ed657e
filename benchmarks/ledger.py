"""The log of measurements: one line of JSON for each scoring of a model, or each run of a tuning benchmark."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from record import commit, processor

__all__ = ["append", "digest", "entries", "seen_before"]


def digest(settings: dict[str, Any]) -> str:
    """Return a short hash of what a measurement was made with."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def append(log: Path, entry: dict[str, Any]) -> None:
    """Write one measurement behind the others, with date, commit and command."""
    about = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "processor": processor(),
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**about, **entry}) + "\n")


def entries(log: Path) -> list[dict[str, Any]]:
    """Return all measurements, the oldest first."""
    if not log.is_file():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]


def seen_before(log: Path, settings_hash: str) -> bool:
    """Return whether these settings were measured at this very commit; a tree with changes never was."""
    now = commit()
    if not now or now.endswith("-dirty"):
        return False
    return any(one["hash"] == settings_hash and one["commit"] == now for one in entries(log))

"""The memory of a search on disk: a journal of what trials came to, and their checkpoints.

The journal is the truth; ``trials.csv`` and ``study.db`` are made from it. It grows by one line when a trial pauses or
ends, so a crash can only tear the last line, which is then as if it had not been written: the checkpoint of its
training, which was written before, still holds the result.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gatewise.errors import GatewiseError, RunFolderError
from gatewise.search.trial import Trial, from_line, to_line
from gatewise.train.checkpoint import Checkpoint, packed, unpacked

__all__ = ["Journal"]


class Journal:
    """The journal and the checkpoints of a run folder.

    Args:
        folder: the run folder.
        clock: seconds that only go forward.

    Attributes:
        past: what earlier processes told, in their order.
        spent: seconds that they had spent by then.

    Raises:
        RunFolderError: when the journal cannot be read, or a newer version wrote it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic):
        self._file, self._checkpoints = folder / "journal.jsonl", folder / "checkpoints"
        self._clock, self._began = clock, clock()
        lines = self._read()
        try:
            self.spent = float(lines[-1].pop("elapsed")) if lines else 0.0
            self.past: list[Trial] = [from_line({k: v for k, v in one.items() if k != "elapsed"}) for one in lines]
        except (GatewiseError, TypeError, KeyError, ValueError) as error:
            raise RunFolderError(
                f"'{self._file}' cannot be gone on from: {error}. Resume with the version of Gatewise that wrote it, "
                "or start a new run."
            ) from None

    def _read(self) -> list[dict[str, Any]]:
        """Return the lines of the journal; one that a crash tore is cut off."""
        if not self._file.is_file():
            return []
        text = self._file.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise RunFolderError(f"'{self._file}' is damaged: {error}. Start a new run.") from None
        if len(whole) < len(text):
            with self._file.open("r+b") as file:
                file.truncate(len(whole))
        return lines

    def without_finals(self) -> None:
        """Forget the steps that were made only because no new trials were left: there are more of them now."""
        self.past = [trial for trial in self.past if not trial.final]

    def tell(self, trial: Trial) -> None:
        """Append a line."""
        elapsed = round(self.spent + self._clock() - self._began, 3)
        line = json.dumps({**to_line(trial), "elapsed": elapsed}, ensure_ascii=False) + "\n"
        with self._file.open("ab") as file:
            file.write(line.encode())

    def keeper(self, name: str, owner: str) -> _File:
        """Return the file of a training's checkpoints."""
        self._checkpoints.mkdir(exist_ok=True)
        return _File(self._checkpoints / f"{name}.safetensors", hashlib.sha256(owner.encode()).hexdigest())

    def forget(self, names: Iterable[str]) -> None:
        """Remove checkpoints."""
        for name in names:
            (self._checkpoints / f"{name}.safetensors").unlink(missing_ok=True)


class _File:
    """One training's checkpoint: a file that is replaced as a whole, so a crash leaves the last one or this one."""

    lasting = True

    def __init__(self, path: Path, owner: str):
        self._path, self._owner = path, owner

    def load(self) -> Checkpoint | None:
        """Return the checkpoint; None where there is none, or none that can be used."""
        try:
            return unpacked(self._path.read_bytes(), self._owner)
        except (FileNotFoundError, RunFolderError):
            return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in the place of the last."""
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(packed(checkpoint, self._owner))
        partial.replace(self._path)

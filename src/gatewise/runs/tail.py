"""Reading files that another process is still writing: whole lines only, from where the last look ended.

Files are opened for reading, read and closed at once: nothing here writes, waits, or keeps a writer waiting.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

__all__ = ["Document", "Lines", "is_held", "parse_json", "parse_rows", "parse_toml", "written"]

Content = TypeVar("Content")

REMEMBERED = 256
"""Bytes before the offset that must still stand there; otherwise the file is another one now."""


class Lines:
    """The lines of a file that grows, each given once.

    A last line without its end is left for later. A file that is not the one that was read any more (shorter, or with
    other bytes before the offset, as after a resume) is read from its start again.

    Args:
        path: the file; it need not exist yet.
    """

    def __init__(self, path: Path):
        self._path = path
        self._offset, self._before = 0, b""

    def fresh(self) -> tuple[list[str], bool]:
        """Return the lines that are new, and whether they are the file's first ones: what came before is then void."""
        try:
            with self._path.open("rb") as file:
                is_same = self._is_same(file)
                start = self._offset if is_same else 0
                file.seek(start)
                read = file.read()
        except OSError:
            return [], False
        whole = read[: read.rfind(b"\n") + 1]
        before = self._before + whole if is_same else whole
        self._offset, self._before = start + len(whole), before[-REMEMBERED:]
        return whole.decode("utf-8", errors="replace").splitlines(), start == 0 and bool(whole or not is_same)

    def _is_same(self, file: io.BufferedReader) -> bool:
        file.seek(self._offset - len(self._before))
        return file.read(len(self._before)) == self._before


class Document(Generic[Content]):
    """A small file that is replaced as a whole or grows, read again when it has changed.

    Args:
        path: the file; it need not exist yet.
        parse: makes its content of its text; ValueError where it is not whole yet.
        empty: the content while there is none.
    """

    def __init__(self, path: Path, parse: Callable[[str], Content], empty: Content):
        self._path, self._parse, self._empty = path, parse, empty
        self._stamp: tuple[int, int, int] | None = None
        self._content = empty

    def read(self) -> Content:
        """Return the content: as it was at the last look where the file is not whole at this moment."""
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._content = self._parse(self._path.read_text(encoding="utf-8"))
                self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self._content = None, self._empty
        except (OSError, ValueError):
            pass
        return self._content


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return what changes with a file."""
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns


def written(path: Path) -> float | None:
    """Return when a file last changed, in seconds since the epoch, None where there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def parse_json(text: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: when it is none.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError(f"must hold one JSON object, but holds a {type(document).__name__}")
    return document


def parse_toml(text: str) -> dict[str, Any]:
    r"""Return the values of a TOML file by their names, whatever table they stand in.

    Example:
        >>> parse_toml("[search]\ntrials = 20\n[network]\nhidden = [64, 32]\n")
        {'trials': 20, 'hidden': [64, 32]}
    """
    tables = [values for values in tomllib.loads(text).values() if isinstance(values, dict)]
    return {name: value for table in tables for name, value in table.items()}


def parse_rows(text: str) -> list[dict[str, str]]:
    r"""Return the whole rows of a CSV file by its header; a row that is still being written is left out.

    Example:
        >>> parse_rows("number,score\n0,0.8\n1,0.")
        [{'number': '0', 'score': '0.8'}]
    """
    whole = text[: text.rfind("\n") + 1]
    while whole.count('"') % 2:  # torn inside a quoted cell, behind one of its lines
        whole = whole[: whole[:-1].rfind("\n") + 1]
    rows = csv.DictReader(io.StringIO(whole, newline=""))
    return [row for row in rows if None not in row and None not in row.values()]


def is_held(lock: Path) -> bool | None:
    """Tell whether a process holds a lock file, None where that cannot be known.

    The question is a shared lock that is let go of at once, on a file opened for reading: several may ask, nothing is
    created, and only a process that starts in this very moment and does not try twice would notice.
    """
    try:
        import fcntl
    except ImportError:
        return None
    try:
        file = os.open(lock, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:  # a file system without such locks
        return None
    finally:
        os.close(file)

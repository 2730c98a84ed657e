"""Processes under watch: memory and finished trials several times a second, and processes killed on time."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from record import ON_PROCESSOR, Finished

__all__ = ["Life", "Sample", "Watched", "gatewise_trials", "live", "peer_trials", "watch"]

Progress = Callable[[], int | None]
"""Returns the number of finished trials, None before the search has begun."""

EVERY_S = 0.25
OFTEN_S = 0.001
INTERRUPT_LIMIT_S = 120.0
"""After this long a process that was asked to end counts as hung."""


class Sample(NamedTuple):
    """One look at a process.

    Attributes:
        at_s: seconds since its start.
        trials: finished by then, None before the search has begun.
        rss_mib: resident memory.
    """

    at_s: float
    trials: int | None
    rss_mib: float


@dataclass(frozen=True)
class Watched:
    """A process that was watched to its end.

    Attributes:
        done: what it ended with.
        samples: the looks at it.
    """

    done: Finished
    samples: tuple[Sample, ...]

    @property
    def began_s(self) -> float:
        """When the search began: after the imports, the reading and the checks."""
        return next((one.at_s for one in self.samples if one.trials is not None), self.done.wall_s)

    def reached_s(self, trials: int) -> float:
        """Return when so many trials had finished; the end of the process where no look saw it."""
        return next((one.at_s for one in self.samples if (one.trials or 0) >= trials), self.done.wall_s)

    def finished(self, at_s: float) -> int:
        """Return how many trials had finished by then."""
        return max((one.trials or 0 for one in self.samples if one.at_s <= at_s), default=0)

    def rss_mib(self, first: int, last: int) -> list[float]:
        """Return the memory while at least `first` and fewer than `last` trials had finished."""
        return [one.rss_mib for one in self.samples if first <= (one.trials or 0) < last]


class Life(NamedTuple):
    """A process that lived until its end or until it was killed.

    Attributes:
        status: exit status, negative for a signal.
        killed: whether the signal was sent before it ended by itself.
        hung: whether it had to be killed after it had been asked to end.
        seconds: how long it lived.
        complaint: the last line that it wrote to stderr.
    """

    status: int
    killed: bool
    hung: bool
    seconds: float
    complaint: str


def gatewise_trials(folder: Path) -> Progress:
    """Return the progress of a search of Gatewise: the rows of ``trials.csv``."""

    def count() -> int | None:
        if not (folder / "run.json").exists():
            return None
        table = folder / "trials.csv"
        return max(table.read_bytes().count(b"\n") - 1, 0) if table.exists() else 0

    return count


def peer_trials(folder: Path) -> Progress:
    """Return the progress of a peer's search, from the lines that it notes; see ``peers/task.py``."""

    def count() -> int | None:
        notes = folder / "progress.jsonl"
        return notes.read_bytes().count(b'"finished"') if notes.exists() else None

    return count


def watch(command: Sequence[str], environment: Mapping[str, str], progress: Progress) -> Watched:
    """Run a command to its end, and look at it several times a second."""
    samples: list[Sample] = []
    with _started(command, environment) as (process, output, errors):
        began = time.perf_counter()
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            at_s = time.perf_counter() - began
            if ended:
                process.returncode = os.waitstatus_to_exitcode(status)
                break
            samples.append(Sample(at_s, progress(), _rss_mib(process.pid)))
            time.sleep(EVERY_S)
        unit = 1 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes there, in KiB on Linux
        peak_mib = usage.ru_maxrss * unit / 2**20
        done = Finished(process.returncode, _text(output), _last_line(errors), at_s, peak_mib)
    return Watched(done, tuple(samples))


def live(
    command: Sequence[str],
    environment: Mapping[str, str],
    signal_: signal.Signals,
    *,
    seconds: float = math.inf,
    when: Callable[[], bool] = lambda: False,
) -> Life:
    """Run a command, and end it and all that it has started with a signal.

    Args:
        command: with its arguments.
        environment: variables beside those of this process.
        signal_: to send.
        seconds: when to send it, from the start.
        when: asked all the time; True sends it at once.
    """
    killed = hung = False
    with _started(command, environment) as (process, _, errors):
        began = time.perf_counter()
        while process.poll() is None and not killed:
            if time.perf_counter() - began >= seconds or when():
                killed = True
            else:
                time.sleep(OFTEN_S)
        if killed:
            os.killpg(process.pid, signal_)
            try:
                process.wait(INTERRUPT_LIMIT_S)
            except subprocess.TimeoutExpired:
                hung = True
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return Life(process.returncode, killed, hung, time.perf_counter() - began, _last_line(errors))


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """Start a process at the head of a group of its own, which is killed where this one is left early."""
    surroundings = {**os.environ, **ON_PROCESSOR, **environment}
    # Installed programs run from compiled bytecode; without it an import takes three times as long.
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=surroundings,
            start_new_session=True,
            text=True,
        )
        try:
            yield process, output, errors
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _rss_mib(pid: int) -> float:
    """Return the resident memory of a process, 0 where it has just ended."""
    statm = Path(f"/proc/{pid}/statm")
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except FileNotFoundError:
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
        return int(shown or 0) / 2**10
    except (OSError, IndexError, ValueError):
        return 0.0


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _last_line(file: IO[str]) -> str:
    return next((line for line in reversed(_text(file).splitlines()) if line.strip()), "")

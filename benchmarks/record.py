"""What the benchmarks share: fresh processes that take turns, and a record of where, when and with what they ran.

Only the standard library is imported here: a child's peak memory cannot be read below the size of its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

__all__ = [
    "Figures",
    "Finished",
    "Section",
    "Task",
    "add",
    "asked_for",
    "both",
    "commit",
    "figures_of",
    "give_up",
    "markdown",
    "middle",
    "processor",
    "run",
    "show",
    "spread",
    "summary",
    "take_turns",
    "versions",
    "write",
]

Figures = dict[str, list[float]]
"""The name of a figure, with its unit, to one value per round."""
Section = dict[str, Figures]
"""What is measured under one heading: the name of a row to its figures."""

HERE = Path(__file__).parent
ON_PROCESSOR = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""Environment of every child: all frameworks run on the processor, also where there is an accelerator."""
OURS = ("gatewise", "jax", "jaxlib", "numpy", "optuna", "pandas")
THEIRS = (
    *("jax", "keras", "numpy", "pandas", "tensorflow", "tensorflow-cpu"),
    *("torch", "neuralforecast", "darts", "pytorch-lightning", "statsforecast", "keras-tuner", "optuna"),
)
LOAD_AT_START = [round(load, 2) for load in os.getloadavg()]
"""Load averages over 1, 5 and 15 minutes before anything was measured: whether the machine had other work."""
_LIST_VERSIONS = """
import importlib.metadata, json, platform, sys
versions = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
"""


class Finished(NamedTuple):
    """A process that has ended.

    Attributes:
        status: exit status, negative for a signal.
        output: what it wrote to stdout.
        complaint: the last line that it wrote to stderr.
        wall_s: from start to end.
        peak_mib: its peak resident memory.
    """

    status: int
    output: str
    complaint: str
    wall_s: float
    peak_mib: float


class Task(NamedTuple):
    """One row of a comparison: a module of `peers` whose `measure` returns figures, run in a process of its own.

    Attributes:
        name: of the row.
        module: in `peers`.
        arguments: of its `measure`, as JSON has them.
        python: interpreter that runs it.
        environment: variables beside those of this process.
        is_peer: True where a failure skips the row, False where it ends the benchmark.
    """

    name: str
    module: str
    arguments: dict[str, Any]
    python: str = sys.executable
    environment: dict[str, str] = {}  # noqa: RUF012  # never written to
    is_peer: bool = False

    def measure(self) -> Finished:
        """Run the task in a fresh process."""
        command = [self.python, str(HERE / "child.py"), self.module, json.dumps(self.arguments)]
        return run(command, self.environment)


def asked_for(
    text: str | None,
    arguments: Sequence[str] | None,
    rounds: int,
    more: Callable[[argparse.ArgumentParser], Any] = lambda parser: None,
) -> argparse.Namespace:
    """Return the options that all benchmarks have: `python`, `rounds`, `quick` and `out`.

    Args:
        text: for `--help`.
        arguments: of the command line, None for those of the process.
        rounds: default of `--rounds`.
        more: adds options of one benchmark.
    """
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers (requirements.txt)")
    parser.add_argument("--rounds", type=int, help=f"measurements of each row; {rounds} when unset, 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="a smoke run: that it works, not what is fast")
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON file to write")
    more(parser)
    asked = parser.parse_args(arguments)
    asked.rounds = asked.rounds or (1 if asked.quick else rounds)
    return asked


def run(command: Sequence[str], environment: dict[str, str]) -> Finished:
    """Run a command to its end and return what it took; status 127 for one that cannot be started."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        surroundings = {**os.environ, **ON_PROCESSOR, **environment}
        # Installed programs run from compiled bytecode; without it an import takes three times as long.
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=surroundings
            )
        except OSError as error:
            return Finished(127, "", str(error), 0.0, 0.0)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        complaints = [line for line in errors.read().splitlines() if line.strip()]
        unit = 1 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes there, in KiB on Linux
        return Finished(
            process.returncode, output.read(), (complaints or [""])[-1], wall_s, usage.ru_maxrss * unit / 2**20
        )


def take_turns(tasks: Iterable[Task], rounds: int) -> Section:
    """Measure every task once a round, one after another, so that a machine whose speed drifts is fair to all.

    A peer that cannot run is named on stderr, once, and left out of the rounds that follow.

    Raises:
        SystemExit: when Gatewise itself fails.
    """
    tasks = list(tasks)
    section: Section = {}
    for _ in range(rounds):
        for task in list(tasks):
            done = task.measure()
            if done.status == 0:
                for figure, value in json.loads(done.output.strip().splitlines()[-1]).items():
                    section.setdefault(task.name, {}).setdefault(figure, []).append(value)
                continue
            tasks.remove(task)
            missing = done.complaint.startswith("ModuleNotFoundError")
            if task.python == sys.executable and not missing:
                raise SystemExit(f"{task.name}: failed ({done.complaint})")
            print(
                f"{task.name}: {'not installed' if missing else 'failed'}, skipped ({done.complaint})", file=sys.stderr
            )
    return section


def give_up(row: str, done: Finished, is_peer: bool) -> None:
    """Say on stderr why a peer's row is left out.

    Raises:
        SystemExit: with the reason, when Gatewise itself has failed.
    """
    if not is_peer:
        raise SystemExit(f"{row}: failed ({done.complaint})")
    missing = done.complaint.startswith("ModuleNotFoundError")
    print(f"{row}: {'not installed' if missing else 'failed'}, skipped ({done.complaint})", file=sys.stderr)


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return the median, lowest, highest and raw values of a figure."""
    return {
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
        "raw": list(values),
    }


def figures_of(section: Section) -> dict[str, dict[str, Any]]:
    """Return a section with every figure summed up, for JSON."""
    return {row: {figure: summary(values) for figure, values in figures.items()} for row, figures in section.items()}


def middle(figures: Figures, figure: str, digits: int = 1) -> str:
    """Return the median as text, empty where the figure was not measured."""
    return f"{statistics.median(figures[figure]):.{digits}f}" if figures.get(figure) else ""


def spread(figures: Figures, figure: str, digits: int = 1) -> str:
    """Return the range as text, empty where the figure was not measured."""
    values = figures.get(figure)
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}" if values else ""


def both(figures: Figures, figure: str, digits: int = 1) -> str:
    """Return the median and the range as text, empty where the figure was not measured."""
    values = figures.get(figure, [])
    if len(values) < 2:
        return middle(figures, figure, digits)
    return f"{middle(figures, figure, digits)} ({spread(figures, figure, digits)})"


def add(section: Section, more: Section) -> None:
    """Append the values of one section to another's."""
    for row, figures in more.items():
        for figure, values in figures.items():
            section.setdefault(row, {}).setdefault(figure, []).extend(values)


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first is aligned to the right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(title: str, table: str) -> None:
    """Print a table under its title, at once."""
    print(f"\n**{title}**\n\n{table}", flush=True)


def write(out: Path | None, name: str, python: str, sections: dict[str, Section]) -> None:
    """Write one benchmark's record, if a file is asked for.

    Args:
        out: the file; its folder is created.
        name: of the benchmark.
        python: the peers' interpreter.
        sections: what was measured.
    """
    if out is None:
        return
    document = {
        "benchmark": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "commit": commit(),
        "machine": _machine(),
        "versions": versions(python),
        "results": {title: figures_of(section) for title, section in sections.items()},
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    """Return what the measurements ran on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "load_average_at_start": LOAD_AT_START,
    }


def processor() -> str:
    """Return the processor's model as the system names it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        return run(["sysctl", "-n", "machdep.cpu.brand_string"], {}).output.strip()
    return platform.processor() or platform.machine()


def commit() -> str:
    """Return the commit that is measured, marked when the tree has changes; empty outside a clone."""
    return run(["git", "-C", str(HERE), "describe", "--always", "--dirty"], {}).output.strip()


def versions(python: str) -> dict[str, dict[str, str]]:
    """Return the versions on Gatewise's side and on the peers'."""
    ours = {"python": platform.python_version(), **{name: metadata.version(name) for name in OURS}}
    listed = run([python, "-c", _LIST_VERSIONS, *THEIRS], {})
    return {"gatewise": ours, "peers": json.loads(listed.output) if listed.status == 0 else {}}

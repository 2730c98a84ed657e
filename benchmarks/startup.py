"""How long Gatewise takes before it works, with an empty cache of compiled programs and with a filled one.

Three tables: getting the programs of an Architecture ready (trace, lower, compile); the whole process of one
`gatewise fit --preset classic` with 10 epochs on weekly CO2, beside a Keras script with the tutorial's recipe; and the
commands that should answer at once.

The two whole processes do the same kind of job, not the same work. `gatewise fit` trains three times (on 64 % of the
rows with early stopping, on 80 % for the backtest, on all of them for the forecast), forecasts from every test
origin, and writes intervals, a report and a model. The Keras script trains once on 80 % and prints one number.

    python benchmarks/startup.py --python PYTHON_WITH_PEERS --out startup.json
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from record import HERE, Section, Task, add, asked_for, both, give_up, markdown, run, show, take_turns, write

EPOCHS = 10
KERAS = "Keras on TensorFlow, tutorial script"
WALL, PEAK = "wall, s", "peak, MiB"
PROGRAMS = {
    "textbook, one step ahead": {"network": "textbook", "horizon": 1},
    "larger, 24 steps ahead": {"network": "larger", "horizon": 24},
}
AT_ONCE = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import gatewise'": ["-c", "import gatewise"],
    "gatewise --help": ["-m", "gatewise", "--help"],
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the three parts, print a table each, and write the record."""
    asked = asked_for(__doc__, arguments, 3, _options)
    with tempfile.TemporaryDirectory() as scratch:
        sections = {
            "compile": _compile(Path(scratch), asked.rounds, asked.quick),
            "whole process": _whole(Path(scratch), asked.table, asked.python, asked.rounds),
            "at once": _at_once(3 * asked.rounds),
        }
    write(asked.out, "startup", asked.python, sections)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", type=Path, help="CSV of dates and values; weekly CO2 from statsmodels when unset")


def _compile(scratch: Path, rounds: int, quick: bool) -> Section:
    """Time the programs with an empty cache, then in a new process with the cache that this one left."""
    section: Section = {}
    for number in range(rounds):
        for name, arguments in list(PROGRAMS.items())[: 1 if quick else None]:
            environment = {"GATEWISE_CACHE_DIR": str(scratch / f"programs-{number}")}
            for state in ("empty", "filled"):
                row = f"{name}: {state} cache"
                task = Task(row, "compile_peer", arguments, environment=environment)
                add(section, take_turns([task], 1))
    names = list(dict.fromkeys(name for figures in section.values() for name in figures))
    rows = [[row, *(both(figures, name, 2) for name in names)] for row, figures in section.items()]
    show("Programs ready: first call minus second", markdown(["network", *names], rows))
    return section


def _whole(scratch: Path, table: Path | None, python: str, rounds: int) -> Section:
    """Time a whole `gatewise fit` and a whole Keras script on one table."""
    table = table or _weekly_co2()
    if not table.is_file():
        print(f"whole process: skipped, there is no table '{table}'; name one with --table", file=sys.stderr)
        return {}
    cache, out = scratch / "fit-cache", scratch / "run"
    # The Keras script compares with nothing; AutoETS and AutoTheta take seconds of their own.
    settings = ["--set", f"epochs={EPOCHS}", "--set", f"patience={EPOCHS}", "--set", "baselines=none"]
    fit = [sys.executable, "-m", "gatewise", "fit", str(table), "--preset", "classic", *settings]
    fit += ["--horizon", "1", "--quiet", "--out", str(out)]
    keras = [python, str(HERE / "peers" / "keras_tutorial.py"), str(table)]
    section: Section = {}
    has_keras = True
    for _ in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        for row in ("gatewise fit, empty cache", "gatewise fit, filled cache"):
            shutil.rmtree(out, ignore_errors=True)
            _time(section, row, fit, {"GATEWISE_CACHE_DIR": str(cache)})
        has_keras = has_keras and _time(section, KERAS, keras, {"KERAS_BACKEND": "tensorflow"})
    _show_whole(f"Whole process: textbook recipe, {EPOCHS} epochs, {table.name}", section)
    return section


def _weekly_co2() -> Path:
    """Return the table that statsmodels ships, without importing it."""
    found = importlib.util.find_spec("statsmodels")
    folder = Path(found.origin).parent if found and found.origin else Path()
    return folder / "datasets" / "co2" / "co2.csv"


def _at_once(rounds: int) -> Section:
    """Time the commands that train nothing."""
    section: Section = {}
    for _ in range(rounds):
        for row, arguments in AT_ONCE.items():
            _time(section, row, [sys.executable, *arguments], {})
    _show_whole("Answers at once", section)
    return section


def _time(section: Section, row: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run a command once and add its figures; or say why they are missing, and return False."""
    done = run(command, environment)
    if done.status == 0:
        add(section, {row: {WALL: [done.wall_s], PEAK: [done.peak_mib]}})
    else:
        give_up(row, done, is_peer=row == KERAS)
    return done.status == 0


def _show_whole(title: str, section: Section) -> None:
    rows = [[row, both(figures, WALL, 2), both(figures, PEAK, 0)] for row, figures in section.items()]
    show(title, markdown(["command", "wall, s", "peak memory, MiB"], rows))


if __name__ == "__main__":
    main()

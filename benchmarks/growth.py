"""How memory and time of a training grow with the rows, the window, the units and the number of series.

Windows are indices into one flat array, so memory should grow by a few bytes a row, whatever the window is, and the
time per window should not change with the number of rows. Each measurement is a process of its own that trains a
fixed number of windows per epoch; its peak resident memory counts above that after import. The cache of compiled
programs is filled beforehand, for compiling takes more memory than most tables. Bytes per row are the slope from the
fewest rows to these.

    python benchmarks/growth.py --out growth.json

`workbench` goes from a panel through scaling, splitting and windowing, as the commands do; `arrays` hands a flat array
and window numbers to the training.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from networks import Network
from record import Section, Task, asked_for, both, markdown, show, take_turns, write

PEAK, PREPARING, PER_WINDOW = "peak above import, MiB", "preparing, s", "per window, µs"
BYTES, FLOPS = "bytes per row", "GFLOP/s"
COMMON = {"path": "workbench", "series": 1, "batch": 64, "epochs": 3}
BASE = {"rows": 200_000, "window": 96, "units": 64, "windows_per_epoch": 1024}
LONG = {"window": 336, "units": 64, "windows_per_epoch": 512}
"""For the growth with the rows: a long window, for which a copy per window would cost most."""
SWEEPS: dict[str, tuple[int, ...]] = {
    "window": (24, 96, 336),
    "units": (32, 64, 128, 256),
    "series": (1, 10, 100, 1000),
}
ROWS = (10_000, 100_000, 1_000_000)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all sizes in turn, print a table per sweep, and write the record."""
    asked = asked_for(__doc__, arguments, 2)
    with tempfile.TemporaryDirectory() as cache:
        sections = {"rows": _rows(cache, asked.rounds, asked.quick)}
        for name, values in SWEEPS.items():
            sections[name] = _sweep(name, values, cache, asked.rounds, asked.quick)
    write(asked.out, "growth", asked.python, sections)


def _rows(cache: str, rounds: int, quick: bool) -> Section:
    """Grow the number of rows, through both paths."""
    smaller = {"windows_per_epoch": 128, "epochs": 2} if quick else {}
    sizes = {
        f"{path}, {rows:,} rows": {**COMMON, **LONG, **smaller, "path": path, "rows": rows}
        for path in ("workbench", "arrays")
        for rows in (ROWS[:2] if quick else ROWS)
    }
    section = _measured(sizes, cache, rounds)
    for row, figures in section.items():
        least = next(name for name, size in sizes.items() if size["path"] == sizes[row]["path"])
        more = sizes[row]["rows"] - sizes[least]["rows"]
        if more:
            pairs = zip(figures[PEAK], section[least][PEAK], strict=True)
            figures[BYTES] = [2**20 * (larger - smallest) / more for larger, smallest in pairs]
    columns = [(PEAK, 0), (BYTES, 1), (PREPARING, 2), (PER_WINDOW, 1)]
    _show(f"Growth with the rows: window {LONG['window']}, {LONG['units']} units", section, columns)
    return section


def _sweep(name: str, values: Sequence[int], cache: str, rounds: int, quick: bool) -> Section:
    """Grow one size and leave the others."""
    smaller = {"windows_per_epoch": 256, "epochs": 2} if quick else {}
    some = (values[0], values[-1]) if quick and name == "series" else values[:2] if quick else values
    sizes = {f"{name} {value}": {**COMMON, **BASE, **smaller, name: value} for value in some}
    section = _measured(sizes, cache, rounds)
    for row, figures in section.items():
        flops = _flops_per_window(sizes[row])
        figures[FLOPS] = [flops / microseconds / 1e3 for microseconds in figures[PER_WINDOW]]
    fixed = ", ".join(f"{key} {value:,}" for key, value in BASE.items() if key in ("rows", "window", "units"))
    columns = [(PEAK, 0), (PREPARING, 2), (PER_WINDOW, 1), (FLOPS, 1)]
    _show(f"Growth with {name}; else {fixed}", section, columns)
    return section


def _measured(sizes: dict[str, dict[str, Any]], cache: str, rounds: int) -> Section:
    """Measure every size, after a round that counts nowhere and fills the cache, so that no peak holds the compiler."""

    def tasks(**short: int) -> list[Task]:
        cached = {"GATEWISE_CACHE_DIR": cache}
        return [Task(name, "growth_peer", {**size, **short}, environment=cached) for name, size in sizes.items()]

    take_turns(tasks(epochs=0), 1)
    return take_turns(tasks(), rounds)


def _flops_per_window(size: dict[str, Any]) -> float:
    window = size["window"]
    one = Network((size["units"],), size["units"], window, size["batch"], 0.2, rows=window + 1)
    return one.flops


def _show(title: str, section: Section, columns: Sequence[tuple[str, int]]) -> None:
    rows = [[row, *(both(figures, name, digits) for name, digits in columns)] for row, figures in section.items()]
    show(title, markdown(["size", *(name for name, _ in columns)], rows))


if __name__ == "__main__":
    main()

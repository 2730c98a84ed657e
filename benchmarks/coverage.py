"""How often forecast intervals hold the truth, on real tables: one `gatewise fit` with default settings for each.

Run it with ``python benchmarks/coverage.py --data FOLDER [TABLE ...]``. The folder holds the tables and a
``CATALOG.csv`` with the columns ``file, series, horizon, target``, as the accuracy benchmark takes it. Pooled are all
true values of the tables that hold a single series.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from record import ON_PROCESSOR, markdown, run


def intervals_of(table: Path, horizon: str, target: str, out: Path) -> list[dict]:
    """Return what ``evaluation.json`` says of the intervals after a fit."""
    command = ["fit", str(table), "--horizon", horizon, "--target", target, "--set", "baselines=none"]
    done = run([sys.executable, "-m", "gatewise", *command, "--quiet", "--json", "--out", str(out)], ON_PROCESSOR)
    if done.status != 0:
        raise SystemExit(f"gatewise {' '.join(command)} failed: {done.complaint}")
    return json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["intervals"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the tables")
    parser.add_argument("tables", nargs="*", help="names without their ending; every single series when left out")
    asked = parser.parse_args()
    catalog = asked.data / "CATALOG.csv"
    if not catalog.is_file():
        parser.error(f"--data must be a folder with a CATALOG.csv, but '{asked.data}' has none")
    rows, pooled = [], dict[int, list[tuple[float, int]]]()
    with catalog.open(encoding="utf-8", newline="") as file, TemporaryDirectory() as scratch:
        for entry in csv.DictReader(file):
            name, single = Path(entry["file"]).stem, entry["series"] == "1"
            if (name not in asked.tables) if asked.tables else not single:
                continue
            made = intervals_of(asked.data / entry["file"], entry["horizon"], entry["target"], Path(scratch) / name)
            for one in made:
                if single:
                    pooled.setdefault(one["level"], []).append((one["coverage"], one["truths"]))
            held = [f"{100 * one['coverage']:.1f}" for one in made]
            rows.append([name, f"{made[0]['truths']:,}", *held])
            print(f"{name}: {held}", file=sys.stderr, flush=True)
    if len(rows) > 1 and pooled:
        total = sum(truths for _, truths in next(iter(pooled.values())))
        shares = [sum(share * truths for share, truths in held) / total for held in pooled.values()]
        rows.append(["single series, pooled", f"{total:,}", *(f"{100 * share:.1f}" for share in shares)])
    print(markdown(["table", "true values", "80 % held, %", "95 % held, %"], rows))


if __name__ == "__main__":
    main()

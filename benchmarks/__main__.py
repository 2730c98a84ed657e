"""All benchmarks one after another: ``python benchmarks --python PYTHON_WITH_PEERS``, or `make bench`.

Each prints its tables and writes ``bench-results/NAME.json``. Take a machine that does nothing else meanwhile.
Accuracy is measured apart, for it needs a folder of tables and hours: ``python benchmarks/accuracy``, `make accuracy`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import growth
import latency
import startup
import training

BENCHMARKS = {"startup": startup, "training": training, "latency": latency, "growth": growth}


def main() -> None:
    """Run them and say how long each took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers (requirements.txt)")
    parser.add_argument("--rounds", type=int, help="measurements of each row, instead of each benchmark's own number")
    parser.add_argument("--quick", action="store_true", help="a smoke run of about three minutes")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="only this one; repeatable")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), metavar="FOLDER", help="for the JSON files")
    asked = parser.parse_args()
    for name in asked.only or BENCHMARKS:
        arguments = ["--python", asked.python, "--out", str(asked.out / f"{name}.json")]
        arguments += ["--quick"] if asked.quick else []
        arguments += ["--rounds", str(asked.rounds)] if asked.rounds else []
        began = time.perf_counter()
        BENCHMARKS[name].main(arguments)
        print(f"\n{name}: {time.perf_counter() - began:.0f} s; {asked.out / name}.json", flush=True)


if __name__ == "__main__":
    main()

"""How often the verdict is right where there is nothing to win: random walks, white noise, pure seasonal signals.

Run it with ``python benchmarks/verdicts.py [--seeds 20] [--rows 300]``. Every series is a `gatewise fit` with default
settings and all baselines. Right is: no victory over the baselines is claimed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from record import ON_PROCESSOR, markdown, run

KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "random walk": lambda rng, rows: 100 + rng.normal(size=rows).cumsum(),
    "white noise": lambda rng, rows: 100 + rng.normal(size=rows),
    "seasonal signal": lambda rng, rows: np.resize(100 + 10 * rng.normal(size=12), rows),
}
HORIZON, FREQ = 6, "MS"


def verdict_on(kind: str, seed: int, rows: int, folder: Path) -> dict:
    """Return what a fit says of one series."""
    values = KINDS[kind](np.random.default_rng(seed), rows)
    path = folder / f"{kind.replace(' ', '-')}-{seed}.csv"
    pd.DataFrame({"ds": pd.date_range("1990-01-01", periods=rows, freq=FREQ), "y": values}).to_csv(path, index=False)
    command = ["fit", str(path), "--horizon", str(HORIZON), "--seed", str(seed), "--out", str(path.with_suffix(""))]
    done = run([sys.executable, "-m", "gatewise", *command, "--quiet", "--json"], ON_PROCESSOR)
    if done.status != 0:
        raise SystemExit(f"gatewise {' '.join(command)} failed: {done.complaint}")
    return json.loads(done.output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="series of each kind")
    parser.add_argument("--rows", type=int, default=300, help="length of each series")
    parser.add_argument("--jobs", type=int, default=2, help="fits side by side")
    asked = parser.parse_args()
    began = time.monotonic()
    rows = []
    with TemporaryDirectory() as scratch, ThreadPoolExecutor(asked.jobs) as workers:
        for kind in KINDS:
            said = list(
                workers.map(
                    lambda seed, kind=kind: verdict_on(kind, seed, asked.rows, Path(scratch)), range(asked.seeds)
                )
            )
            right = sum(one["decision"] != "better" for one in said)
            free = sum(one["recommended"] != "gatewise" for one in said)
            copies = sum("copy of the past" in one["verdict"] for one in said)
            rows.append([kind, *map(str, (len(said), right, free, copies))])
            print(f"{kind}: right in {right} of {len(said)}", file=sys.stderr, flush=True)
            for seed, one in enumerate(said):
                if one["decision"] == "better":
                    print(f"  seed {seed}: {one['verdict']}", file=sys.stderr, flush=True)
    headings = ["signal", "series", "right: no victory claimed", "baseline recommended", "called a copy of the past"]
    print(f"{markdown(headings, rows)}\n\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

"""Training speed beside other frameworks, on the same network, data and batches.

Each measurement is a process of its own; the peers take turns, so that a machine whose speed drifts is fair to all.
Epochs are timed after a first one, so neither imports nor compiling count here.

    python benchmarks/training.py --python PYTHON_WITH_PEERS --rounds 5 --out training.json

`--python` is an interpreter that has `benchmarks/requirements.txt`; Gatewise runs in the interpreter that runs this.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from networks import NETWORKS

PEERS: dict[str, tuple[str, dict[str, str], int]] = {
    "Gatewise": ("gatewise_peer", {}, 1),
    "Gatewise, two side by side": ("gatewise_peer", {}, 2),
    "Keras on TensorFlow": ("keras_peer", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}, 1),
    "Keras on JAX": ("keras_peer", {"KERAS_BACKEND": "jax"}, 1),
    "Keras on PyTorch": ("keras_peer", {"KERAS_BACKEND": "torch"}, 1),
    "PyTorch": ("torch_peer", {}, 1),
}
"""Name to module, environment and trials side by side."""
REFERENCE = "Keras on TensorFlow"
TARGET_S = 2.0
"""Epochs per measurement are chosen so that it lasts about this long."""


def main() -> None:
    """Measure all peers in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", choices=NETWORKS, action="append")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--measure", nargs=3, metavar=("MODULE", "NETWORK", "JOBS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        module, network, jobs = asked.measure
        print(json.dumps(_measure(module, network, int(jobs))))
        return
    results = {}
    for name in asked.network or list(NETWORKS):
        rates: dict[str, list[float]] = {peer: [] for peer in PEERS}
        for _ in range(asked.rounds):
            for peer in PEERS:
                rate = _spawn(peer, name, asked.python)
                if rate is not None:
                    rates[peer].append(rate)
        results[name] = rates
        _show(name, rates)
    if asked.out:
        machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        asked.out.write_text(json.dumps({"machine": machine, "epochs_per_s": results}, indent=1) + "\n")


def _measure(module: str, name: str, jobs: int) -> float:
    """Return epochs per second of one peer in this process."""
    peer = importlib.import_module(f"peers.{module}")
    network = NETWORKS[name]
    first = peer.measure(network, 2, jobs)
    return peer.measure(network, max(2, round(first * TARGET_S / jobs)), jobs)


def _spawn(peer: str, name: str, python: str) -> float | None:
    """Return epochs per second of one peer in a fresh process, None where it is not installed."""
    module, environment, jobs = PEERS[peer]
    interpreter = sys.executable if module == "gatewise_peer" else python
    command = [interpreter, __file__, "--measure", module, name, str(jobs)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    if done.returncode:
        print(f"{peer}: {done.stderr.strip().splitlines()[-1] if done.stderr else 'failed'}", file=sys.stderr)
        return None
    return float(done.stdout.strip().splitlines()[-1])


def _show(name: str, rates: dict[str, list[float]]) -> None:
    network = NETWORKS[name]
    middle = {peer: statistics.median(values) for peer, values in rates.items() if values}
    print(f"\n{name}: {network}\n")
    print("| peer | epochs/s, median | lowest to highest | useful GFLOP/s | against Keras on TensorFlow |")
    print("| --- | --- | --- | --- | --- |")
    for peer, rate in sorted(middle.items(), key=lambda item: -item[1]):
        ratio = f"{rate / middle[REFERENCE]:.1f}" if REFERENCE in middle else ""
        spread = f"{min(rates[peer]):.1f} to {max(rates[peer]):.1f}"
        print(f"| {peer} | {rate:.1f} | {spread} | {rate * network.flops / 1e9:.1f} | {ratio} |")


if __name__ == "__main__":
    main()

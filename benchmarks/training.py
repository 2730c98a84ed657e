"""Training speed beside other frameworks, on the same network, data and batches.

Each measurement is a process of its own; the peers take turns, so that a machine whose speed drifts is fair to all.
Epochs are timed after a first one, so neither imports nor compiling count here. In every round a dense matrix product
is timed on one core too: the share of its speed that a training reaches says how much the machine leaves to gain.
A peer that uses several cores, or two trials side by side, can reach more than 100 % of one core.

    python benchmarks/training.py --python PYTHON_WITH_PEERS --out training.json

Gatewise runs in the interpreter that runs this. What NeuralForecast and Darts cannot be told stands in `peers/`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from networks import NETWORKS, Network
from record import Section, Task, asked_for, markdown, middle, show, spread, take_turns, write


class Peer(NamedTuple):
    """How one row of the table is measured.

    Attributes:
        module: in `peers`.
        environment: variables that it needs.
        jobs: trials side by side, None where the module knows only one.
        precision: of Gatewise, None for the one that the processor is fastest in.
        equal: True where all layers have one size.
    """

    module: str
    environment: dict[str, str] = {}  # noqa: RUF012  # never written to
    jobs: int | None = None
    precision: str | None = None
    equal: bool = False


PEERS = {
    "Gatewise": Peer("gatewise_peer", jobs=1),
    "Gatewise, two side by side": Peer("gatewise_peer", jobs=2),
    "Gatewise, float32": Peer("gatewise_peer", jobs=1, precision="float32"),
    "Keras on TensorFlow": Peer("keras_peer", {"KERAS_BACKEND": "tensorflow"}),
    "Keras on JAX": Peer("keras_peer", {"KERAS_BACKEND": "jax"}),
    "Keras on PyTorch": Peer("keras_peer", {"KERAS_BACKEND": "torch"}),
    "PyTorch": Peer("torch_peer"),
    "NeuralForecast": Peer("neuralforecast_peer", equal=True),
    "Darts": Peer("darts_peer", equal=True),
}
REFERENCE = "Keras on TensorFlow"
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RATE, FLOPS, SHARE = "epochs/s", "GFLOP/s", "% of dense"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all peers in turn, print a table per network, and write the record."""
    asked = asked_for(__doc__, arguments, 3, _options)
    sections: dict[str, Section] = {}
    with tempfile.TemporaryDirectory() as cache:
        for name in asked.network or (["textbook"] if asked.quick else NETWORKS):
            tasks = _tasks(name, asked.python, cache, seconds=0.5 if asked.quick else 3.0)
            tasks = [task for task in tasks if task.name in (asked.peer or PEERS) or task.name not in PEERS]
            section = take_turns(tasks, asked.rounds)
            _derive(NETWORKS[name], section)
            _show(name, section)
            sections[name] = section
    write(asked.out, "training", asked.python, sections)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", choices=NETWORKS, action="append", help="only this one; repeatable")
    parser.add_argument("--peer", choices=PEERS, action="append", help="only this one; repeatable")


def _tasks(name: str, python: str, cache: str, seconds: float) -> list[Task]:
    ours = {"GATEWISE_CACHE_DIR": cache}
    dense = [
        Task("dense, Gatewise's device", "dense_peer", {"through": "gatewise", "seconds": 1.0}, environment=ours),
        Task("dense, NumPy", "dense_peer", {"through": "numpy", "seconds": 1.0}, environment=ONE_THREAD),
    ]
    return dense + [
        Task(
            row,
            peer.module,
            {"network": name, "seconds": seconds}
            | ({"jobs": peer.jobs, "precision": peer.precision} if peer.jobs else {}),
            sys.executable if peer.jobs else python,
            {**ours, **peer.environment},
            is_peer=not peer.jobs,
        )
        for row, peer in PEERS.items()
    ]


def _derive(network: Network, section: Section) -> None:
    """Add useful GFLOP/s, and their share of the faster dense product of the same round."""
    dense = [figures[FLOPS] for row, figures in section.items() if row not in PEERS]
    best = [max(values) for values in zip(*dense, strict=True)]
    for row, figures in section.items():
        if row in PEERS:
            flops = (network.with_equal_layers() if PEERS[row].equal else network).flops
            figures[FLOPS] = [rate * flops / 1e9 for rate in figures[RATE]]
            figures[SHARE] = [100 * value / top for value, top in zip(figures[FLOPS], best, strict=False)]


def _show(name: str, section: Section) -> None:
    network = NETWORKS[name]
    middles = {row: statistics.median(figures[RATE]) for row, figures in section.items() if row in PEERS}
    rows = []
    for row, rate in sorted(middles.items(), key=lambda item: -item[1]):
        figures = section[row]
        ratio = f"{rate / middles[REFERENCE]:.1f}" if REFERENCE in middles else ""
        cells = [middle(figures, RATE, 2), spread(figures, RATE, 2), middle(figures, FLOPS), middle(figures, SHARE, 0)]
        rows.append([row, *cells, ratio])
    rows += [
        [f"{row}, one core", "", "", middle(figures, FLOPS), "", ""]
        for row, figures in section.items()
        if row not in PEERS
    ]
    headings = ["peer", "epochs/s, median", "lowest to highest", "useful GFLOP/s", "% of dense", f"against {REFERENCE}"]
    layers = " -> ".join(map(str, network.hidden))
    title = f"Training: {name}, LSTM {layers}, window {network.window}, batch {network.batch}, {network.steps} steps"
    show(f"{title} an epoch", markdown(headings, rows))


if __name__ == "__main__":
    main()

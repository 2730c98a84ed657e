"""The training part: nothing behind it may move what is fitted on it, nor a weight in any epoch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from gatewise.auditing.tables import Tables
from gatewise.errors import DataError
from gatewise.evaluate.audit import Check, check_of
from gatewise.evaluate.comparing import Compared, compare
from gatewise.evaluate.evidence import of_checkpoints, of_training_part
from gatewise.evaluate.scrambling import GAP, Scrambling
from gatewise.planning import Plan
from gatewise.settings import Settings
from gatewise.train.checkpoint import Checkpoint
from gatewise.train.device import own_lane
from gatewise.workbench import Workbench

__all__ = ["training_part"]

EPOCHS = 3
"""Epochs of the training whose weights are compared one by one."""

MILD = 5.0
"""Noise behind the training part, in standard deviations: a validation loss of far more would be called diverged."""


def training_part(made: Plan, tables: Tables, networks: tuple[Settings, ...], should_stop: Callable[[], bool]) -> Check:
    """Check the training part: validation and test part scrambled, and a gap at its end.

    Early stopping looks at the validation part, as it should; so it is off here, and the weights of every epoch must be
    the same.

    Args:
        made: the plan of the run.
        tables: its data.
        networks: the configurations whose preparation is compared; the last of them is trained.
        should_stop: asked often; True ends the training.
    """
    name, look = "training part", ["workbench.py", "train/fit.py", "data/windows.py"]
    benches = _benches(made, tables, networks, GAP) or _benches(made, tables, networks, 0)
    if benches is None:
        return check_of(name, Compared(1, 1, ("the scrambled table cannot be trained on",)), "", look)
    here, there = benches
    compared = compare(of_training_part(here, networks), of_training_part(there, networks), "training part")
    trails = [_trail(bench, networks[-1], should_stop) for bench in benches]
    compared += compare(of_checkpoints(trails[0]), of_checkpoints(trails[1]), "epoch")
    epochs = f"{len(trails[0])} epoch{'s' * (len(trails[0]) != 1)}"
    what = (
        f"scalers, encoders, linear bases, windows, and the weights after each of the first {epochs} without early "
        "stopping, with validation and test part scrambled and a gap between"
    )
    return check_of(name, compared, what, look)


def _benches(
    made: Plan, tables: Tables, networks: tuple[Settings, ...], gap: int
) -> tuple[Workbench, Workbench] | None:
    """Return the data as they are and with another future, None where either cannot be trained on."""
    drop = made.split.held_out
    try:
        here, there = (
            Workbench.of(tables.scrambled(Scrambling(drop, scrambled, gap, MILD)), made.settings)
            for scrambled in (False, True)
        )
        for bench, settings in product((here, there), networks):
            bench.check(settings)
    except DataError:
        return None
    return here, there


def _trail(bench: Workbench, settings: Settings, should_stop: Callable[[], bool]) -> list[Checkpoint]:
    """Return where a training stands after each of its first epochs."""
    if settings.schedule == "plateau":
        # Its learning rate follows the validation loss, as it should.
        settings = settings.change(schedule="constant")
    kept: list[Checkpoint] = []
    with own_lane():
        bench.train(settings, keep=kept.append, until=EPOCHS, early_stopping=False, must_stop=should_stop)
    return kept

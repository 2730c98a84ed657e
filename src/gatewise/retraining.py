"""Variants of one configuration, each trained over the same seeds, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import NamedTuple

import numpy as np

from gatewise.settings import Settings
from gatewise.train.device import own_lane
from gatewise.workbench import Workbench

__all__ = ["Key", "Progress", "Result", "Variant", "train_all"]


class Progress(NamedTuple):
    """A training that ended.

    Attributes:
        number: from 1.
        total: trainings in all.
        trick: that was switched, empty for the winner as it is.
        used: whether the winner uses it: it is off then, else on.
        seed: of the training.
        score: MASE on the validation part.
        seconds: duration.
    """

    number: int
    total: int
    trick: str
    used: bool
    seed: int
    score: float
    seconds: float


class Variant(NamedTuple):
    """The winner with one trick switched.

    Attributes:
        trick: its name, empty for the winner as it is.
        settings: what is trained.
        used: whether the winner uses the trick.
        early_stopping: whether the best weights are kept, or the last ones.
    """

    trick: str
    settings: Settings
    used: bool = True
    early_stopping: bool = True


class Result(NamedTuple):
    """What a training came to.

    Attributes:
        score: MASE on the validation part, infinite where there is no usable model.
        forecast: from the validation origins in the user's units, shape ``(origin, quantile, horizon)``.
        epochs: epochs trained.
        seconds: duration.
    """

    score: float
    forecast: np.ndarray
    epochs: int
    seconds: float


Key = tuple[str, int]
"""A trick (empty for the winner as it is) and a seed."""


def train_all(
    bench: Workbench,
    variants: list[Variant],
    seeds: tuple[int, ...],
    jobs: int,
    on_training: Callable[[Progress], None],
    should_stop: Callable[[], bool],
) -> dict[Key, Result]:
    """Train every variant with every seed, side by side, and return what ended by itself.

    It goes seed after seed, so that whatever is done when it stops makes pairs.

    Args:
        bench: the data, cut and on the device.
        variants: what to train.
        seeds: of the trainings, the same for every variant.
        jobs: trainings side by side at most.
        on_training: is told of every training that ends, in the calling thread and in order.
        should_stop: asked often; True ends what runs and starts nothing new.
    """
    abandoned = Event()

    def train(variant: Variant, seed: int) -> Result | None:
        if should_stop() or abandoned.is_set():
            return None
        with own_lane():
            candidate = bench.train(
                variant.settings.change(seed=seed),
                early_stopping=variant.early_stopping,
                must_stop=lambda: should_stop() or abandoned.is_set(),
            )
        training = candidate.training
        if training.status == "interrupted":
            return None
        score = candidate.score if training.best_epoch else math.inf
        return Result(score, candidate.forecast, len(training.epochs), training.seconds)

    done: dict[Key, Result] = {}
    total = len(variants) * len(seeds)
    with ThreadPoolExecutor(jobs, thread_name_prefix="ablation") as workers:
        try:
            waiting: list[tuple[Variant, int, Future[Result | None]]] = [
                (variant, seed, workers.submit(train, variant, seed)) for seed in seeds for variant in variants
            ]
            for number, (variant, seed, future) in enumerate(waiting, start=1):
                result = future.result()
                if result is not None:
                    done[variant.trick, seed] = result
                    on_training(
                        Progress(number, total, variant.trick, variant.used, seed, result.score, result.seconds)
                    )
        finally:
            # Reached in the ordinary way nothing runs any more; on an exception what runs ends at its next chunk.
            abandoned.set()
            workers.shutdown(cancel_futures=True)
    return done

"""The learning-rate range test: a short training whose rate rises from step to step.

The losses of single batches differ more from batch to batch than training changes them in a few steps, above all where
the network forecasts around a base that is good already. So every batch is seen twice: by the network that learns, and
by one of the same weights, dropout and noise that does not (its rate is 0, in the same program). What is looked at is
the ratio of the two losses, from which the batch drops out (a control variate).

Source: Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from gatewise.architecture import Architecture, knobs_of
from gatewise.model.network import initialise
from gatewise.settings import Settings
from gatewise.train.device import place
from gatewise.train.fit import Lessons, chunk_of_batches, epochs_of_batches
from gatewise.train.program import Measured, trainer
from gatewise.train.range_curve import RangeTest, diverges, read_curve

__all__ = ["suggest_learning_rate"]

LOWEST, HIGHEST = 1e-5, 1.0
"""Ends of the learning rates, for optimizers that scale their steps."""

SGD_FACTOR = 10.0
"""Plain SGD needs learning rates about this many times as large."""

STEPS = 200
"""Steps from the lowest to the highest rate: 40 for each factor of ten."""

LOOK_EVERY = 16
"""Steps between two looks at whether it has diverged: the device works on meanwhile."""

TINY = 1e-12


class Bench(Protocol):
    """What a range test needs of a workbench."""

    def check(self, settings: Settings) -> Any: ...
    def architecture(self, settings: Settings) -> Architecture: ...
    def lessons(self, settings: Settings) -> Lessons: ...


def suggest_learning_rate(
    bench: Bench,
    settings: Settings,
    *,
    steps: int = STEPS,
    seeds: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
) -> RangeTest:
    """Run the range test of one configuration; it compiles nothing but the program that its training needs anyway.

    Args:
        bench: the workbench; only training windows are looked at.
        settings: resolved settings; their learning rate and schedule play no part.
        steps: learning rates to try; fewer raise the rate faster, and with it the suggestion.
        seeds: trainings to take the mean of, from the settings' seed on.
        should_stop: asked often; True ends the test with the curve so far.

    Raises:
        DataError: when the data hold no window of this configuration.
    """
    began = time.perf_counter()
    bench.check(settings)
    low, high = (SGD_FACTOR * end for end in (LOWEST, HIGHEST)) if settings.optimizer == "sgd" else (LOWEST, HIGHEST)
    rates = np.geomspace(low, high, steps)
    pairs = [_Pair(bench, settings.change(seed=(settings.seed + number) % 2**31), steps) for number in range(seeds)]
    # A step tells the loss before its update: the first one trains at no rate, and each further one tells of the last.
    for number, rate in enumerate(np.append(rates, 0.0)):
        for pair in pairs:
            pair.step(number, float(rate))
        if number % LOOK_EVERY == 0 and (should_stop() or _is_over(pairs)):
            break
    losses = _mean_ratios(pairs)[1:]
    return read_curve(rates[: len(losses)], losses, time.perf_counter() - began)


class _Pair:
    """Two networks with the same start, batches, dropout and noise, of which only one learns."""

    def __init__(self, bench: Bench, settings: Settings, steps: int):
        architecture, lessons = bench.architecture(settings), bench.lessons(settings)
        self._lessons, self._knobs, self._table = lessons, knobs_of(settings), place(lessons.table)
        self._programs = trainer(architecture)
        initial = initialise(architecture, settings.seed)
        self._states = [self._programs.start(initial, self._knobs, settings.seed) for _ in range(2)]
        epochs, batches = epochs_of_batches(lessons.windows, settings), []
        while sum(map(len, batches)) < steps + 1:
            batches.append(next(epochs))
        self._batches = np.concatenate(batches)
        self._measured: list[tuple[Measured, Measured]] = []

    def step(self, number: int, rate: float) -> None:
        """Make one step, at this rate and at none; nothing waits for it."""
        measured = []
        for which, own in enumerate((rate, 0.0)):
            batch = chunk_of_batches(self._lessons, self._batches[number : number + 1], [own])
            self._states[which], one = self._programs.steps(self._states[which], self._knobs, self._table, batch)
            measured.append(one)
        self._measured.append((measured[0], measured[1]))

    def ratios(self) -> np.ndarray:
        """Return the loss of the network that learns over that of the other, step by step."""
        losses = np.array([[float(one.loss) for one in both] for both in self._measured])
        # Where the loss is 0 from the start, nothing can be learned.
        return (losses[:, 0] + TINY) / (losses[:, 1] + TINY)


def _mean_ratios(pairs: Sequence[_Pair]) -> np.ndarray:
    return np.mean([pair.ratios() for pair in pairs], axis=0)


def _is_over(pairs: Sequence[_Pair]) -> bool:
    """Tell whether the curve so far has diverged."""
    return diverges(_mean_ratios(pairs))

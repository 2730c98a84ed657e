"""A study of one knob: each of its values trained with several seeds, side by side.

Everything is judged on the validation part. The test part is cut off before, and no training or choice here sees it.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gatewise.errors import InputError, SettingsError, TrainingError
from gatewise.knob import Knob, shown
from gatewise.planning import Plan
from gatewise.search.study import Listener, Trial
from gatewise.settings import Settings
from gatewise.swept import Repeat, Row, Sweep, choose, improves
from gatewise.table import settings_table
from gatewise.train.device import accelerator, own_lane
from gatewise.train.population import Populations
from gatewise.workbench import Candidate

__all__ = ["SEEDS", "run_sweep"]

SEEDS = 3
"""Trainings of each value: a spread of fewer says next to nothing."""


def run_sweep(
    made: Plan,
    knob: Knob,
    *,
    seeds: int = SEEDS,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sweep:
    """Train every value of a knob with several seeds, and choose one.

    All other settings stay as the plan has them, those of its first framing. Every value has the same seeds. The
    trainings go seed by seed through the values, so that an early end leaves each value with about as many.

    Args:
        made: the checked plan of a fit; its settings carry seed, jobs and time_limit.
        knob: what varies, and its values.
        seeds: trainings of each value, at least 1.
        listener: is told of starts, epochs and ends.
        should_stop: asked often; True ends the study with the trainings that have finished.

    Raises:
        SettingsError: when the knob has no effect under the other settings, or no value fits them and the data.
        TrainingError: when no training gave a usable model.
    """
    if seeds < 1:
        raise SettingsError(f"seeds must be at least 1, but is {seeds}. Use 3 or more to see the spread.")
    _require_effect(made.settings, knob.name)
    began = time.monotonic()
    late = began + (made.settings.time_limit or math.inf)
    runner = _Runner(made, knob, seeds, listener or Listener(), lambda: should_stop() or time.monotonic() >= late)
    try:
        stopped = runner.grow() if knob.grows else runner.all()
    finally:
        runner.close()
    rows = tuple(one.row() for one in runner.values)
    choice = choose(knob.name, rows)
    if choice is None:
        said = "; ".join(dict.fromkeys(row.message for row in rows if row.message)) or "none finished in time"
        if all(row.status == "failed" for row in rows):
            raise SettingsError(f"no value of '{knob.name}' can be trained: {said}")
        raise TrainingError(f"no value of '{knob.name}' gave a usable model: {said}.")
    return Sweep(
        data=made.panel.name,
        knob=knob,
        settings=made.settings,
        framings=len(made.space.portfolio),
        seeds=seeds,
        rows=rows,
        choice=choice,
        notes=tuple(dict.fromkeys(one.note for one in runner.values if one.note and not one.problem)),
        stopped=stopped,
        interrupted=runner.interrupted,
        seconds=time.monotonic() - began,
    )


def _require_effect(settings: Settings, name: str) -> None:
    """Refuse a knob of a schedule that the settings do not use."""
    prior = next(row.prior for row in settings_table() if row.name == name)
    needed = prior.when[1] if prior is not None and prior.when is not None and prior.when[0] == "schedule" else ()
    if needed and settings.schedule not in needed:
        raise SettingsError(
            f"'{name}' must have an effect to be studied, but it has none with schedule {settings.schedule}. "
            f"Use --set schedule={needed[0]}."
        )


class _Value:
    """One value of the knob: its settings, or why it has none, and the trainings of it that have finished."""

    def __init__(self, made: Plan, knob: Knob, value: Any):
        self._value = value
        self.settings, self.note, self.problem = made.settings, "", ""
        self.repeats: list[Repeat] = []
        try:
            self.settings, self.note = _with_value(made, knob.name, value)
            made.bench.check(self.settings)
        except InputError as error:
            self.problem = str(error)

    def row(self) -> Row:
        """Return the row of the value."""
        return Row(self._value, self.settings, tuple(self.repeats), self.problem)


def _with_value(made: Plan, name: str, value: Any) -> tuple[Settings, str]:
    """Return the plan's settings with one value, and a sentence where another setting had to follow it."""
    start = made.settings
    if name != "window" or value % start.patch == 0 or made.given.get("patch") is not None:
        return start.change(**{name: value}), ""
    # The preset's patch need not divide another window: the one nearest to it that does takes its place.
    dividing = [size for size in range(1, value + 1) if value % size == 0]
    patch = min(dividing, key=lambda size: abs(math.log(size / start.patch)))
    note = f"window {value} has patch {patch}: the preset's patch, {start.patch}, does not divide it"
    return start.change(window=value, patch=patch), note


class _Runner:
    """Trains values with seeds side by side, and keeps what has finished."""

    def __init__(self, made: Plan, knob: Knob, seeds: int, listener: Listener, should_stop: Callable[[], bool]):
        self._made, self._knob, self._seeds, self._listener = made, knob, seeds, listener
        self._should_stop = should_stop
        settings = made.settings
        self._populations = Populations(settings.lookahead) if accelerator() else None
        jobs = settings.lookahead if self._populations else settings.jobs or os.cpu_count() or 1
        self._workers = ThreadPoolExecutor(jobs, thread_name_prefix="trial")
        self._abandoned = False
        self._asked = 0
        self.values: list[_Value] = []
        self.interrupted = False

    def close(self) -> None:
        """Let no training go on."""
        self._abandoned = True
        self._workers.shutdown(cancel_futures=True)

    def all(self) -> str:
        """Train every value; nothing is to be said of why that ended."""
        self._train(self._knob.values)
        return ""

    def grow(self) -> str:
        """Train larger and larger values; return why that ended."""
        value, best = self._knob.values[0], None
        while True:
            self._train([value])
            row = self.values[-1].row()
            if self.interrupted or row.problem:
                return "it was interrupted" if self.interrupted else row.problem
            if best is not None and not improves(row, best):
                return _no_better(row, best)
            following = self._knob.after(value)
            if following is None:
                return f"{shown(value)} is the largest that was to be tried"
            best, value = row, following

    def _train(self, values: Sequence[Any]) -> None:
        """Train some values with all seeds, seed by seed."""
        made = [_Value(self._made, self._knob, value) for value in values]
        self.values += made
        first = self._made.settings.seed
        waiting: list[tuple[int, _Value, Settings, Future[Candidate | None]]] = []
        for repeat in range(self._seeds):
            for one in made:
                if not one.problem:
                    settings = one.settings.change(seed=(first + repeat) % 2**31)
                    future = self._workers.submit(self._one, self._asked, settings)
                    waiting.append((self._asked, one, settings, future))
                    self._asked += 1
        for number, one, settings, future in waiting:
            self._hear(number, one, settings, future.result())

    def _one(self, number: int, settings: Settings) -> Candidate | None:
        """Train once, in a thread of the pool; None where that was not to start any more."""
        if self._stops():
            return None
        self._listener.on_start(number, settings)
        observe = partial(self._listener.on_epoch, number)
        with self._populations.entered() if self._populations else own_lane():
            return self._made.bench.train(settings, observe=observe, must_stop=self._stops)

    def _stops(self) -> bool:
        return self._abandoned or self._should_stop()

    def _hear(self, number: int, one: _Value, settings: Settings, candidate: Candidate | None) -> None:
        """Take note of a training; one that was cut short cannot be compared with the others, and does not count."""
        if candidate is None or candidate.training.status == "interrupted":
            self.interrupted = True
            return
        repeat = _repeat(settings.seed, candidate)
        one.repeats.append(repeat)
        self._listener.on_trial(
            Trial(
                number=number,
                settings=settings,
                status=repeat.status,
                message=repeat.message,
                score=repeat.score,
                best_epoch=repeat.best_epoch,
                epochs=repeat.epochs,
                train_loss=repeat.train_loss,
                val_loss=repeat.val_loss,
                seconds=candidate.training.seconds,
            )
        )


def _repeat(seed: int, candidate: Candidate) -> Repeat:
    """Return what counts of a training."""
    training = candidate.training
    best = training.epochs[training.best_epoch - 1] if training.best_epoch else None
    return Repeat(
        seed=seed,
        score=candidate.score if best else math.inf,
        train_loss=best.train_loss if best else math.nan,
        val_loss=best.val_loss if best else math.nan,
        best_epoch=training.best_epoch,
        epochs=len(training.epochs),
        # The first epoch of a program may hold its compilation.
        seconds=len(training.epochs) * statistics.median([epoch.seconds for epoch in training.epochs] or [0.0]),
        parameters=training.parameters.size,
        status=training.status,
        message=training.message,
    )


def _no_better(row: Row, best: Row) -> str:
    if not row.is_usable:
        return f"with {shown(row.value)} training gave no usable model"
    error = row.standard_error
    spread = "" if math.isnan(error) else f" by more than its standard error, {error:.2g}"
    scores = f"{row.score:.4g}, is not below the {best.score:.4g} of {shown(best.value)}"
    return f"the validation MASE of {shown(row.value)}, {scores}{spread}"

"""The epoch loop of one training: batches, schedule, validation, early stopping, best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import jax
import numpy as np

from gatewise.architecture import Architecture, knobs_of
from gatewise.data.windows import Windows
from gatewise.model.network import initialise
from gatewise.settings import Settings
from gatewise.train.checkpoint import Best, Checkpoint, Epoch
from gatewise.train.device import place
from gatewise.train.forecaster import Histories, forecaster
from gatewise.train.health import explain_divergence
from gatewise.train.loss import loss_of
from gatewise.train.population import Steps, joined
from gatewise.train.program import CHUNK, Batches, Measured, State, Table, trainer
from gatewise.train.schedule import learning_rates

__all__ = ["Epoch", "Lessons", "Manner", "Status", "Training", "Validation", "train"]

Status = Literal["early-stopped", "epoch-limit", "interrupted", "diverged", "paused"]


@dataclass(frozen=True)
class Manner:
    """How a training is watched, stopped and kept; every part may be called from any thread.

    Attributes:
        observe: is told of every epoch when it ends.
        should_stop: asked before every epoch; True ends the training with the best weights so far.
        must_stop: asked after every chunk of steps, likewise; the epoch under way is given up.
        keep: is given a checkpoint after every epoch.
        until: epochs after which the training pauses, None for never.
    """

    observe: Callable[[Epoch], None] = lambda epoch: None
    should_stop: Callable[[], bool] = lambda: False
    must_stop: Callable[[], bool] = lambda: False
    keep: Callable[[Checkpoint], None] | None = None
    until: int | None = None


PLAIN = Manner()


@dataclass(frozen=True, eq=False)
class Training:
    """A training that has ended or pauses.

    Attributes:
        checkpoint: its best weights by validation loss (the last ones without validation), its epochs, and where it
            pauses all that it goes on from.
        status: how it ended.
        message: one sentence on that, for a person.
    """

    checkpoint: Checkpoint
    status: Status
    message: str

    @property
    def parameters(self) -> np.ndarray:
        """The best weights, float32, flat."""
        return self.checkpoint.best.parameters

    @property
    def best_epoch(self) -> int:
        """The epoch that they come from, 0 for the initial weights."""
        return self.checkpoint.best.epoch

    @property
    def best_loss(self) -> float:
        """Their validation loss, NaN without validation."""
        return self.checkpoint.best.loss

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """What each epoch did."""
        return self.checkpoint.epochs

    @property
    def seconds(self) -> float:
        """Duration of all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)


@dataclass(frozen=True, eq=False)
class Validation:
    """Validation windows with their targets, in the scaled series' units.

    Attributes:
        histories: what the model sees.
        target: shape ``(origin, horizon)``.
        observed: bool, same shape: filled targets do not count.
        weight: of each origin's series in the loss, shape ``(origin,)``.
    """

    histories: Histories
    target: np.ndarray
    observed: np.ndarray
    weight: np.ndarray

    def loss(self, forecast: np.ndarray, architecture: Architecture) -> float:
        """Return the weighted mean loss of forecasts ``(origin, quantile, horizon)`` over the observed targets."""
        errors = (forecast - self.target[:, None]).transpose(1, 2, 0)
        losses = loss_of(architecture.loss, architecture.quantiles)(errors).mean(axis=0)
        weight = self.observed.T * self.weight
        return float((losses * weight).sum() / weight.sum())


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a training learns from.

    Attributes:
        table: the scaled panel on the device, with the linear base where there is one.
        windows: training windows.
        weight: of each series in the loss, float32, shape ``(series,)``.
    """

    table: Table
    windows: Windows
    weight: np.ndarray


def train(
    settings: Settings,
    architecture: Architecture,
    lessons: Lessons,
    validation: Validation | None,
    *,
    epochs: int | None = None,
    start: np.ndarray | None = None,
    past_losses: Sequence[float] = (),
    checkpoint: Checkpoint | None = None,
    manner: Manner = PLAIN,
) -> Training:
    """Train one network.

    Args:
        settings: resolved settings.
        architecture: that of the settings and the panel.
        lessons: what to train on.
        validation: validation windows for early stopping; None trains for exactly `epochs`.
        epochs: epochs to train instead of the settings' limit; the schedule still runs over the settings' `epochs`.
        start: weights to start from, drawn anew when None.
        past_losses: validation losses, epoch by epoch, that the plateau schedule follows where there is no validation.
        checkpoint: where this very training goes on from: bit for bit as if it had never paused; None starts it.
        manner: how it is watched, stopped and kept.

    Returns:
        The training, with the best weights restored however it ended.
    """
    course = _Course(settings, architecture, lessons, validation, past_losses)
    course.begin(initialise(architecture, settings.seed) if start is None else start, checkpoint)
    limit = settings.epochs if epochs is None else epochs
    with joined(architecture, course.table) as steps:
        while True:
            number = len(course.history)
            if ended := course.ended(limit):
                return Training(course.checkpoint().without_state(), *ended)
            if manner.until is not None and number >= manner.until:
                return Training(course.checkpoint(), "paused", f"paused after {_counted(number)}")
            if manner.should_stop():
                return course.stopped(f"stopped after epoch {number}")
            if not course.epoch(steps, manner.must_stop):
                return course.stopped(f"stopped in epoch {number + 1}")
            if manner.keep:
                manner.keep(course.checkpoint())
            manner.observe(course.history[-1])


class _Course:
    """The course of one training: what changes from epoch to epoch."""

    def __init__(
        self,
        settings: Settings,
        architecture: Architecture,
        lessons: Lessons,
        validation: Validation | None,
        past_losses: Sequence[float],
    ):
        self._settings, self._architecture, self._lessons = settings, architecture, lessons
        self._validation, self._past_losses = validation, past_losses
        self._knobs, self.table = knobs_of(settings), place(lessons.table)
        self._stream = _epochs_of_batches(lessons.windows, settings)
        self.history: list[Epoch] = []

    def begin(self, initial: np.ndarray, checkpoint: Checkpoint | None) -> None:
        """Start from weights, or go on from a checkpoint."""
        settings = self._settings
        self._state = trainer(self._architecture).start(initial, self._knobs, settings.seed)
        self._best = Best(initial)
        if checkpoint is None:
            return
        self._best, self.history = checkpoint.best, list(checkpoint.epochs)
        # The batches of the epochs that are done are drawn and passed over: what follows is then drawn alike.
        for _ in self.history:
            next(self._stream)
        if checkpoint.state is not None:
            structure = jax.tree.structure(self._state.optimizer)
            state = checkpoint.state
            self._state = place(state._replace(optimizer=jax.tree.unflatten(structure, state.optimizer)))

    def checkpoint(self) -> Checkpoint:
        """Return where the training stands; copies, for the program reuses the memory of its state."""
        state = jax.tree.map(np.array, self._state)
        return Checkpoint(self._best, tuple(self.history), state._replace(optimizer=jax.tree.leaves(state.optimizer)))

    def epoch(self, steps: Steps, must_stop: Callable[[], bool]) -> bool:
        """Train one epoch; False where it was given up."""
        began, number, lessons = time.perf_counter(), len(self.history) + 1, self._lessons
        order = next(self._stream)
        losses = [epoch.val_loss for epoch in self.history] if self._validation else self._past_losses[: number - 1]
        rates = learning_rates(self._settings, number - 1, len(order), losses)
        sums = Measured(*(0.0 for _ in Measured._fields))
        running: Measured | None = None
        for first in range(0, len(order), CHUNK):
            chunk = _chunk(lessons, order[first : first + CHUNK], rates[first : first + CHUNK])
            self._state, measured = steps(self._state, self._knobs, self.table, chunk)
            # The chunk before is waited for only now: the device works on while the next one is made ready.
            sums, running = _add(sums, running), measured
            if must_stop():
                return False
        sums = _add(sums, running)
        val_loss = _validate(self._architecture, self._state, self.table, self._validation)
        self.history.append(_summary(number, sums, len(order), val_loss, rates[-1], time.perf_counter() - began))
        if not self._diverged() and self._is_better(val_loss):
            self._best = Best(np.array(self._state.average), number, val_loss)
        return True

    def _is_better(self, val_loss: float) -> bool:
        return self._validation is None or val_loss < self._best.loss - self._settings.min_delta

    def _diverged(self) -> bool:
        """Tell whether a loss or a gradient of the last epoch was not a number."""
        last = self.history[-1]
        known = [last.train_loss, last.gradient_norm, *([last.val_loss] if self._validation else [])]
        return not all(map(math.isfinite, known))

    def ended(self, limit: int) -> tuple[Status, str] | None:
        """Return how the training has ended, None where it goes on."""
        number, best = len(self.history), self._best
        if number and self._diverged():
            return "diverged", explain_divergence(self._settings, number)
        if self._validation and number - best.epoch >= self._settings.patience:
            patience = f"no better validation loss for {_counted(self._settings.patience)}"
            return "early-stopped", f"{patience}; weights of epoch {best.epoch}"
        if number >= limit:
            return "epoch-limit", f"reached the limit of {_counted(number)}; weights of epoch {best.epoch}"
        return None

    def stopped(self, where: str) -> Training:
        """Return the training as it was stopped."""
        result = Checkpoint(self._best, tuple(self.history))
        return Training(result, "interrupted", f"{where}; weights of epoch {self._best.epoch}")


def _counted(epochs: int) -> str:
    return f"{epochs} epoch{'s' * (epochs != 1)}"


def _epochs_of_batches(windows: Windows, settings: Settings) -> Iterator[np.ndarray]:
    """Yield each epoch's batches as window numbers, shape ``(step, batch)``, padded at the very end with -1.

    Windows are drawn without replacement from one random order after another, so that every window is used as often
    as any other, whatever `windows_per_epoch` is.
    """
    generator = np.random.default_rng(settings.seed)
    count, batch = settings.windows_per_epoch or len(windows), settings.batch_size
    steps = -(-count // batch)
    rounds = _rounds_of_series(windows, generator) if settings.sampling == "series" else None
    left = np.zeros(0, np.int64)
    while True:
        parts = [left]
        while sum(map(len, parts)) < count:
            parts.append(next(rounds) if rounds else generator.permutation(len(windows)))
        drawn = np.concatenate(parts)
        order, left = drawn[:count], drawn[count:]
        yield np.pad(order, (0, steps * batch - count), constant_values=-1).reshape(steps, batch)


def _rounds_of_series(windows: Windows, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield one window of each series, drawn at random, the series in random order."""
    first = np.flatnonzero(np.diff(windows.series, prepend=-1))
    count = np.diff(np.append(first, len(windows)))
    while True:
        yield generator.permutation(first + generator.integers(0, count))


def _chunk(lessons: Lessons, order: np.ndarray, rates: list[float]) -> Batches:
    """Return up to `CHUNK` batches, padded to `CHUNK`."""
    steps, batch = order.shape
    padded = np.full((CHUNK, batch), -1, np.int64)
    padded[:steps] = order
    learning_rate = np.zeros(CHUNK, np.float32)
    learning_rate[:steps] = rates
    w = lessons.windows
    start, low, high, first, series = (part[padded] for part in (w.start, w.low, w.high, w.first, w.series))
    weight = np.where(padded >= 0, lessons.weight[series], 0).astype(np.float32)
    return Batches(start, low, high, first, series, weight, learning_rate, np.int32(steps))


def _add(sums: Measured, measured: Measured | None) -> Measured:
    """Return the sums with one more chunk's, once it is done."""
    if measured is None:
        return sums
    values = [float(value) for value in jax.device_get(measured)]
    total = Measured(*(a + b for a, b in zip(sums, values, strict=True)))
    return total._replace(largest_norm=max(sums.largest_norm, values[3]))


def _validate(architecture: Architecture, state: State, table: Table, validation: Validation | None) -> float:
    """Return the validation loss of whole forecasts, NaN without validation."""
    if validation is None:
        return math.nan
    forecast = forecaster(architecture, validation.target.shape[1])
    return validation.loss(forecast(state.average, validation.histories, table.linear), architecture)


def _summary(number: int, sums: Measured, steps: int, val_loss: float, rate: float, seconds: float) -> Epoch:
    return Epoch(
        number=number,
        train_loss=sums.loss / max(sums.targets, 1.0),
        val_loss=val_loss,
        learning_rate=rate,
        gradient_norm=sums.norm / steps,
        largest_norm=sums.largest_norm,
        clipped=sums.clipped / steps,
        update_ratio=sums.update_ratio / steps,
        seconds=seconds,
    )

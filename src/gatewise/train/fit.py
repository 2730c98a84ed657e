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
from gatewise.train.device import place
from gatewise.train.forecaster import Histories, forecaster
from gatewise.train.health import explain_divergence
from gatewise.train.loss import loss_of
from gatewise.train.population import joined
from gatewise.train.program import CHUNK, Batches, Measured, State, Table, trainer
from gatewise.train.schedule import learning_rates

__all__ = ["Epoch", "Lessons", "Status", "Training", "Validation", "train"]

Status = Literal["early-stopped", "epoch-limit", "interrupted", "diverged"]

Observer = Callable[["Epoch"], None]
"""Is told of every epoch when it ends."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch did.

    Attributes:
        number: from 1.
        train_loss: mean loss over the epoch's training windows, dropout and augmentation included.
        val_loss: mean loss over the validation windows, NaN without validation.
        learning_rate: that of the epoch's last step.
        gradient_norm: mean global norm before clipping.
        largest_norm: largest global norm before clipping.
        clipped: share of steps whose gradient was clipped, 0-1.
        update_ratio: mean norm of a step's update over that of the weights.
        seconds: duration, validation included.
    """

    number: int
    train_loss: float
    val_loss: float
    learning_rate: float
    gradient_norm: float
    largest_norm: float
    clipped: float
    update_ratio: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Training:
    """A finished training.

    Attributes:
        parameters: the best weights by validation loss (the last ones without validation), float32, flat.
        best_epoch: the epoch they come from, 0 for the initial weights.
        best_loss: their validation loss, NaN without validation.
        epochs: what each epoch did.
        status: how the training ended.
        message: one sentence on how it ended, for a person.
    """

    parameters: np.ndarray
    best_epoch: int
    best_loss: float
    epochs: tuple[Epoch, ...]
    status: Status
    message: str

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
        with np.errstate(over="ignore"):  # a training that diverges; its loss is then infinite
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
    observe: Observer = lambda epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
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
        observe: is told of every epoch.
        should_stop: asked after every chunk of steps; True ends the training with the best weights so far.

    Returns:
        The training, with the best weights restored however it ended.
    """
    knobs, table = knobs_of(settings), place(lessons.table)
    initial = initialise(architecture, settings.seed) if start is None else start
    state = trainer(architecture).start(initial, knobs, settings.seed)
    stream = _epochs_of_batches(lessons.windows, settings)
    best = _Best(initial)
    history: list[Epoch] = []

    def end(status: Status, message: str) -> Training:
        return Training(best.parameters, best.epoch, best.loss, tuple(history), status, message)

    with joined(architecture, table) as steps:
        for number in range(1, (settings.epochs if epochs is None else epochs) + 1):
            began = time.perf_counter()
            order = next(stream)
            losses = [epoch.val_loss for epoch in history] if validation else past_losses[: number - 1]
            rates = learning_rates(settings, number - 1, len(order), losses)
            sums = Measured(*(0.0 for _ in Measured._fields))
            running: Measured | None = None
            for first in range(0, len(order), CHUNK):
                chunk = _chunk(lessons, order[first : first + CHUNK], rates[first : first + CHUNK])
                state, measured = steps(state, knobs, table, chunk)
                # The chunk before is waited for only now: the device works on while the next one is made ready.
                sums, running = _add(sums, running), measured
                if should_stop():
                    return end("interrupted", f"stopped in epoch {number}; weights of epoch {best.epoch}")
            sums = _add(sums, running)
            val_loss = _validate(architecture, state, table, validation)
            history.append(_summary(number, sums, len(order), val_loss, rates[-1], time.perf_counter() - began))
            observe(history[-1])
            if sums.broken > 0 or (validation and not math.isfinite(val_loss)):
                return end("diverged", explain_divergence(settings, number))
            if validation is None:
                best = _Best(np.array(state.average), number, math.nan)
            elif val_loss < best.loss - settings.min_delta:
                best = _Best(np.array(state.average), number, val_loss)
            elif number - best.epoch >= settings.patience:
                return end(
                    "early-stopped",
                    f"no better validation loss for {settings.patience} epochs; weights of epoch {best.epoch}",
                )
    return end(
        "epoch-limit",
        f"reached the limit of {len(history)} epoch{'s' * (len(history) != 1)}; weights of epoch {best.epoch}",
    )


@dataclass(frozen=True, eq=False)
class _Best:
    """The best weights so far."""

    parameters: np.ndarray
    epoch: int = 0
    loss: float = math.inf


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

"""The epoch loop of one training: batches, schedule, validation, early stopping, best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import jax
import numpy as np

from gatewise.architecture import architecture_of, knobs_of
from gatewise.data.windows import Flat, Windows
from gatewise.model.network import initialise
from gatewise.settings import Settings
from gatewise.train.device import place
from gatewise.train.forecaster import forecaster
from gatewise.train.health import explain_divergence
from gatewise.train.loss import LOSSES
from gatewise.train.population import joined
from gatewise.train.program import CHUNK, Batches, Measured, State, Table, trainer
from gatewise.train.schedule import learning_rates

__all__ = ["Epoch", "Status", "Training", "Validation", "train"]

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
        seconds: duration, validation included.
    """

    number: int
    train_loss: float
    val_loss: float
    learning_rate: float
    gradient_norm: float
    largest_norm: float
    clipped: float
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
        values: what the model sees, float32, shape ``(window, time)``.
        target: shape ``(window, horizon)``.
        observed: bool, same shape: filled targets do not count.
    """

    values: np.ndarray
    target: np.ndarray
    observed: np.ndarray

    @classmethod
    def of(cls, flat: Flat, windows: Windows, window: int, horizon: int) -> Validation:
        """Gather windows and their targets from a flat panel."""
        at = windows.start[:, None] + np.arange(window + horizon)
        ahead = at[:, window:]
        return cls(flat.values[at[:, :window]], flat.values[ahead], flat.observed[ahead])

    def loss(self, forecast: np.ndarray, kind: str) -> float:
        """Return the mean loss of forecasts over the observed targets."""
        return float(LOSSES[kind]((forecast - self.target)[self.observed]).mean())


def train(
    settings: Settings,
    table: Table,
    windows: Windows,
    validation: Validation | None,
    *,
    epochs: int | None = None,
    past_losses: Sequence[float] = (),
    observe: Observer = lambda epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Training:
    """Train one network.

    Args:
        settings: resolved settings.
        table: the scaled panel on the device.
        windows: training windows.
        validation: validation windows for early stopping; None trains for exactly `epochs`.
        epochs: epochs to train instead of the settings' limit; the schedule still runs over the settings' `epochs`.
        past_losses: validation losses, epoch by epoch, that the plateau schedule follows where there is no validation.
        observe: is told of every epoch.
        should_stop: asked after every chunk of steps; True ends the training with the best weights so far.

    Returns:
        The training, with the best weights restored however it ended.
    """
    architecture, knobs = architecture_of(settings), knobs_of(settings)
    table = place(table)
    initial = initialise(architecture, settings.seed)
    state = trainer(architecture).start(initial, knobs, settings.seed)
    stream = _epochs_of_batches(windows, settings)
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
                chunk = _chunk(windows, order[first : first + CHUNK], rates[first : first + CHUNK])
                state, measured = steps(state, knobs, table, chunk)
                # The chunk before is waited for only now: the device works on while the next one is made ready.
                sums, running = _add(sums, running), measured
                if should_stop():
                    return end("interrupted", f"stopped in epoch {number}; weights of epoch {best.epoch}")
            sums = _add(sums, running)
            val_loss = _validate(settings, state, validation)
            history.append(_summary(number, sums, len(order), val_loss, rates[-1], time.perf_counter() - began))
            observe(history[-1])
            if sums.broken > 0 or (validation and not math.isfinite(val_loss)):
                return end("diverged", explain_divergence(settings, number))
            if validation is None:
                best = _Best(np.array(state.parameters), number, math.nan)
            elif val_loss < best.loss - settings.min_delta:
                best = _Best(np.array(state.parameters), number, val_loss)
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
    left = np.zeros(0, np.int64)
    while True:
        parts = [left]
        while sum(map(len, parts)) < count:
            parts.append(generator.permutation(len(windows)))
        drawn = np.concatenate(parts)
        order, left = drawn[:count], drawn[count:]
        yield np.pad(order, (0, steps * batch - count), constant_values=-1).reshape(steps, batch)


def _chunk(windows: Windows, order: np.ndarray, rates: list[float]) -> Batches:
    """Return up to `CHUNK` batches, padded to `CHUNK`."""
    steps, batch = order.shape
    padded = np.full((CHUNK, batch), -1, np.int64)
    padded[:steps] = order
    learning_rate = np.zeros(CHUNK, np.float32)
    learning_rate[:steps] = rates
    weight = (padded >= 0).astype(np.float32)
    start, low, high = (part[padded] for part in (windows.start, windows.low, windows.high))
    return Batches(start, low, high, weight, learning_rate, np.int32(steps))


def _add(sums: Measured, measured: Measured | None) -> Measured:
    """Return the sums with one more chunk's, once it is done."""
    if measured is None:
        return sums
    values = [float(value) for value in jax.device_get(measured)]
    total = Measured(*(a + b for a, b in zip(sums, values, strict=True)))
    return total._replace(largest_norm=max(sums.largest_norm, values[3]))


def _validate(settings: Settings, state: State, validation: Validation | None) -> float:
    """Return the validation loss of whole forecasts, NaN without validation."""
    if validation is None:
        return math.nan
    forecast = forecaster(architecture_of(settings), validation.target.shape[1])
    return validation.loss(forecast(state.parameters, validation.values), settings.loss)


def _summary(number: int, sums: Measured, steps: int, val_loss: float, rate: float, seconds: float) -> Epoch:
    return Epoch(
        number=number,
        train_loss=sums.loss / max(sums.targets, 1.0),
        val_loss=val_loss,
        learning_rate=rate,
        gradient_norm=sums.norm / steps,
        largest_norm=sums.largest_norm,
        clipped=sums.clipped / steps,
        seconds=seconds,
    )

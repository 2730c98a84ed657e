"""A finished training as its diagnosis sees it: its epochs as curves, smoothed, and measures that noise cannot fool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.architecture import architecture_of
from gatewise.errors import SettingsError
from gatewise.settings import Settings

if TYPE_CHECKING:
    from gatewise.train.fit import Epoch
    from gatewise.train.probe import Probe

__all__ = [
    "FEW_EPOCHS",
    "RESTLESS",
    "SGD_FACTOR",
    "USUAL_RATE",
    "VERY_RESTLESS",
    "Case",
    "noise",
    "rounded",
    "smoothed",
]

FEW_EPOCHS = 5
"""Shorter curves are not judged by their shape."""

RESTLESS, VERY_RESTLESS = 0.09, 0.15
"""Jumps of the validation loss from epoch to epoch, as a share of it. It is always the same windows that are looked at,
so they come from the steps of the optimizer and not from the sample; sound trainings show 0.01 to 0.04 (measured on
weekly CO2, airline passengers, births, temperatures and bicycles)."""

USUAL_RATE, SGD_FACTOR = 0.01, 10.0
"""Learning rate above which none is proposed, and what plain SGD takes instead of it, in units of it."""

PER_SECOND_DIFFERENCE = 6**0.5
"""Standard deviation of ``e[t-1] - 2 e[t] + e[t+1]`` for independent errors of standard deviation 1."""

NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution in units of its median absolute deviation."""


@dataclass(frozen=True, eq=False)
class Case:
    """What a diagnosis knows of one training.

    Attributes:
        settings: resolved settings.
        epochs: what each epoch did.
        status: how the training ended: early-stopped, epoch-limit, interrupted or diverged.
        best_epoch: the epoch whose weights were kept, 0 for none.
        probe: a look inside the network with these weights; None without one.
        season: period of the dominant cycle in steps, 1 for none.
    """

    settings: Settings
    epochs: Sequence[Epoch]
    status: str
    best_epoch: int
    probe: Probe | None = None
    season: int = 1

    def curve(self, name: str) -> np.ndarray:
        """Return one number of every epoch, by its name, shape ``(epoch,)``."""
        return np.array([getattr(epoch, name) for epoch in self.epochs], np.float64)

    @cached_property
    def train(self) -> np.ndarray:
        """Training losses."""
        return self.curve("train_loss")

    @cached_property
    def val(self) -> np.ndarray:
        """Validation losses."""
        return self.curve("val_loss")

    @cached_property
    def smooth_train(self) -> np.ndarray:
        """Training losses without their noise."""
        return smoothed(self.train)

    @cached_property
    def smooth_val(self) -> np.ndarray:
        """Validation losses without their noise."""
        return smoothed(self.val)

    @cached_property
    def noise(self) -> float:
        """How far the validation loss jumps from epoch to epoch, as a share of itself; 0 for a short curve.

        The first third is left out: there the loss falls steeply, which is no noise.
        """
        later = self.val[len(self.val) // 3 :]
        return noise(later) / max(float(np.median(later)), 1e-30) if len(later) >= FEW_EPOCHS else 0.0

    @cached_property
    def sound(self) -> bool:
        """Whether there are epochs and every loss is a finite number."""
        return len(self.epochs) > 0 and bool(np.isfinite(self.train).all() and np.isfinite(self.val).all())

    @property
    def usual_rate(self) -> float:
        """Largest learning rate that is proposed for the optimizer."""
        return USUAL_RATE * (SGD_FACTOR if self.settings.optimizer == "sgd" else 1)

    @property
    def smaller_rate(self) -> float:
        """A learning rate to try where the present one is too large: a third of it, and none that is far off."""
        return rounded(min(self.settings.learning_rate / 3, self.usual_rate))

    def error(self, loss: Any) -> Any:
        """Return losses as errors, which a huge one does not square: the root for the squared error."""
        return np.sqrt(loss) if self.settings.loss == "mse" else loss

    def possible(self, **changes: Any) -> dict[str, Any]:
        """Return those changes of the settings that are one, if all of them together are valid; else nothing."""
        made = {name: value for name, value in changes.items() if getattr(self.settings, name) != value}
        try:
            architecture_of(self.settings.change(**made))
        except SettingsError:
            return {}
        return made


def rounded(value: float) -> float:
    """Return a number with one significant digit, as a person would try it.

    Example:
        >>> rounded(0.00033), rounded(0.17)
        (0.0003, 0.2)
    """
    return float(f"{value:.0e}")


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return a curve without its noise: running medians of three, then running means of a tenth of its length.

    Source: Tukey (1977), "Exploratory data analysis", chapter 7, for running medians.

    Example:
        >>> smoothed(np.array([3.0, 2.0, 9.0, 1.0, 1.0])).round(2).tolist()
        [3.0, 3.0, 2.0, 1.0, 1.0]
    """
    if len(values) < FEW_EPOCHS:
        return values
    medians = _running(values, 1, np.median)
    half = len(values) // 20
    return _running(medians, half, np.mean) if half else medians


def _running(values: np.ndarray, half: int, of: Callable[..., Any]) -> np.ndarray:
    """Return a statistic of each value and `half` neighbours on both sides; fewer of them near the ends."""
    made = values.copy()
    for place in range(len(values)):
        reach = min(half, place, len(values) - 1 - place)
        made[place] = of(values[place - reach : place + reach + 1])
    return made


def noise(values: np.ndarray) -> float:
    """Return the standard deviation of a curve around its own course.

    Second differences take out level and slope; their median is not moved by a few steps.

    Source: Gasser, Sroka and Jennen-Steinmetz (1986), "Residual variance and residual pattern in nonlinear regression".

    Example:
        >>> noise(np.arange(9.0)), round(noise(np.array([1, 2, 1, 2, 1, 2, 1.0])), 2)
        (0.0, 1.21)
    """
    if len(values) < 3:
        return 0.0
    differences = values[:-2] - 2 * values[1:-1] + values[2:]
    return float(NORMAL_MAD * np.median(np.abs(differences)) / PER_SECOND_DIFFERENCE)

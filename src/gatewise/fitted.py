"""A fitted model and how one is made: the page that joins data, network and training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from gatewise.architecture import architecture_of
from gatewise.calibrate import MOST_RESIDUALS, radius
from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler, fit_scaler
from gatewise.data.split import Split, split_of
from gatewise.data.windows import Flat, Windows, flatten, training_windows, validation_windows
from gatewise.errors import DataError, TrainingError
from gatewise.metrics import mase_scale
from gatewise.settings import Settings
from gatewise.train.device import device, place
from gatewise.train.fit import Epoch, Training, Validation, train
from gatewise.train.forecaster import forecaster
from gatewise.train.program import Table, table_of

__all__ = ["Candidate", "Fitted", "Workbench", "refit"]

MOST_VALIDATION_WINDOWS = 2048
"""Windows looked at after each epoch; with more, evenly spread ones stand for all."""

MOST_VALUES = 2**21
"""Values of windows that a forecast from many origins holds in memory at once."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model that can forecast: settings, weights, scaling, and the residuals behind its intervals.

    Attributes:
        settings: resolved settings.
        parameters: the network's weights, float32, flat.
        unique_ids: the series that the model was trained on, in the order of the scaler.
        scaler: the scaling of each of them.
        error_scale: the unit of each series' errors: the in-sample error of its seasonal naive forecast (the
            denominator of MASE), 1 where that is 0; shape ``(series,)``.
        residuals: absolute errors on validation origins in that unit, shape ``(origin, horizon)``, NaN where the truth
            is missing; no rows when there was no validation.
    """

    settings: Settings
    parameters: np.ndarray
    unique_ids: tuple[str, ...]
    scaler: Scaler
    error_scale: np.ndarray
    residuals: np.ndarray

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.unique_ids)}

    @cached_property
    def _placed(self) -> dict[Any, Any]:
        """The weights on each device that has forecast with them."""
        return {}

    def _weights(self) -> Any:
        where = device()
        if where not in self._placed:
            self._placed[where] = place(self.parameters)
        return self._placed[where]

    def scaler_for(self, panel: Panel) -> Scaler:
        """Return the scaling of a panel's series: the trained one, or one fitted on the history of a new series."""
        numbers = [self._number.get(one.unique_id) for one in panel]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            return self.scaler.take(known)
        fresh = fit_scaler(panel, self.settings.scaling)
        for row, number in enumerate(numbers):
            if number is not None:
                fresh.center[row], fresh.scale[row] = self.scaler.center[number], self.scaler.scale[number]
        return fresh

    def forecast(self, panel: Panel, horizon: int) -> np.ndarray:
        """Forecast beyond the end of every series of a panel.

        Returns:
            Forecasts in the user's units, shape ``(series, horizon)``.

        Raises:
            DataError: when a series is shorter than the window.
            TrainingError: when a forecast is not finite.
        """
        return self.forecast_from(panel, (0,), horizon)[0]

    def forecast_from(self, panel: Panel, distances: Sequence[int], horizon: int) -> np.ndarray:
        """Forecast every series of a panel from several origins, each seeing nothing behind itself.

        Args:
            panel: the series; the scaling of one that the model was not trained on is fitted on what the first origin
                sees of it.
            distances: steps between each origin and the end of a series, 0 for the end itself.
            horizon: steps to forecast.

        Returns:
            Forecasts in the user's units, shape ``(origin, series, horizon)``.

        Raises:
            DataError: when a series is shorter than the window at some origin.
            TrainingError: when a forecast is not finite.
        """
        window = architecture_of(self.settings).window
        shortest = len(panel.shortest) - max(distances)
        if shortest < window:
            raise DataError(
                f"every series must have at least window={window} rows to forecast from, but series "
                f"'{panel.shortest.unique_id}' has {shortest}. Give more history or drop that series."
            )
        scaler = self.scaler_for(panel.head(max(distances)))
        make = forecaster(architecture_of(self.settings), horizon)
        at_once = max(1, MOST_VALUES // (len(panel) * window))
        parts: list[np.ndarray] = []
        for first in range(0, len(distances), at_once):
            some = distances[first : first + at_once]
            windows = [scaler.apply(one.before(d, window), row) for d in some for row, one in enumerate(panel)]
            made = make(self._weights(), np.array(windows, np.float32))
            parts.append(scaler.undo(made, np.tile(np.arange(len(panel)), len(some))))
        forecast = np.concatenate(parts)
        if not np.isfinite(forecast).all():
            worst = int(np.argmin(np.isfinite(forecast).all(axis=1))) % len(panel)
            raise TrainingError(
                f"a forecast must be finite, but that of series '{panel.series[worst].unique_id}' is not: the weights "
                "or the values are too large. Use a smaller learning_rate, or clip_norm 1, or write the values in a "
                "larger unit."
            )
        return forecast.reshape(len(distances), len(panel), horizon)

    def radius(self, panel: Panel, level: int, horizon: int) -> np.ndarray:
        """Return half the interval's width in the user's units, shape ``(series, horizon)``.

        Steps beyond the calibrated horizon take the last step's radius, widened with the square root of the distance.
        A series that the model was not trained on takes the error scale of its own history.
        """
        known = radius(self.residuals, level)
        beyond = np.arange(len(known) + 1, horizon + 1)
        steps = np.concatenate([known, known[-1] * np.sqrt(beyond / len(known))])[:horizon]
        return steps[None, :] * self._error_scales(panel)[:, None]

    def _error_scales(self, panel: Panel) -> np.ndarray:
        season = self.settings.season or 1
        numbers = [self._number.get(one.unique_id) for one in panel]
        return np.array(
            [
                (mase_scale(one, season) or 1.0) if number is None else self.error_scale[number]
                for one, number in zip(panel, numbers, strict=True)
            ]
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """A training judged on its validation part.

    Attributes:
        fitted: the model with its best weights.
        training: how it went.
        score: mean absolute scaled error over the validation windows, mean over the series; infinite if it diverged.
    """

    fitted: Fitted
    training: Training
    score: float


class Workbench:
    """A panel without its test part, cut, scaled and put on the device once for many trainings.

    Args:
        panel: the whole panel; the test part is cut off here and never kept.
        split: where the parts begin.
        season: period for the scaled errors, in steps.
    """

    def __init__(self, panel: Panel, split: Split, season: int):
        # Padded for the whole panel, the training on every row at the end runs the same compiled program.
        self._room = int(panel.lengths.sum())
        self.panel = panel.head(split.test)
        self.split = split
        self.training_part = self.panel.head(split.validation)
        scales = np.array([mase_scale(one, season) for one in self.training_part])
        self.is_constant = scales == 0
        self.error_scale = np.where(self.is_constant, 1.0, scales)
        self._made: dict[Any, Any] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, panel: Panel, settings: Settings) -> Workbench:
        """Return the workbench of resolved settings.

        Raises:
            DataError: when a series is too short for window, horizon and held-out parts.
        """
        s = settings
        split = split_of(
            panel,
            window=s.window or 1,
            horizon=s.horizon or 1,
            val_windows=s.val_windows or 1,
            test_windows=s.test_windows or 0,
        )
        return cls(panel, split, s.season or 1)

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def scaled(self, kind: str) -> tuple[Scaler, Flat, Table]:
        """Return the panel under one scaling: the scaler of the training part, the flat array, and it on the device."""

        def make() -> tuple[Scaler, Flat, Table]:
            scaler = fit_scaler(self.training_part, kind)
            flat = flatten(self.panel, scaler)
            return scaler, flat, table_of(flat.values, flat.observed, self._room)

        return self._once(("scaled", kind), make)

    def windows(self, flat: Flat, window: int, head: int) -> tuple[Windows, Windows]:
        """Return training and validation windows; the head's length bounds the targets of the training ones."""

        def make() -> tuple[Windows, Windows]:
            return (
                training_windows(flat, window, head, self.split.validation),
                validation_windows(flat, window, self.split.horizon, self.split.validation, 0),
            )

        return self._once(("windows", window, head), make)

    def check(self, settings: Settings) -> tuple[Windows, Windows]:
        """Return the training and validation windows of a configuration; nothing is trained.

        Raises:
            DataError: when there is none of either.
            SettingsError: when the configuration builds no network.
        """
        architecture = architecture_of(settings)
        _, flat, _ = self.scaled(settings.scaling)
        learn, judge = self.windows(flat, architecture.window, architecture.horizon)
        _require(learn, judge, settings)
        return learn, judge

    def train(
        self,
        settings: Settings,
        *,
        observe: Callable[[Epoch], None] = lambda epoch: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Candidate:
        """Train one configuration with early stopping and judge it on the validation windows.

        Raises:
            DataError: when no usable window is left for training or validation.
        """
        architecture = architecture_of(settings)
        scaler, flat, table = self.scaled(settings.scaling)
        learn, judge = self.check(settings)
        judge = judge.thin(MOST_VALIDATION_WINDOWS)
        validation = Validation.of(flat, judge, architecture.window, self.split.horizon)
        training = train(settings, table, learn, validation, observe=observe, should_stop=should_stop)
        forecast = forecaster(architecture, self.split.horizon)(training.parameters, validation.values)
        errors = np.where(validation.observed, np.abs(forecast - validation.target), np.nan).astype(np.float64)
        errors *= (scaler.scale / self.error_scale)[judge.series][:, None]
        ids = tuple(one.unique_id for one in self.panel)
        spread = np.linspace(0, len(errors) - 1, min(len(errors), MOST_RESIDUALS)).round().astype(int)
        residuals = errors[spread].astype(np.float32)
        fitted = Fitted(settings, training.parameters, ids, scaler, self.error_scale, residuals)
        return Candidate(fitted, training, self._score(errors, judge.series))

    def _score(self, errors: np.ndarray, series: np.ndarray) -> float:
        """Return the mean absolute scaled error, each series counting the same.

        Constant series have no error scale and do not count, unless all are constant.
        """
        counts = np.ones(len(series), bool) if self.is_constant.all() else ~self.is_constant[series]
        total = np.bincount(series[counts], weights=np.nanmean(errors[counts], axis=1), minlength=len(self.panel))
        count = np.bincount(series[counts], minlength=len(self.panel))
        score = float(np.mean(total[count > 0] / count[count > 0])) if counts.any() else float("inf")
        return score if np.isfinite(score) else float("inf")


def _require(learn: Windows, judge: Windows, settings: Settings) -> None:
    for windows, part in ((learn, "training"), (judge, "validation")):
        if len(windows) == 0:
            raise DataError(
                f"the {part} part must hold at least one window of window={settings.window} and "
                f"horizon={settings.horizon} steps that ends on an observed value, but it holds none. "
                "Use a shorter window or horizon, or fill the gaps in the data."
            )


def refit(
    panel: Panel,
    candidate: Candidate,
    *,
    room: int = 0,
    observe: Callable[[Epoch], None] = lambda epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Fitted, str]:
    """Train a candidate's configuration anew on every row of a panel, for as many epochs as were best.

    The residuals behind the intervals stay the candidate's: rows that a model was trained on cannot calibrate it.

    Args:
        panel: what to train on.
        candidate: the configuration, its best epoch, and its model, which stands in if this training fails.
        room: steps to pad the panel for, so that a shorter one runs the program that a longer one has compiled.
        observe: is told of every epoch.
        should_stop: asked after every chunk of steps.

    Returns:
        The model and an empty text; or, where this training diverged or was stopped, the candidate's own model and a
        sentence that says so.
    """
    if should_stop():
        return candidate.fitted, "Interrupted before the training on every row: the validated model stands in."
    settings = candidate.fitted.settings
    architecture = architecture_of(settings)
    scaler = fit_scaler(panel, settings.scaling)
    flat = flatten(panel, scaler)
    windows = training_windows(flat, architecture.window, architecture.horizon, 0)
    training = train(
        settings,
        table_of(flat.values, flat.observed, room),
        windows,
        None,
        epochs=max(candidate.training.best_epoch, 1),
        past_losses=[epoch.val_loss for epoch in candidate.training.epochs],
        observe=observe,
        should_stop=should_stop,
    )
    if training.status == "diverged":
        return candidate.fitted, f"The training on every row {training.message}: the validated model stands in."
    if training.status == "interrupted":
        return candidate.fitted, "Interrupted during the training on every row: the validated model stands in."
    return replace(candidate.fitted, parameters=training.parameters, scaler=scaler), ""

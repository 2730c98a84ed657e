"""The workbench: a panel without its test part, cut, scaled and put on the device once for many trainings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from gatewise.architecture import Architecture, architecture_of
from gatewise.calibrate import unrest
from gatewise.data.features import Encoder, fit_encoder
from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler, fit_scaler
from gatewise.data.split import Split, split_of
from gatewise.data.windows import Flat, Windows, flatten, training_windows, validation_windows
from gatewise.errors import DataError
from gatewise.fitted import Fitted, widths_of
from gatewise.metrics import mase_scale
from gatewise.model.recipe import padded_index
from gatewise.settings import Settings
from gatewise.train.checkpoint import Checkpoint
from gatewise.train.device import place
from gatewise.train.finding import Finding
from gatewise.train.fit import Lessons, Manner, Training, Validation, train
from gatewise.train.forecaster import Histories, forecaster
from gatewise.train.health import examine
from gatewise.train.program import table_of
from gatewise.train.ridge import fit_linear

__all__ = ["Candidate", "Part", "Truth", "Workbench"]

MOST_VALIDATION_WINDOWS = 2048
"""Windows looked at after each epoch; with more, evenly spread ones stand for all."""


class Truth(NamedTuple):
    """What the validation origins are judged by, the same for every configuration.

    Attributes:
        series: number of each origin's series, shape ``(origin,)``.
        values: what came, in the user's units, NaN where missing, shape ``(origin, horizon)``.
        scale: the unit of each origin's errors: the in-sample error of its series' seasonal naive forecast (the
            denominator of MASE), 1 where that is 0; shape ``(origin,)``.
        counts: False for constant series, which have no error scale (unless all are constant), shape ``(origin,)``.
    """

    series: np.ndarray
    values: np.ndarray
    scale: np.ndarray
    counts: np.ndarray

    def errors(self, forecast: np.ndarray) -> np.ndarray:
        """Return the mean absolute scaled error of each origin, shape ``(origin,)``."""
        known = ~np.isnan(self.values)
        errors = np.where(known, np.abs(forecast - self.values) / self.scale[:, None], 0.0)
        return errors.sum(axis=1) / known.sum(axis=1)

    def rmse(self, forecast: np.ndarray) -> float:
        """Return the root mean squared error over all observed targets, in the user's units."""
        return float(np.sqrt(np.nanmean((forecast - self.values) ** 2)))

    def score(self, forecast: np.ndarray) -> float:
        """Return the mean absolute scaled error of forecasts ``(origin, horizon)``, each series counting the same.

        It is infinite where any forecast is not a number.
        """
        series, each = self.series[self.counts], self.errors(forecast)[self.counts]
        if len(series) == 0 or not np.isfinite(forecast).all():
            return float("inf")
        total, count = np.bincount(series, weights=each), np.bincount(series)
        score = float(np.mean(total[count > 0] / count[count > 0]))
        return score if np.isfinite(score) else float("inf")


@dataclass(frozen=True, eq=False)
class Candidate:
    """A training judged on its validation part.

    Attributes:
        fitted: the model with its best weights.
        training: how it went.
        score: mean absolute scaled error over the validation windows, mean over the series; infinite if it diverged.
        forecast: its forecasts from the validation origins in the user's units, float64 (small swings on a large level
            would be lost otherwise), shape ``(origin, quantile, horizon)``.
        findings: what the coach says of the training, the most important first.
    """

    fitted: Fitted
    training: Training
    score: float
    forecast: np.ndarray
    findings: tuple[Finding, ...] = ()


class Part:
    """A panel prepared for trainings of any configuration; each preparation is made once.

    Args:
        panel: what trainings may see.
        fitted_on: what scalers and encoders are fitted on.
        drop: steps at the end of each series that are no targets of training windows.
        season: period that a padded window must hold.
        room: steps to pad the table for.
    """

    def __init__(self, panel: Panel, fitted_on: Panel, drop: int, season: int, room: int):
        self.panel, self._fitted_on, self._drop, self._season, self._room = panel, fitted_on, drop, season, room
        self._made: dict[Any, Any] = {}
        self._lock = Lock()
        self._locks: dict[Any, Lock] = {}

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` made when this key was first asked for."""
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def encoder(self, settings: Settings) -> Encoder:
        """Return the encoder of covariates and calendar."""
        key = settings.calendar, settings.holidays
        return self.once(("encoder", key), lambda: fit_encoder(self._fitted_on, *key))

    def architecture(self, settings: Settings) -> Architecture:
        """Return the Architecture of a configuration on this panel."""
        return architecture_of(settings, widths_of(self.encoder(settings), len(self.panel)))

    def scaled(self, settings: Settings) -> tuple[Scaler, Flat]:
        """Return the scaler of a configuration, and the panel under it as one flat array."""

        def make() -> tuple[Scaler, Flat]:
            scaler = fit_scaler(self._fitted_on, settings.scaling, settings.transform)
            return scaler, flatten(self.panel, scaler)

        return self.once(("scaled", settings.scaling, settings.transform), make)

    def features(self, settings: Settings) -> np.ndarray | None:
        """Return the encoded covariates of all series, one behind another; None without any."""
        encoder = self.encoder(settings)
        if encoder.past_width + encoder.future_width == 0:
            return None
        key = "features", settings.calendar, settings.holidays
        return self.once(key, lambda: np.concatenate(encoder.encode(self.panel, 0)))

    def windows(self, settings: Settings) -> Windows:
        """Return the training windows of a configuration; the head's length bounds their targets."""
        architecture = self.architecture(settings)
        _, flat = self.scaled(settings)
        window, horizon = architecture.window, architecture.horizon
        # Padding repeats the first season, which must lie before the origin.
        season = max(self._season, architecture.season, architecture.long_season)
        key = "windows", window, horizon, season
        return self.once(key, lambda: training_windows(flat, window, horizon, self._drop, season))

    def linear(self, settings: Settings) -> np.ndarray | None:
        """Return the linear base of a configuration, None with another base."""
        if settings.base != "linear":
            return None
        a, (_, flat) = self.architecture(settings), self.scaled(settings)
        key = ("linear", settings.scaling, settings.transform, a.window, a.horizon, a.normalise, a.rescale)
        return self.once(key, lambda: fit_linear(a, flat, self.windows(settings)))

    def lessons(self, settings: Settings) -> Lessons:
        """Return what a configuration learns from, on the device."""
        _, flat = self.scaled(settings)
        key = "table", settings.scaling, settings.transform, settings.calendar, settings.holidays

        def make() -> Any:
            static = self.encoder(settings).encode_static(self.panel)
            return table_of(flat.values, flat.observed, self._room, features=self.features(settings), static=static)

        linear = self.linear(settings)
        table = self.once(key, make)._replace(linear=None if linear is None else place(linear))
        return Lessons(table, self.windows(settings), self._weight(settings))

    def _weight(self, settings: Settings) -> np.ndarray:
        """Return the weight of each series in the loss: one over its seasonal naive error in scaled units for mase."""
        if settings.loss != "mase":
            return np.ones(len(self.panel), np.float32)
        season, (scaler, _) = settings.season or 1, self.scaled(settings)
        errors = []
        # The panel of the trainings is filled on both sides of a gap at the end of the training part; this one is not.
        for number, one in enumerate(self._fitted_on):
            values = scaler.apply(one.values, number).astype(np.float32)
            lag = season if len(values) > season else 1
            errors.append(np.abs(values[lag:] - values[:-lag]).mean() if len(values) > 1 else 0.0)
        error = np.array(errors, np.float64)
        known = error[error > 0]
        middle = float(np.median(known)) if len(known) else 1.0
        # A nearly constant series must not outweigh all others.
        return (middle / np.maximum(error, 0.05 * middle)).astype(np.float32)


class Workbench:
    """A panel without its test part, ready for trainings.

    Args:
        panel: the whole panel; the test part is cut off here and never kept. Series too short for a validation origin
            are left out: they are forecast as new ones.
        split: where the parts begin.
        season: period for the scaled errors, in steps.
    """

    def __init__(self, panel: Panel, split: Split, season: int):
        self.panel = panel.longer_than(split.held_out + 1).head(split.test)
        self.split = split
        self._season = season
        # Padded for the whole panel, the training on every row at the end runs the same compiled program.
        room = int(panel.lengths.sum())
        training_part = self.panel.head(split.validation)
        scales = np.array([mase_scale(one, season) for one in training_part])
        self.is_constant = scales == 0
        self.error_scale = np.where(self.is_constant, 1.0, scales)
        self._part = Part(self.panel, training_part, split.validation, season, room)

    @classmethod
    def of(cls, panel: Panel, settings: Settings) -> Workbench:
        """Return the workbench of resolved settings.

        Raises:
            DataError: when no series is long enough for window, horizon and held-out parts.
        """
        s = settings
        split = split_of(
            panel,
            season=s.season or 1,
            horizon=s.horizon or 1,
            val_windows=s.val_windows or 1,
            test_windows=s.test_windows or 0,
        )
        return cls(panel, split, s.season or 1)

    def _judge(self, settings: Settings) -> Windows:
        """Return the validation windows of a configuration: the same origins for all of them."""
        _, flat = self._part.scaled(settings)
        window = settings.window or 1
        return self._part.once(
            ("judge", window),
            lambda: validation_windows(flat, window, self.split.horizon, self.split.validation).thin(
                MOST_VALIDATION_WINDOWS
            ),
        )

    @cached_property
    def truth(self) -> Truth:
        """What the validation origins are judged by."""
        # Only places are read here; unscaled, the values could be too large for single precision.
        flat = flatten(self.panel, fit_scaler(self.panel, "standard"))
        judge = validation_windows(flat, 1, self.split.horizon, self.split.validation).thin(MOST_VALIDATION_WINDOWS)
        index = judge.start[:, None] + 1 + np.arange(self.split.horizon)
        every = np.concatenate([np.where(one.observed, one.values, np.nan) for one in self.panel])
        counts = np.ones(len(judge), bool) if self.is_constant.all() else ~self.is_constant[judge.series]
        return Truth(judge.series, every[index], self.error_scale[judge.series], counts)

    def check(self, settings: Settings) -> tuple[Windows, Windows]:
        """Return the training and validation windows of a configuration; nothing is trained.

        Raises:
            DataError: when there is none of either.
            SettingsError: when the configuration builds no network.
        """
        learn, judge = self._part.windows(settings), self._judge(settings)
        _require(learn, judge, settings)
        return learn, judge

    @cached_property
    def unrest(self) -> np.ndarray:
        """How much less calm the history was than the validation part, by level; see `gatewise.calibrate.unrest`."""
        return unrest(self.panel, self.split.validation, self._season, self.split.horizon)

    def architecture(self, settings: Settings) -> Architecture:
        """Return the Architecture of a configuration on this panel."""
        return self._part.architecture(settings)

    def lessons(self, settings: Settings) -> Lessons:
        """Return what a configuration learns from, on the device."""
        return self._part.lessons(settings)

    def scaler(self, settings: Settings) -> Scaler:
        """Return the scaler of a configuration, fitted on the training part."""
        return self._part.scaled(settings)[0]

    def encoder(self, settings: Settings) -> Encoder:
        """Return the encoder of covariates and calendar, fitted on the training part."""
        return self._part.encoder(settings)

    def train(self, settings: Settings, *, checkpoint: Checkpoint | None = None, **manner: Any) -> Candidate:
        """Train one configuration with early stopping and judge it on the validation windows.

        Args:
            settings: resolved settings.
            checkpoint: where this very training goes on from, None starts it.
            **manner: how it is watched, stopped and kept: the parts of `gatewise.train.fit.Manner`.

        Raises:
            DataError: when no usable window is left for training or validation.
        """
        self.check(settings)
        architecture = self.architecture(settings)
        lessons = self._part.lessons(settings)
        validation = self._validation(settings, architecture, lessons.weight)
        how = Manner(**manner)
        training = train(settings, architecture, lessons, validation, checkpoint=checkpoint, manner=how)
        findings = examine(settings, architecture, training, validation, self._part.linear(settings))
        return self._judged(settings, training, validation.histories, findings)

    def judged(self, settings: Settings, training: Training) -> Candidate:
        """Return a training of a configuration, from an earlier process say, as `train` returned it."""
        architecture = self.architecture(settings)
        weight = np.ones(len(self.panel), np.float32)
        return self._judged(settings, training, self._validation(settings, architecture, weight).histories)

    def _judged(
        self, settings: Settings, training: Training, histories: Histories, findings: tuple[Finding, ...] = ()
    ) -> Candidate:
        part = self._part
        scaler, linear = part.scaled(settings)[0], part.linear(settings)
        made = forecaster(self.architecture(settings), self.split.horizon)(training.parameters, histories, linear)
        forecast = scaler.undo(made, self.truth.series)
        ids = tuple(one.unique_id for one in self.panel)
        fitted = Fitted(
            settings,
            training.parameters,
            ids,
            scaler,
            part.encoder(settings),
            linear,
            epochs=max(training.best_epoch, 1),
            val_losses=tuple(epoch.val_loss for epoch in training.epochs),
        )
        return Candidate(fitted, training, self.truth.score(forecast[:, 0]), forecast, findings)

    def _validation(self, settings: Settings, architecture: Architecture, weight: np.ndarray) -> Validation:
        part, judge = self._part, self._judge(settings)
        _, flat = part.scaled(settings)
        steps, horizon = architecture.window, self.split.horizon
        first, origin = judge.first[:, None], judge.start[:, None] + steps
        season = max(architecture.season, architecture.long_season)
        season = np.where(origin - first < season, 1, season)
        inside = padded_index(judge.start[:, None] + np.arange(steps + horizon), first, season)
        features = part.features(settings)
        if features is not None:
            features = features[inside]
            features[:, steps:, : architecture.widths.past] = 0
        static = part.encoder(settings).encode_static(self.panel)[judge.series] if architecture.widths.static else None
        ahead = inside[:, steps:]
        return Validation(
            Histories(flat.values[inside[:, :steps]], features, static, judge.series),
            flat.values[ahead],
            flat.observed[ahead],
            weight[judge.series],
        )


def _require(learn: Windows, judge: Windows, settings: Settings) -> None:
    for windows, part in ((learn, "training"), (judge, "validation")):
        if len(windows) == 0:
            raise DataError(
                f"the {part} part must hold at least one window of window={settings.window} and "
                f"horizon={settings.horizon} steps that ends on an observed value, but it holds none. "
                "Use a shorter window or horizon, or fill the gaps in the data."
            )

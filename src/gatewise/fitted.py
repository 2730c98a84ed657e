"""A fitted model and how one is made: the page that joins data, network and training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from gatewise.architecture import architecture_of
from gatewise.calibrate import MOST_RESIDUALS, radius
from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler, fit_scaler
from gatewise.data.split import Split, split_of
from gatewise.data.windows import Flat, Windows, flatten, last_windows, training_windows, validation_windows
from gatewise.errors import DataError, DivergedError
from gatewise.metrics import mase_scale
from gatewise.settings import Settings
from gatewise.train.fit import Epoch, Training, Validation, train
from gatewise.train.program import Table, forecaster, table_of

__all__ = ["Candidate", "Fitted", "Workbench", "refit"]

MOST_VALIDATION_WINDOWS = 2048
"""Windows looked at after each epoch; with more, evenly spread ones stand for all."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model that can forecast: settings, weights, scaling, and the residuals behind its intervals.

    Attributes:
        settings: resolved settings.
        parameters: the network's weights, float32, flat.
        unique_ids: the series that the model was trained on, in the order of the scaler.
        scaler: the scaling of each of them.
        residuals: absolute errors on validation origins in scaled units, shape ``(origin, horizon)``; no rows when
            there was no validation.
    """

    settings: Settings
    parameters: np.ndarray
    unique_ids: tuple[str, ...]
    scaler: Scaler
    residuals: np.ndarray

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.unique_ids)}

    def scaler_for(self, panel: Panel) -> Scaler:
        """Return the scaling of a panel's series: the trained one, or one fitted on the history of a new series."""
        fresh = fit_scaler(panel, self.settings.scaling)
        for row, one in enumerate(panel):
            known = self._number.get(one.unique_id)
            if known is not None:
                fresh.center[row], fresh.scale[row] = self.scaler.center[known], self.scaler.scale[known]
        return fresh

    def forecast(self, panel: Panel, horizon: int) -> tuple[np.ndarray, Scaler]:
        """Forecast beyond the end of every series of a panel.

        Returns:
            Forecasts in the user's units, shape ``(series, horizon)``, and the scaling that was used.

        Raises:
            DataError: when a series is shorter than the window.
        """
        window = architecture_of(self.settings).window
        if len(panel.shortest) < window:
            raise DataError(
                f"every series must have at least window={window} rows to forecast from, but series "
                f"'{panel.shortest.unique_id}' has {len(panel.shortest)}. Give more history or drop that series."
            )
        tail = panel.map(lambda one: one.tail(window))
        scaler = self.scaler_for(panel)
        flat = flatten(tail, scaler)
        make = forecaster(architecture_of(self.settings), horizon)
        scaled = make(self.parameters, table_of(flat.values, flat.observed), last_windows(flat, window))
        return scaler.undo(scaled, np.arange(len(panel))), scaler

    def radius(self, level: int, horizon: int) -> np.ndarray:
        """Return half the interval's width at each step in scaled units, shape ``(horizon,)``.

        Steps beyond the calibrated horizon take the last step's radius, widened with the square root of the distance.
        """
        known = radius(self.residuals, level)
        if horizon <= len(known):
            return known[:horizon]
        beyond = np.arange(len(known) + 1, horizon + 1)
        return np.concatenate([known, known[-1] * np.sqrt(beyond / len(known))])


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
        self.panel = panel.head(split.test)
        self.split = split
        self.training_part = self.panel.head(split.validation)
        scales = np.array([mase_scale(one, season) for one in self.training_part])
        self.error_scale = np.where(scales > 0, scales, 1.0)
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
            return scaler, flat, table_of(flat.values, flat.observed)

        return self._once(("scaled", kind), make)

    def windows(self, flat: Flat, window: int, head: int) -> tuple[Windows, Windows]:
        """Return training and validation windows; the head's length bounds the targets of the training ones."""

        def make() -> tuple[Windows, Windows]:
            return (
                training_windows(flat, window, head, self.split.validation),
                validation_windows(flat, window, self.split.horizon, self.split.validation, 0),
            )

        return self._once(("windows", window, head), make)

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
        learn, judge = self.windows(flat, architecture.window, architecture.horizon)
        _require(learn, judge, settings)
        judge = judge.thin(MOST_VALIDATION_WINDOWS)
        validation = Validation.of(flat, judge, architecture.window, self.split.horizon)
        training = train(settings, table, learn, validation, observe=observe, should_stop=should_stop)
        forecast = forecaster(architecture, self.split.horizon)(training.parameters, table, judge.start)
        errors = np.where(validation.observed, np.abs(forecast - validation.target), np.nan).astype(np.float64)
        ids = tuple(one.unique_id for one in self.panel)
        spread = np.linspace(0, len(errors) - 1, min(len(errors), MOST_RESIDUALS)).round().astype(int)
        fitted = Fitted(settings, training.parameters, ids, scaler, errors[spread].astype(np.float32))
        return Candidate(fitted, training, self._score(errors, judge.series, scaler))

    def _score(self, errors: np.ndarray, series: np.ndarray, scaler: Scaler) -> float:
        """Return the mean absolute scaled error, each series counting the same."""
        in_units = np.nanmean(errors, axis=1) * scaler.scale[series] / self.error_scale[series]
        total = np.bincount(series, weights=in_units, minlength=len(self.panel))
        count = np.bincount(series, minlength=len(self.panel))
        score = float(np.mean(total[count > 0] / count[count > 0]))
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
    observe: Callable[[Epoch], None] = lambda epoch: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Fitted:
    """Train a candidate's configuration anew on every row of a panel, for as many epochs as were best.

    The residuals behind the intervals stay the candidate's: rows that a model was trained on cannot calibrate it.

    Raises:
        DivergedError: when the loss turned NaN or infinite this time.
    """
    settings = candidate.fitted.settings
    architecture = architecture_of(settings)
    scaler = fit_scaler(panel, settings.scaling)
    flat = flatten(panel, scaler)
    windows = training_windows(flat, architecture.window, architecture.horizon, 0)
    training = train(
        settings,
        table_of(flat.values, flat.observed),
        windows,
        None,
        epochs=max(candidate.training.best_epoch, 1),
        observe=observe,
        should_stop=should_stop,
    )
    if training.status == "diverged":
        raise DivergedError(f"the training on all rows {training.message}.")
    ids = tuple(one.unique_id for one in panel)
    return Fitted(settings, training.parameters, ids, scaler, candidate.fitted.residuals)

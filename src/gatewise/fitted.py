"""A fitted network: what one training gives, and how it forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gatewise.architecture import Architecture, Widths, architecture_of
from gatewise.data.features import Encoder
from gatewise.data.panel import Panel
from gatewise.data.scaling import Scaler, fit_scaler
from gatewise.data.windows import pad_index
from gatewise.errors import TrainingError
from gatewise.settings import Settings
from gatewise.train.device import device, place
from gatewise.train.forecaster import Histories, forecaster

__all__ = ["Fitted", "widths_of"]

MOST_VALUES = 2**22
"""Values of windows and covariates that a forecast from many origins holds in memory at once."""


def widths_of(encoder: Encoder, series: int) -> Widths:
    """Return the columns that an encoder makes, and the number of series of the panel."""
    return Widths(encoder.past_width, encoder.future_width, encoder.static_width, series)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A network that can forecast: settings, weights, scaling and the encoding of covariates.

    Attributes:
        settings: resolved settings.
        parameters: the network's weights, float32, flat.
        unique_ids: the series that the network was trained on, in the order of the scaler.
        scaler: the scaling of each of them.
        encoder: the encoding of covariates and calendar.
        linear: coefficients of the linear base, shape ``(window + 1, horizon)``, None with another base.
        epochs: how many epochs of training were best on the validation part, 0 where that is not known.
        val_losses: validation loss of each epoch of that training, which a plateau schedule goes by.
    """

    settings: Settings
    parameters: np.ndarray
    unique_ids: tuple[str, ...]
    scaler: Scaler
    encoder: Encoder
    linear: np.ndarray | None = None
    epochs: int = 0
    val_losses: tuple[float, ...] = ()

    @cached_property
    def architecture(self) -> Architecture:
        """The network's Architecture."""
        return architecture_of(self.settings, widths_of(self.encoder, len(self.unique_ids)))

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.unique_ids)}

    @cached_property
    def _placed(self) -> dict[Any, Any]:
        """Weights and linear base on each device that has forecast with them."""
        return {}

    def _arrays(self) -> Any:
        where = device()
        if where not in self._placed:
            self._placed[where] = place((self.parameters, self.linear))
        return self._placed[where]

    def scaler_for(self, panel: Panel) -> Scaler:
        """Return the scaling of a panel's series: the trained one, or one fitted on the history of a new series."""
        numbers = [self._number.get(one.unique_id) for one in panel]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            return self.scaler.take(known)
        fresh = fit_scaler(panel, self.settings.scaling, self.settings.transform)
        for row, number in enumerate(numbers):
            if number is not None:
                fresh.put(row, self.scaler, number)
        return fresh

    def forecast_from(self, panel: Panel, distances: Sequence[int], horizon: int) -> np.ndarray:
        """Forecast every series of a panel from several origins, each seeing nothing behind itself.

        A series shorter than the window is padded in front with its own first season.

        Args:
            panel: the series; the scaling of one that the model was not trained on is fitted on what the first origin
                sees of it. Every series must be longer than the largest distance.
            distances: steps between each origin and the end of a series, 0 for the end itself.
            horizon: steps to forecast.

        Returns:
            Forecasts in the user's units, shape ``(origin, series, quantile, horizon)``, the median or the point
            forecast first.

        Raises:
            DataError: when the known-future covariates do not reach as far as the forecast.
            TrainingError: when a forecast is not finite.
        """
        scaler = self.scaler_for(panel.head(max(distances)))
        make = forecaster(self.architecture, horizon)
        columns = 1 + self.encoder.past_width + self.encoder.future_width
        width = (self.architecture.window + horizon) * columns
        features = self._features(panel, distances, horizon)
        at_once = max(1, MOST_VALUES // (len(panel) * width))
        parts: list[np.ndarray] = []
        for first in range(0, len(distances), at_once):
            some = distances[first : first + at_once]
            histories = self._histories(panel, some, horizon, scaler, features)
            parameters, linear = self._arrays()
            made = make(parameters, histories, linear)
            parts.append(scaler.undo(made, np.tile(np.arange(len(panel)), len(some))))
        forecast = np.concatenate(parts)
        if not np.isfinite(forecast).all():
            worst = int(np.argmin(np.isfinite(forecast).all(axis=(1, 2)))) % len(panel)
            raise TrainingError(
                f"a forecast must be finite, but that of series '{panel.series[worst].unique_id}' is not: the weights "
                "or the values are too large. Use a smaller learning_rate, or clip_norm 1, or write the values in a "
                "larger unit."
            )
        return forecast.reshape(len(distances), len(panel), -1, horizon)

    def _features(self, panel: Panel, distances: Sequence[int], horizon: int) -> list[np.ndarray] | None:
        """Return the encoded covariates of every series, as far ahead as the last origin needs them."""
        if self.encoder.past_width + self.encoder.future_width == 0:
            return None
        return self.encoder.encode(panel, max(horizon - min(distances), 0))

    def _histories(
        self, panel: Panel, distances: Sequence[int], horizon: int, scaler: Scaler, features: list[np.ndarray] | None
    ) -> Histories:
        a = self.architecture
        season = max(a.season, a.long_season)
        windows, seen = list[np.ndarray](), list[np.ndarray]()
        for distance in distances:
            for row, one in enumerate(panel):
                stop = len(one) - distance
                index = pad_index(a.window, stop, season)
                windows.append(scaler.apply(one.before(distance, stop)[index], row))
                if features is not None:
                    seen.append(self._seen(features[row], index, stop, horizon))
        static = self.encoder.encode_static(panel) if self.encoder.static_width else None
        numbers = np.array([self._number.get(one.unique_id, len(self.unique_ids)) for one in panel], np.int32)
        return Histories(
            np.array(windows, np.float32),
            np.array(seen, np.float32) if seen else None,
            None if static is None else np.tile(static, (len(distances), 1)),
            np.tile(numbers, len(distances)),
        )

    def _seen(self, features: np.ndarray, index: np.ndarray, stop: int, horizon: int) -> np.ndarray:
        """Return the covariates of a window and of the steps ahead; past ones are not known there and stand at 0."""
        ahead = features[stop : stop + horizon].copy()
        ahead[:, : self.encoder.past_width] = 0
        return np.concatenate([features[index], ahead])

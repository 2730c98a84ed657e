"""One covariate as the network reads it, and where a panel keeps its values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewise.data.aliases import show
from gatewise.data.covariates import Covariate
from gatewise.data.panel import Panel, Series, extend_index
from gatewise.errors import DataError

__all__ = ["Feature", "Lookup", "values_of"]

LARGEST = 10.0
"""Largest encoded number in size: a value far from all that was trained on must not run away with the network."""


@dataclass(frozen=True)
class Feature:
    """How one covariate is encoded, fitted on the training part.

    Attributes:
        name: the covariate.
        role: past, future or static.
        categories: those that have a column each, the most frequent first; None for a numeric covariate.
        center: mean of a numeric one.
        scale: its standard deviation; 1 where it is constant.
    """

    name: str
    role: str
    categories: tuple[str, ...] | None = None
    center: float = 0.0
    scale: float = 1.0

    @property
    def width(self) -> int:
        """Number of columns."""
        return 1 if self.categories is None else len(self.categories)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the columns of numbers, or of the positions of categories; those missing or unknown are 0.

        Args:
            values: NaN where missing, shape ``(time,)``.

        Returns:
            float32, shape ``(time, width)``.
        """
        if self.categories is not None:
            return (values[:, None] == np.arange(self.width)).astype(np.float32)
        scaled = np.clip((values - self.center) / self.scale, -LARGEST, LARGEST)
        return np.where(np.isnan(scaled), 0.0, scaled)[:, None].astype(np.float32)


@dataclass(frozen=True, eq=False)
class Lookup:
    """Where a panel keeps the values of a feature, which may be coded there otherwise than in the training panel.

    Attributes:
        feature: the feature.
        panel: the panel.
        covariate: the covariate of this name and role in the panel.
        position: the feature's position of each of the panel's categories, -1 for an unknown one, NaN for an empty cell
            where the training panel had none; shape ``(category,)``.
    """

    feature: Feature
    panel: Panel
    covariate: Covariate
    position: np.ndarray

    @classmethod
    def of_panel(cls, feature: Feature, panel: Panel) -> Lookup:
        """Return the look-up of a feature in a panel.

        Raises:
            DataError: when the panel has no such covariate, or text where numbers are needed.
        """
        same = [one for one in panel.covariates if (one.name, one.role) == (feature.name, feature.role)]
        if not same:
            raise DataError(
                f"The data must have the covariates that the model was trained with, but they have no {feature.role} "
                f"covariate '{feature.name}'. Add that column, named with --{feature.role}."
            )
        categories = same[0].categories or ()
        text = next(filter(None, categories), "")
        if feature.categories is None and text:
            raise DataError(
                f"The covariate '{feature.name}' must hold numbers, as in the data that the model was trained on, but "
                f"it holds text such as {text!r}. Correct it."
            )
        return cls(feature, panel, same[0], np.array([_position(feature, one) for one in categories], np.float64))

    def of(self, one: Series, ahead: int = 0) -> np.ndarray:
        """Return numbers, or positions of categories: of a known-future covariate over the steps ahead as well.

        Raises:
            DataError: when one that is needed ahead is missing.
        """
        values = values_of(one, self.covariate, self.panel)
        if self.covariate.categories is not None:
            missing = np.isnan(values)
            values = np.where(missing, np.nan, self.position[np.where(missing, 0, values).astype(np.int64)])
        elif self.feature.categories is not None:
            # Categories that look like numbers in this table.
            values = np.array([_position(self.feature, "" if value != value else f"{value:.15g}") for value in values])
        if self.covariate.role != "future":
            return values
        values = values[: len(one) + ahead]
        lost = np.flatnonzero(np.isnan(values[len(one) :]))
        known = int(lost[0]) if len(lost) else len(values) - len(one)
        if known < ahead:
            raise self._lacks(one, known, ahead)
        return values

    def _lacks(self, one: Series, known: int, ahead: int) -> DataError:
        stamp = extend_index(one.index, self.panel.freq, known + 1)[-1]
        return DataError(
            f"A forecast of {ahead} steps needs the future values of the covariate '{self.feature.name}', but those of "
            f"series '{one.unique_id}' are missing from {show(stamp)} on. Give them in a table of their own with "
            "--future-data (future_data= in Python), or in rows behind the last value of the target."
        )


def values_of(one: Series, covariate: Covariate, panel: Panel) -> np.ndarray:
    """Return the values of a covariate in a series as the panel holds them, shape ``(time,)``; one of a static one."""
    same = [other.name for other in panel.covariates if other.role == covariate.role]
    place, values = same.index(covariate.name), getattr(one, covariate.role)
    return values[place : place + 1] if covariate.role == "static" else values[:, place]


def _position(feature: Feature, category: str) -> float:
    known = feature.categories or ()
    return float(known.index(category)) if category in known else np.nan if category == "" else -1.0

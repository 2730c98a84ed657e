"""The encoding of covariates and calendar: from a panel's columns to the numbers that the network reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.calendar import Calendar, calendar_of
from gatewise.data.covariates import Covariate
from gatewise.data.lookup import Feature, Lookup, values_of
from gatewise.data.panel import Panel, extend_index

__all__ = ["Encoder", "fit_encoder"]

MOST_CATEGORIES = 30
"""Categories of a covariate that have a column of their own; the rarer ones are all zeros, as unknown ones are."""


@dataclass(frozen=True)
class Encoder:
    """The encoding of the covariates and the calendar of a panel; without any of them it makes no column.

    Attributes:
        features: the covariates.
        calendar: known ahead as the known-future covariates are; its columns stand behind theirs.
    """

    features: tuple[Feature, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)

    @cached_property
    def past_width(self) -> int:
        """Columns that are known up to the origin."""
        return sum(one.width for one in self.features if one.role == "past")

    @cached_property
    def future_width(self) -> int:
        """Columns that are known ahead."""
        return sum(one.width for one in self.features if one.role == "future") + self.calendar.width

    @cached_property
    def static_width(self) -> int:
        """Columns that stay the same within a series."""
        return sum(one.width for one in self.features if one.role == "static")

    def encode(self, panel: Panel, ahead: int) -> list[np.ndarray]:
        """Return the columns of every series over its steps and some steps ahead.

        Args:
            panel: the series, with the covariates of the training panel.
            ahead: steps behind the end of each series.

        Returns:
            float32 of shape ``(time + ahead, past_width + future_width)`` for each series, the past columns first;
            these are 0 ahead.

        Raises:
            DataError: when a covariate is missing, or a known-future one lacks a value that is needed ahead.
        """
        parts = [Lookup.of_panel(one, panel) for one in self.features if one.role != "static"]
        parts.sort(key=lambda part: part.feature.role == "future")
        dates = _calendar_columns(panel, ahead, self.calendar) if self.calendar.width else None
        made = list[np.ndarray]()
        for number, one in enumerate(panel):
            whole = np.zeros((len(one) + ahead, self.past_width + self.future_width), np.float32)
            stop = 0
            for part in parts:
                values = part.of(one, ahead)
                start, stop = stop, stop + part.feature.width
                whole[: len(values), start:stop] = part.feature.encode(values)
            if dates is not None:
                whole[:, stop:] = dates[number]
            made.append(whole)
        return made

    def encode_static(self, panel: Panel) -> np.ndarray:
        """Return the static columns, float32, shape ``(series, static_width)``."""
        parts = [Lookup.of_panel(one, panel) for one in self.features if one.role == "static"]
        made = [part.feature.encode(np.concatenate([part.of(one) for one in panel])) for part in parts]
        return np.concatenate(made, axis=1) if made else np.zeros((len(panel), 0), np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return the encoder as plain lists, texts and numbers, ready for JSON."""
        return {"features": [asdict(one) for one in self.features], "calendar": asdict(self.calendar)}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Encoder:
        """Return the encoder that `to_dict` described.

        Example:
            >>> made = Encoder((Feature("event", "past", ("", "fair")),), Calendar(("month",), None, "MS"))
            >>> Encoder.from_dict(made.to_dict()) == made
            True
        """
        features = tuple(Feature(**_with_tuple(one, "categories")) for one in document["features"])
        return cls(features, Calendar(**_with_tuple(document["calendar"], "parts")))


def fit_encoder(panel: Panel, calendar: tuple[str, ...] | None = (), holidays: str | None = None) -> Encoder:
    """Return the encoder fitted on `panel`, which must be the training part only.

    Numeric covariates are standardised by the mean and the standard deviation over all series, categorical ones are
    one-hot over their most frequent categories.

    Args:
        panel: the training part; what its known-future covariates hold behind its end does not count.
        calendar: parts of the calendar, see `gatewise.data.calendar.Calendar`.
        holidays: a country's code, None for no holidays.

    Raises:
        SettingsError: for an unknown part or country, or one that this frequency has no use for.
    """
    features = list[Feature]()
    for covariate in panel.covariates:
        values = np.concatenate([values_of(one, covariate, panel)[: len(one)] for one in panel])
        features.append(_fit(covariate, values[~np.isnan(values)]))
    return Encoder(tuple(features), calendar_of(calendar, holidays, panel.freq))


def _fit(covariate: Covariate, known: np.ndarray) -> Feature:
    name, role = covariate.name, covariate.role
    if covariate.categories is None:
        center, scale = (float(known.mean()), float(known.std())) if len(known) else (0.0, 1.0)
        # A spread that is only rounding error is a constant covariate, too.
        return Feature(name, role, None, center, scale if scale > 1e-9 * max(abs(center), 1e-300) else 1.0)
    count = np.bincount(known.astype(np.int64), minlength=len(covariate.categories))
    order = [code for code in np.argsort(-count, kind="stable") if count[code]]
    return Feature(name, role, tuple(covariate.categories[code] for code in order[:MOST_CATEGORIES]))


def _calendar_columns(panel: Panel, ahead: int, calendar: Calendar) -> list[np.ndarray]:
    """Return the calendar's columns for every series, shape ``(time + ahead, width)``; each stamp is looked at once."""
    indexes = [one.index.append(extend_index(one.index, panel.freq, ahead)) if ahead else one.index for one in panel]
    codes, stamps = pd.factorize(indexes[0].append(indexes[1:]))
    return np.split(calendar.columns(pd.DatetimeIndex(stamps))[codes], np.cumsum([len(one) for one in indexes])[:-1])


def _with_tuple(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a document with one of its lists as the tuple that it was before JSON."""
    value = document[name]
    return {**document, name: None if value is None else tuple(value)}

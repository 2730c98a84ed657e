"""The ensemble: several fitted networks as one forecaster, with intervals from validation origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gatewise.architecture import quantiles_of
from gatewise.calibrate import LEVELS, MOST_RESIDUALS, independent, radius, small_sample
from gatewise.data.panel import Panel
from gatewise.errors import DataError
from gatewise.fitted import Fitted
from gatewise.metrics import mase_scale
from gatewise.settings import Settings
from gatewise.workbench import Candidate, Truth, Workbench

__all__ = ["Chosen", "Ensemble", "Forecast", "choose", "floor_of"]

MUCH_WORSE = 1.25
"""Validation error, as a multiple of the smallest, from which on a candidate is left out of the ensemble."""


class Forecast(NamedTuple):
    """Forecasts with intervals, in the user's units.

    Attributes:
        point: shape ``(origin, series, horizon)``.
        low: lower bounds by level, each of that shape.
        high: upper bounds by level.
    """

    point: np.ndarray
    low: dict[int, np.ndarray]
    high: dict[int, np.ndarray]


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Networks that forecast together.

    Attributes:
        members: the networks, the best first; they forecast the same quantiles, or some of them a point only.
        weights: of each member in a weighted mean, adding up to 1, shape ``(member,)``; None for the median.
        unique_ids: the series of the error scale.
        error_scale: the unit of each series' errors: the in-sample error of its seasonal naive forecast (the
            denominator of MASE), 1 where that is 0; shape ``(series,)``.
        residuals: how far the truth lay outside of what was forecast, on validation origins, in that unit, NaN where
            the truth is missing, float32, shape ``(bound, origin, horizon)``: first the absolute errors of the point
            forecast, then for each level that the heads forecast the distance beyond its bounds, negative inside of
            them. No rows when there was no validation.
        floor: smallest value of a forecast, None for none.
        widening: factor on the intervals of each of `gatewise.calibrate.LEVELS`, for what the residuals leave unknown;
            None for none.
    """

    members: tuple[Fitted, ...]
    weights: np.ndarray | None
    unique_ids: tuple[str, ...]
    error_scale: np.ndarray
    residuals: np.ndarray
    floor: float | None = None
    widening: np.ndarray | None = None

    @property
    def settings(self) -> Settings:
        """Settings of the best member."""
        return self.members[0].settings

    @property
    def origins(self) -> int:
        """Validation origins behind the intervals."""
        return self.residuals.shape[1]

    def forecast(self, panel: Panel, horizon: int, levels: Sequence[int] = ()) -> Forecast:
        """Forecast beyond the end of every series of a panel: one origin, see `forecast_from`."""
        return self.forecast_from(panel, (0,), horizon, levels)

    def forecast_from(
        self, panel: Panel, distances: Sequence[int], horizon: int, levels: Sequence[int] = ()
    ) -> Forecast:
        """Forecast every series of a panel from several origins, each seeing nothing behind itself.

        Args:
            panel: the series, longer than the largest distance.
            distances: steps between each origin and the end of a series, 0 for the end itself.
            horizon: steps to forecast.
            levels: of the intervals, in %; none are given without validation residuals.

        Raises:
            DataError: when a series has no row before an origin, or the known-future covariates are too short.
            TrainingError: when a forecast is not finite.
        """
        shortest = panel.shortest
        if len(shortest) <= max(distances):
            raise DataError(
                f"every series must have a row to forecast from, but series '{shortest.unique_id}' has "
                f"{len(shortest)} rows and the first origin lies {max(distances)} before its end. Drop that series."
            )
        made = [member.forecast_from(panel, distances, horizon) for member in self.members]
        joined = combine(made, self.weights)
        # The unit of a new series comes from what the first origin sees of it.
        point, unit = joined[:, :, 0], self._error_scales(panel.head(max(distances)))[:, None]
        low, high = dict[int, np.ndarray](), dict[int, np.ndarray]()
        for level in sorted(levels) if self.origins else ():
            below, above, bound = _bounds(joined, self._quantiles, level)
            known = radius(self.residuals[bound], level)[:horizon] * unit
            wider = 1.0 if self.widening is None else float(self.widening[level - 1])
            low[level], high[level] = (
                _reach(point, one, known, side, wider) for one, side in ((below, -1), (above, 1))
            )
        return self._tidy(point, low, high)

    @cached_property
    def _quantiles(self) -> tuple[float, ...]:
        return shared_quantiles(self.members)

    def _tidy(self, point: np.ndarray, low: dict[int, np.ndarray], high: dict[int, np.ndarray]) -> Forecast:
        """Keep bounds on their sides of the forecast, a higher level around a lower one, and all above the floor."""
        inner_low, inner_high = point, point
        for level in low:
            inner_low, inner_high = np.minimum(low[level], inner_low), np.maximum(high[level], inner_high)
            low[level], high[level] = inner_low, inner_high
        if self.floor is not None:
            floor = self.floor
            point = np.maximum(point, floor)
            low = {level: np.maximum(bound, floor) for level, bound in low.items()}
            high = {level: np.maximum(bound, floor) for level, bound in high.items()}
        return Forecast(point, low, high)

    def _error_scales(self, panel: Panel) -> np.ndarray:
        season = self.settings.season or 1
        known = dict(zip(self.unique_ids, self.error_scale, strict=True))
        return np.array(
            [known[one.unique_id] if one.unique_id in known else (mase_scale(one, season) or 1.0) for one in panel]
        )


def floor_of(settings: Settings, panel: Panel) -> float | None:
    """Return the smallest value that a forecast may have: the one set, or 0 where no observed value is negative."""
    if settings.floor is not None:
        return settings.floor
    return 0.0 if all(one.values.min() >= 0 for one in panel) else None


def shared_quantiles(members: Sequence[Fitted]) -> tuple[float, ...]:
    """Return the quantiles that all members forecast; the median alone where one forecasts only a point."""
    quantiles = {member.architecture.quantiles for member in members}
    return quantiles.pop() if len(quantiles) == 1 else ()


def combine(made: Sequence[np.ndarray], weights: np.ndarray | None) -> np.ndarray:
    """Return the members' median or weighted mean, by quantile where all forecast the same ones.

    Args:
        made: forecasts of each member, shape ``(..., quantile, horizon)``.
        weights: shape ``(member,)``, None for the median.
    """
    least = min(one.shape[-2] for one in made)
    same = all(one.shape[-2] == least for one in made)
    stacked = np.stack([one if same else one[..., :1, :] for one in made])
    if weights is None:
        return np.median(stacked, axis=0)
    return np.tensordot(weights, stacked, axes=1)


def _bounds(joined: np.ndarray, quantiles: tuple[float, ...], level: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return what an interval starts from, and the row of its residuals: the head's bounds, else the point."""
    _, low, high = quantiles_of((level,))
    if low in quantiles and joined.shape[-2] == len(quantiles):
        at = quantiles.index(low)
        return joined[..., at, :], joined[..., quantiles.index(high), :], (at + 1) // 2
    return joined[..., 0, :], joined[..., 0, :], 0


def _reach(point: np.ndarray, bound: np.ndarray, known: np.ndarray, side: int, wider: float) -> np.ndarray:
    """Return a bound moved outwards by its radius, and then by what few residuals leave unknown.

    Steps beyond the calibrated horizon lie as far from the forecast as the last step, widened with the square root of
    the distance: what a head says of them rests on forecasts that were fed back as if they were values.

    Args:
        point: shape ``(origin, series, horizon)``.
        bound: what the interval starts from, same shape.
        known: radius of each calibrated step, shape ``(series, step)``.
        side: -1 for a lower bound, 1 for an upper one.
        wider: factor on the distance from the point.
    """
    steps, horizon = known.shape[1], point.shape[2]
    away = wider * ((bound - point)[:, :, :steps] + side * known)
    growth = np.sqrt(np.arange(steps + 1, horizon + 1) / steps)
    return point + np.concatenate([away, away[:, :, -1:] * growth], axis=2)


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which candidates make up an ensemble.

    Attributes:
        members: the candidates, the best first.
        weights: of each, None for the median.
        score: mean absolute scaled error of their joint forecast on the validation part.
        rmse: root mean squared error of it there, in the user's units.
        residuals: as `Ensemble.residuals`.
        independent: validation forecasts without a common target behind the residuals.
    """

    members: tuple[Candidate, ...]
    weights: np.ndarray | None
    score: float
    rmse: float
    residuals: np.ndarray
    independent: int

    @property
    def settings(self) -> Settings:
        """Settings of the best member."""
        return self.members[0].fitted.settings

    def of(self, models: Sequence[Fitted], bench: Workbench) -> Ensemble:
        """Return the ensemble of models that stand for the members, such as those trained anew on every row."""
        return Ensemble(
            members=tuple(models),
            weights=self.weights,
            unique_ids=tuple(one.unique_id for one in bench.panel),
            error_scale=bench.error_scale,
            residuals=self.residuals,
            floor=floor_of(self.settings, bench.panel),
            widening=self.widening(bench),
        )

    def widening(self, bench: Workbench) -> np.ndarray:
        """Return the factor on the intervals of every level: for few residuals, and for a calm validation part."""
        return bench.unrest * [small_sample(int(level), self.independent) for level in LEVELS]


def choose(candidates: Sequence[Candidate], truth: Truth, members: int, how: str) -> Chosen:
    """Choose the ensemble of the best candidates; those much worse than the best one are left out.

    Where there are more of them than wanted, the best of each base comes before the second of another: networks that
    forecast around the same base err alike.

    That the best alone may score better on the validation part is no reason to prefer it: the best of several is partly
    the luckiest, and a mean of several errs less on what comes.

    Args:
        candidates: trained and judged on the same validation origins.
        truth: what these are judged by.
        members: networks in the ensemble at most.
        how: ``median``, ``mean``, or ``weighted``: half of the weight by the error of each (to the power of -4), half
            greedily by what each adds, with replacement.

    Source: Caruana et al. (2004), "Ensemble selection from libraries of models", for the greedy weights.
    """
    ranked = sorted((one for one in candidates if np.isfinite(one.score)), key=lambda one: one.score)
    near = [one for one in ranked if one.score <= MUCH_WORSE * ranked[0].score]
    if members > 1 and len(near) > 1:
        if how == "weighted":
            return _weighted(near, truth, members)
        near = _diverse(near, members)
        return _joint(near, truth, None if how == "median" else np.full(len(near), 1 / len(near)))
    return _joint(ranked[:1], truth, None)


def _diverse(ranked: list[Candidate], members: int) -> list[Candidate]:
    """Return the best candidate of each base, as many as wanted, filled up with the next best; the best first."""
    bases = dict.fromkeys(one.fitted.settings.base for one in ranked)
    leaders = [next(one for one in ranked if one.fitted.settings.base == base) for base in bases]
    rest = [one for one in ranked if not any(one is leader for leader in leaders)]
    return sorted([*leaders, *rest][:members], key=lambda one: one.score)


def _weighted(ranked: list[Candidate], truth: Truth, members: int) -> Chosen:
    """Return the weighted mean of the candidates that together do best."""
    greedy = _greedy(ranked, truth, members)
    used = np.flatnonzero(greedy)
    error = np.maximum(np.array([ranked[one].score for one in used]), 1e-9)
    by_error = (error.min() / error) ** 4
    weights = 0.5 * greedy[used] + 0.5 * by_error / by_error.sum()
    return _joint([ranked[one] for one in used], truth, weights)


def _greedy(ranked: list[Candidate], truth: Truth, members: int) -> np.ndarray:
    """Return the weight of each candidate: one after another is added, each time the one that helps most."""
    forecasts = np.stack([one.forecast[:, 0] for one in ranked])
    counts = np.zeros(len(ranked))
    total = np.zeros_like(forecasts[0])
    for size in range(1, 4 * members + 1):
        allowed = range(len(ranked)) if (counts > 0).sum() < members else np.flatnonzero(counts)
        best = min(allowed, key=lambda one: truth.score((total + forecasts[one]) / size))
        counts[best] += 1
        total += forecasts[best]
    return counts / counts.sum()


def _joint(members: Sequence[Candidate], truth: Truth, weights: np.ndarray | None) -> Chosen:
    joined = combine([one.forecast for one in members], weights)
    quantiles = shared_quantiles([one.fitted for one in members])
    point = joined[:, 0]
    scores = [np.abs(point - truth.values)]
    if joined.shape[1] == len(quantiles):
        pairs = zip(joined[:, 1::2].swapaxes(0, 1), joined[:, 2::2].swapaxes(0, 1), strict=True)
        scores += [np.maximum(low - truth.values, truth.values - high) for low, high in pairs]
    residuals = (np.stack(scores) / truth.scale[:, None]).astype(np.float32)
    spread = np.linspace(0, len(point) - 1, min(len(point), MOST_RESIDUALS)).round().astype(int)
    return Chosen(
        members=tuple(members),
        weights=weights,
        score=truth.score(point),
        rmse=truth.rmse(point),
        residuals=residuals[:, spread].astype(np.float32),
        independent=independent(truth.series, point.shape[1]),
    )

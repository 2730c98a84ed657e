"""Rolling origins with the model of a run: as it is, trained anew before the first origin, or every few of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

import numpy as np

from gatewise.data.panel import Panel, Series
from gatewise.ensemble import Ensemble, Forecast
from gatewise.errors import DataError
from gatewise.evaluate.origins import Origins
from gatewise.refit import trained_anew
from gatewise.train.device import own_lane

__all__ = ["Rolling", "roll", "rolling_origins", "seen_until"]

MOST_WINDOWS = 20
"""Origins behind the data of a run that are used where their number is not given."""


@dataclass(frozen=True)
class Rolling:
    """Which model forecasts from which origins.

    Attributes:
        origins: where forecasts start.
        saved: whether the saved model, which was trained on every row of its data, forecasts from the first of them.
        trainings: numbers of the origins before which the networks are trained anew.
        rows: rows of each series that such a training sees at most, None for all before the origin.
    """

    origins: Origins
    saved: bool
    trainings: tuple[int, ...]
    rows: int | None

    def parts(self) -> list[tuple[int | None, range]]:
        """Return the origins that share a model, each with the number of the training; None for the saved model."""
        starts = [*([None] if self.saved else []), *self.trainings]
        ends = [*self.trainings[0 if self.saved else 1 :], len(self.origins.distances)]
        return [(start, range(start or 0, end)) for start, end in zip(starts, ends, strict=True)]


def seen_until(panel: Panel, context: Panel) -> int:
    """Return the steps at the end of every series that a model has not seen; 0 where it knows a series to its end.

    Args:
        panel: the data to forecast.
        context: the last steps of what the model was trained on. A series that is not among them is new to it.
    """
    ends = {one.unique_id: one.index[-1] for one in context}
    behind = [int((one.index > ends[one.unique_id]).sum()) for one in panel if one.unique_id in ends]
    return min(behind, default=min(len(one) for one in panel))


def rolling_origins(
    panel: Panel,
    horizon: int,
    *,
    unseen: int,
    windows: int | None,
    step: int | None,
    usual: int,
    refit: int | None = None,
    rows: int | None = None,
) -> Rolling:
    """Return the origins of a backtest, and which model forecasts from each.

    The saved model takes part only where it has seen nothing behind the first origin. Else the networks are trained
    anew before it, so that no forecast rests on what lies behind its origin.

    Args:
        panel: the data.
        horizon: steps to forecast.
        unseen: steps at the end of every series that the saved model has not seen.
        windows: number of origins; None for as many as fit behind what the saved model has seen, or the usual number
            where none does.
        step: steps between two origins, None for a horizon.
        usual: number of origins where nothing is unseen.
        refit: origins after which the networks are trained anew, None for never.
        rows: rows of each series that a training sees at most, None for all before the origin.

    Raises:
        DataError: when the longest series is too short for the origins.
    """
    step = step or horizon
    if windows is None:
        fitting = (unseen - horizon) // step + 1 if unseen >= horizon else 0
        windows = min(fitting, MOST_WINDOWS) or usual
    distances = tuple(horizon + step * back for back in reversed(range(windows)))
    longest = max(panel, key=len)
    if len(longest) <= distances[0]:
        raise DataError(
            f"a series must have a row before the first origin, but {windows} origins at a step of {step} and a "
            f"horizon of {horizon} need more than {distances[0]} rows and the longest series, "
            f"'{longest.unique_id}', has {len(longest)}. Use fewer --windows or a shorter --step."
        )
    saved = distances[0] <= unseen
    every = refit or windows
    trainings = tuple(one for one in range(0, windows, every) if one or not saved)
    return Rolling(Origins.of(panel, distances, horizon), saved, trainings, rows)


def roll(
    model: Ensemble,
    rolling: Rolling,
    levels: Sequence[int],
    *,
    jobs: int,
    on_training: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Forecast:
    """Return forecasts from every origin, in the order of the origins.

    Intervals keep the residuals of the run's validation part.

    Args:
        model: the saved model.
        rolling: who forecasts from where.
        levels: of the intervals, in %.
        jobs: trainings side by side at most.
        on_training: is told how many trainings of how many have ended.
        should_stop: asked often; True ends the work.

    Raises:
        TrainingError: when a training diverges or is stopped.
    """
    origins = rolling.origins
    models = _train(model, rolling, jobs, on_training, should_stop)
    parts = [
        (model if number is None else models[number]).forecast_from(
            origins.panel, [origins.distances[one] for one in some], origins.horizon, levels
        )
        for number, some in rolling.parts()
    ]
    low, high = (
        {level: np.concatenate([getattr(part, side)[level] for part in parts]) for level in getattr(parts[0], side)}
        for side in ("low", "high")
    )
    return Forecast(np.concatenate([part.point for part in parts]), low, high)


def _train(
    model: Ensemble,
    rolling: Rolling,
    jobs: int,
    on_training: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> dict[int, Ensemble]:
    """Return the ensemble of every training, by the number of the origin before which it was made."""
    origins, abandoned, done = rolling.origins, Event(), 0
    places = [(number, member) for number in rolling.trainings for member in range(len(model.members))]
    panels = {number: _before(origins.panel, origins.distances[number], rolling.rows) for number in rolling.trainings}
    room = max((int(one.lengths.sum()) for one in panels.values()), default=0)

    def train_one(place: tuple[int, int]) -> object:
        number, member = place
        with own_lane():
            return trained_anew(
                panels[number],
                model.members[member],
                room=room,
                should_stop=lambda: should_stop() or abandoned.is_set(),
            )

    made = []
    with ThreadPoolExecutor(max(min(len(places), jobs), 1)) as workers:
        try:
            for fitted in workers.map(train_one, places):
                made.append(fitted)
                done += 1
                on_training(done, len(places))
        finally:
            # Reached in the ordinary way nothing runs any more; on an exception a running training ends soon.
            abandoned.set()
    trained = dict(zip(places, made, strict=True))
    members = range(len(model.members))
    return {
        number: replace(model, members=tuple(trained[number, one] for one in members)) for number in rolling.trainings
    }


def _before(panel: Panel, distance: int, rows: int | None) -> Panel:
    """Return what a training before an origin sees."""
    before = panel.head(distance)
    return before if rows is None else before.map(lambda one: _last(one, rows))


def _last(one: Series, rows: int) -> Series:
    return one.tail(rows) if len(one) > rows else one

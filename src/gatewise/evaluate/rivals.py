"""Every baseline on the same origins, the slow ones beside whatever else goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gatewise.data.panel import Panel
from gatewise.evaluate.baselines import ALWAYS, BASELINES
from gatewise.evaluate.linear import LinearBaseline
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.statistical import STATISTICAL, Run, Running, affordable
from gatewise.settings import Settings

__all__ = ["LINEAR", "NAMES", "Made", "Rivals"]

LINEAR = "linear"

NAMES = (*BASELINES, LINEAR, *STATISTICAL)
"""All baselines, as their columns are called in ``backtest.csv``."""

MOST_VALUES = 20_000_000
"""Values that the histories of the statistical models may have together: they are handed to another process."""

_TRIED: tuple[str, ...] = NAMES
"""What is tried where the setting `baselines` names nothing."""


class Made(NamedTuple):
    """What the baselines forecast.

    Attributes:
        test: from each test origin, by name, shape ``(origin, horizon)`` in the order of `Origins`.
        ahead: from the end of every series, by name, shape ``(series, horizon)``.
        seconds: what each took.
        left_out: why a baseline is not among them, by name.
    """

    test: dict[str, np.ndarray]
    ahead: dict[str, np.ndarray]
    seconds: dict[str, float]
    left_out: dict[str, str]


class Rivals:
    """The baselines of an experiment at work; a context manager that leaves no process behind.

    Args:
        panel: the whole panel, whose end is forecast as well.
        origins: the test origins.
        settings: resolved ones; season, horizon, baselines and baseline_time count.
    """

    def __init__(self, panel: Panel, origins: Origins, settings: Settings):
        self.origins, self._settings = origins, settings
        self._season, self._horizon = settings.season or 1, origins.horizon
        ends = [one.before(0, len(one)) for one in panel]
        self._histories = [*origins.histories, *ends]
        chosen = settings.baselines
        self._names = tuple(one for one in NAMES if one in ALWAYS or one in (_TRIED if chosen is None else chosen))
        self._left_out: dict[str, str] = {}
        asked = [one for one in STATISTICAL if one in self._names]
        if chosen is None:
            asked = [one for one in affordable(self._histories, self._season) if one in asked]
        values = sum(map(len, self._histories))
        if asked and values > MOST_VALUES:
            why = f"the histories of all origins have {values:,} values together, more than {MOST_VALUES:,}"
            self._left_out |= {one: f"{one} was not tried: {why}." for one in asked}
            asked = []
        self._running = Running(asked, self._histories, self._horizon, self._season, settings.baseline_time)

    def __enter__(self) -> Rivals:
        return self

    def __exit__(self, *error: object) -> None:
        self._running.__exit__(*error)

    def made(self, wait_s: float, should_stop: Callable[[], bool] = lambda: False) -> Made:
        """Return all forecasts.

        Args:
            wait_s: seconds to wait for the statistical models at most; what is not done by then is left out.
            should_stop: asked often; True ends the waiting.
        """
        runs = {name: self._quick(name) for name in self._names if name not in STATISTICAL}
        runs |= self._running.results(wait_s, should_stop)
        done = {name: run.forecasts for name, run in runs.items() if run.forecasts is not None}
        count = len(self.origins)
        return Made(
            {name: forecasts[:count] for name, forecasts in done.items()},
            {name: forecasts[count:] for name, forecasts in done.items()},
            {name: run.seconds for name, run in runs.items() if run.forecasts is not None},
            {**self._left_out, **{name: run.why for name, run in runs.items() if run.forecasts is None}},
        )

    def _quick(self, name: str) -> Run:
        began = time.perf_counter()
        if name == LINEAR:
            before = self.origins.panel.head(max(self.origins.distances, default=0))
            try:
                forecasts = LinearBaseline(before, self._settings).forecast(self._histories)
            except ValueError as error:
                return Run(None, 0.0, f"The linear baseline cannot be fitted: {error}.")
        else:
            baseline = BASELINES[name]
            forecasts = np.array([baseline(values, self._horizon, self._season) for values in self._histories])
        return Run(forecasts, time.perf_counter() - began)

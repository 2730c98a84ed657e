"""Forecasts from the test origins: nothing behind an origin may move what is forecast from there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gatewise.auditing.tables import Tables
from gatewise.data.panel import Panel
from gatewise.ensemble import Ensemble, Forecast
from gatewise.evaluate import origins as evaluated
from gatewise.evaluate.audit import Check, check_of
from gatewise.evaluate.baselines import BASELINES
from gatewise.evaluate.comparing import Compared, against, attempt, compare
from gatewise.evaluate.rivals import LINEAR, Rivals
from gatewise.evaluate.scrambling import GAP, Scrambling
from gatewise.planning import Plan

__all__ = ["Origins"]

MOST_ORIGINS = 4
"""Test origins that are checked one by one; with more, evenly spread ones."""


@dataclass(frozen=True, eq=False)
class Origins:
    """The test origins of a run.

    Attributes:
        made: the plan of the run.
        tables: its data.
    """

    made: Plan
    tables: Tables

    @cached_property
    def distances(self) -> list[int]:
        """Steps between the origins that are checked and the end of a series, the first origin first."""
        every = np.array(self.made.split.test_cutoffs)
        places = np.unique(np.linspace(0, len(every) - 1, min(len(every), MOST_ORIGINS)).round().astype(int))
        return [int(distance) for distance in every[places]]

    def _forecast(self, model: Ensemble, panel: Panel, distance: int) -> Forecast:
        """Return forecasts from the first test origin, which sets the scale of new series, and from another one."""
        settings, split = self.made.settings, self.made.split
        distances = tuple(dict.fromkeys((split.test, distance)))
        return model.forecast_from(panel.longer_than(split.test), distances, split.horizon, settings.level)

    def first(self, here: Ensemble, there: Ensemble) -> Check:
        """Check the first origin, from which the model of the scrambled data forecasts itself.

        Args:
            here: the model that the test part judges.
            there: the same of the data scrambled behind the first origin.
        """
        drop = self.made.split.test
        made = self._forecast(here, self.made.panel, drop)
        other = attempt(lambda: self._forecast(there, self.tables.scrambled(Scrambling(drop)), drop))
        compared = against(other, lambda it: compare(made, it, "forecast"))
        what = "forecasts and intervals from the first test origin, by the networks that never saw what is behind it"
        return check_of("forecasts, first test origin", compared, what, ["fitted.py", "ensemble.py"])

    def later(self, model: Ensemble) -> Check:
        """Check the later origins: what is behind each is scrambled in turn."""
        name, later = "forecasts, later test origins", self.distances[1:]
        if not later:
            return Check(name, True, "there is one test origin only: nothing to compare")
        compared = sum((self._pair(model, one, self.made.panel, 0) for one in later), Compared(0))
        what = f"forecasts from {_counted(len(later))} behind the first, what is behind each scrambled in turn"
        return check_of(name, compared, what, ["fitted.py", "ensemble.py"])

    def in_gaps(self, model: Ensemble) -> Check:
        """Check every origin once more, put into a gap that reaches from before it to behind it."""
        compared = Compared(0)
        for distance in self.distances:
            panel = attempt(lambda at=distance: self.tables.scrambled(Scrambling(at, scrambled=False, gap=GAP)))
            if isinstance(panel, Panel):
                compared += self._pair(model, distance, panel, GAP)
        what = f"forecasts from {_counted(len(self.distances))}, each put into a gap"
        return check_of("forecasts, origins in gaps", compared, what, ["Series.before in data/panel.py", "fitted.py"])

    def baselines(self) -> Check:
        """Check what the baselines see at every origin, and what those forecast that need no process of their own."""
        compared = Compared(0)
        for distance in self.distances:
            made = self._rivals(self.made.panel, distance)
            other = attempt(lambda at=distance: self._rivals(self.tables.scrambled(Scrambling(at)), at))
            where = f"baselines {distance} steps before the end"
            compared += against(other, lambda it, made=made, where=where: compare(made, it, where))
        what = f"histories of the baselines at {_counted(len(self.distances))}, and the forecasts of the quick ones"
        return check_of("baselines", compared, what, ["evaluate/origins.py", "evaluate/linear.py"])

    def _rivals(self, panel: Panel, distance: int) -> dict[str, Any]:
        """Return what the baselines see from the first test origin and another one, and forecast from there."""
        split = self.made.split
        distances = tuple(dict.fromkeys((split.test, distance)))
        origins = evaluated.Origins.of(panel, distances, split.horizon)
        settings = self.made.settings.change(baselines=(*BASELINES, LINEAR))
        with Rivals(panel, origins, settings) as rivals:
            return {"histories": origins.histories, "forecasts": rivals.made(0.0).test}

    def _pair(self, model: Ensemble, distance: int, panel: Panel, gap: int) -> Compared:
        """Compare the forecasts from an origin with those after all behind it was scrambled."""
        made = self._forecast(model, panel, distance)
        other = attempt(lambda: self._forecast(model, self.tables.scrambled(Scrambling(distance, gap=gap)), distance))
        return against(other, lambda it: compare(made, it, f"forecast {distance} steps before the end"))


def _counted(origins: int) -> str:
    return f"{origins} test origin{'s' * (origins != 1)}"

"""The checks of a leakage audit, in the order in which a run goes its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gatewise.auditing.retrace import Retraced, retrace
from gatewise.auditing.tables import Tables
from gatewise.data.panel import Panel
from gatewise.data.scaling import fit_scaler
from gatewise.data.season import find_season
from gatewise.ensemble import Ensemble, Forecast
from gatewise.errors import DataError, GatewiseError
from gatewise.evaluate.audit import Check, check_of
from gatewise.evaluate.comparing import Compared, compare
from gatewise.evaluate.evidence import (
    of_bench,
    of_checkpoints,
    of_chosen,
    of_ensemble,
    of_panel,
    of_training_part,
)
from gatewise.evaluate.scrambling import Scrambling
from gatewise.planning import Plan, plan
from gatewise.settings import Settings
from gatewise.train.checkpoint import Checkpoint
from gatewise.train.device import own_lane
from gatewise.workbench import Workbench

__all__ = ["Course"]

GAP = 3
"""Steps before and behind a cutoff that are missing where it is checked what fills a gap there."""

MOST_ORIGINS = 4
"""Test origins that are checked one by one; with more, evenly spread ones."""

EPOCHS = 3
"""Epochs of the training whose weights are compared one by one."""

MILD = 5.0
"""Noise behind the training part, in standard deviations: a validation loss of more would be called diverged."""


@dataclass(frozen=True, eq=False)
class Course:
    """An audit under way.

    Attributes:
        made: the plan of the run, without a time limit.
        tables: its data.
        trials: trials of the search that are made.
        winner: the configuration that the run has found, None where it has none yet.
        should_stop: asked between and inside the checks.
    """

    made: Plan
    tables: Tables
    trials: int
    winner: Settings | None
    should_stop: Callable[[], bool]

    def checks(self) -> Iterator[Check]:
        """Make the checks, one after another; a stop ends them."""
        for check in self._all():
            if self.should_stop():
                return
            yield check

    def _all(self) -> Iterator[Check]:
        yield self._scrambling()
        if self.made.split.test:
            yield self._reading()
            yield self._choices()
            yield self._gap_at_the_cutoff()
            if isinstance(self._other, Plan):
                yield self._preparation()
                yield from self._trained()
        yield self._training_part()

    @cached_property
    def first_scrambling(self) -> Scrambling:
        """Everything behind the first test origin; without a test part, behind the training part."""
        return Scrambling(self.made.split.test or self.made.split.held_out)

    @cached_property
    def _scrambled(self) -> Panel | GatewiseError:
        return _attempt(lambda: self.tables.scrambled(self.first_scrambling))

    @cached_property
    def _other(self) -> Plan | GatewiseError:
        """The plan of the scrambled data."""
        panel = self._scrambled
        return _attempt(lambda: self._planned(panel)) if isinstance(panel, Panel) else panel

    def _planned(self, panel: Panel) -> Plan:
        return plan(self.made.command, panel, dict(self.made.given), self.made.source)

    @cached_property
    def scrambled_values(self) -> int:
        """Target values behind the first cutoff that are others than in the data, missing ones among them."""
        other, drop = self._scrambled, self.first_scrambling.drop
        if not isinstance(other, Panel):
            return 0
        pairs = zip(self.made.panel, other, strict=True)
        return sum(
            int(((one.values != its.values) | (one.observed != its.observed))[max(len(one) - drop, 0) :].sum())
            for one, its in pairs
        )

    def _scrambling(self) -> Check:
        """Check that the scrambling would be noticed: that what rests on every row does change."""
        other, name = self._scrambled, "the scrambling is felt"
        if not isinstance(other, Panel):
            return Check(name, False, f"reading refuses the scrambled table: {other}")
        before, after = fit_scaler(self.made.panel, "standard"), fit_scaler(other, "standard")
        unmoved = [one.unique_id for one, same in zip(other, before.scale == after.scale, strict=True) if same]
        season = find_season(self.made.panel), find_season(other)
        where = "the first test origin" if self.made.split.test else "the training part"
        grown = float(np.median(after.scale / before.scale))
        detail = (
            f"{self.scrambled_values:,} target values behind {where} are others; on every row the spread would be "
            f"{grown:.3g} times as large, and the season found {season[0]} before and {season[1]} after"
        )
        if unmoved:
            detail = f"series '{unmoved[0]}' has the same spread after the scrambling ({len(unmoved)} such series)"
        return Check(name, not unmoved and self.scrambled_values > 0, detail)

    def _reading(self) -> Check:
        drop = self.made.split.test
        compared = self._against(
            self._scrambled,
            lambda it: compare(of_panel(self.made.panel, drop), of_panel(it, drop), "panel"),
        )
        what = "values, filled gaps, covariates, time stamps and names of columns up to the cutoff"
        return check_of(
            "reading", compared, what, ["data/load.py", "data/covariates.py", "Series.head in data/panel.py"]
        )

    def _choices(self) -> Check:
        compared = self._against(self._other, lambda other: compare(_of_plan(self.made), _of_plan(other), "plan"))
        what = "season, preset's choices and their reasons, portfolio, ranges of the search, split"
        return check_of("choices from the data", compared, what, ["preset.py", "planning.py", "data/season.py"])

    def _preparation(self) -> Check:
        compared = self._against(self._other, lambda other: self._benches(self.made, other))
        what = "scalers, encoders, linear bases, windows and error scales of every framing"
        return check_of("scaling and encoding", compared, what, ["workbench.py", "data/scaling.py", "data/features.py"])

    def _benches(self, one: Plan, other: Plan) -> Compared:
        networks = self._networks(one.space.portfolio)
        return compare(of_bench(one.bench, networks), of_bench(other.bench, networks), "bench")

    def _networks(self, portfolio: tuple[Settings, ...]) -> tuple[Settings, ...]:
        """Return the configurations whose preparation is compared."""
        return portfolio if self.winner is None else (*portfolio, self.winner)

    def _gap_at_the_cutoff(self) -> Check:
        """Check that nothing fills a gap before a cutoff from behind it: the cutoff is put into one."""
        drop = self.made.split.test
        compared = Compared(0)
        with_gap = _attempt(lambda: self.tables.scrambled(Scrambling(drop, scrambled=False, gap=GAP)))
        other = _attempt(lambda: self.tables.scrambled(Scrambling(drop, gap=GAP)))
        if isinstance(with_gap, Panel):
            compared = self._against(other, lambda it: compare(of_panel(with_gap, drop), of_panel(it, drop), "panel"))
            # Too many missing values are an error for both or for none.
            one = _attempt(lambda: self._planned(with_gap))
            if isinstance(one, Plan) and isinstance(other, Panel):
                two = _attempt(lambda: self._planned(other))
                compared += self._against(two, lambda it: compare(_of_plan(one), _of_plan(it), "plan"))
                compared += self._against(two, lambda it: self._benches(one, it))
        what = f"filled values, choices and scaling where the last {GAP} values before the cutoff are missing"
        return check_of("a gap at the cutoff", compared, what, ["Series.head in data/panel.py", "data/load.py"])

    def _trained(self) -> Iterator[Check]:
        """Make the checks for which networks are trained."""
        here = self.here
        there = _attempt(lambda: self._retraced(self._other))
        if self.should_stop():
            return
        compared = self._against(there, lambda it: compare(here.evidence(), it.evidence(), "search"))
        names = f"{len(here.trials)} trials{' and the winner' if here.winner else ''}"
        what = f"settings, losses, scores and weights of {names}, and what would be tried next"
        yield self._repeatable(check_of("search", compared, what, ["search/study.py", "workbench.py", "train/"]), here)
        if not isinstance(there, Retraced):
            return
        compared = compare(of_chosen(here.chosen, here.judged), of_chosen(there.chosen, there.judged), "ensemble")
        what = f"the {len(here.chosen.members)} chosen networks, how they are joined, residuals behind the intervals"
        yield check_of("ensemble and intervals", compared, what, ["ensemble.py", "calibrate.py"])
        compared = compare(of_ensemble(here.judged), of_ensemble(there.judged), "judged")
        what = "weights and scaling of the networks trained anew on every row before the test part"
        yield check_of("training before the test", compared, what, ["refit.py"])
        yield self._first_origin(here.judged, there.judged)
        yield self._later_origins(here.judged)
        yield self._origins_in_gaps(here.judged)

    @cached_property
    def here(self) -> Retraced:
        """The run's way gone again with its own data."""
        return self._retraced(self.made)

    def _retraced(self, made: Any) -> Retraced:
        return retrace(made, self.trials, self.winner, should_stop=self.should_stop)

    def _repeatable(self, check: Check, here: Retraced) -> Check:
        """Return a check that failed with a word on whether the same data give the same numbers at all."""
        if check.passed:
            return check
        again = compare(here.evidence(), self._retraced(self.made).evidence(), "search")
        if not again.differences:
            return check
        detail = (
            "undecided: this machine does not repeat a training bit by bit, so a leak cannot be told from chance. The "
            f"same table twice gave: {'; '.join(again.listed)}. Audit on a processor instead of an accelerator."
        )
        return Check(check.name, False, detail, check.numbers)

    @cached_property
    def _origins(self) -> list[int]:
        """Distances from the end of the test origins that are checked, the first one first."""
        every = np.array(self.made.split.test_cutoffs)
        places = np.unique(np.linspace(0, len(every) - 1, min(len(every), MOST_ORIGINS)).round().astype(int))
        return [int(distance) for distance in every[places]]

    def _forecast(self, model: Ensemble, panel: Panel, distance: int) -> Forecast:
        """Return forecasts from the first test origin, which sets the scale of new series, and from another one."""
        settings, split = self.made.settings, self.made.split
        distances = tuple(dict.fromkeys((split.test, distance)))
        return model.forecast_from(panel.longer_than(split.test), distances, split.horizon, settings.level)

    def _first_origin(self, here: Ensemble, there: Ensemble) -> Check:
        drop = self.made.split.test
        other = _attempt(lambda: self._forecast(there, _panel(self._scrambled), drop))
        made = self._forecast(here, self.made.panel, drop)
        compared = self._against(other, lambda it: compare(made, it, "forecast"))
        what = "forecasts and intervals from the first test origin, by the networks that never saw what is behind it"
        return check_of("forecasts, first test origin", compared, what, ["fitted.py", "ensemble.py"])

    def _later_origins(self, model: Ensemble) -> Check:
        compared = Compared(0)
        for distance in self._origins[1:]:
            compared += self._pair(model, distance, self.made.panel, 0)
        tested = len(self._origins) - 1
        what = f"forecasts from {tested} later test origin{'s' * (tested != 1)}, what is behind each scrambled in turn"
        if not tested:
            return Check("forecasts, later test origins", True, "there is one test origin only: nothing to compare")
        return check_of("forecasts, later test origins", compared, what, ["fitted.py", "ensemble.py"])

    def _origins_in_gaps(self, model: Ensemble) -> Check:
        compared = Compared(0)
        for distance in self._origins:
            with_gap = _attempt(lambda at=distance: self.tables.scrambled(Scrambling(at, scrambled=False, gap=GAP)))
            if isinstance(with_gap, Panel):
                compared += self._pair(model, distance, with_gap, GAP)
        what = f"forecasts from {len(self._origins)} test origins, each put into a gap"
        return check_of("forecasts, origins in gaps", compared, what, ["Series.before in data/panel.py", "fitted.py"])

    def _pair(self, model: Ensemble, distance: int, panel: Panel, gap: int) -> Compared:
        """Compare the forecasts from an origin with those after all behind it was scrambled."""
        made = self._forecast(model, panel, distance)
        other = _attempt(lambda: self._forecast(model, self.tables.scrambled(Scrambling(distance, gap=gap)), distance))
        return self._against(other, lambda it: compare(made, it, f"forecast {distance} steps before the end"))

    def _training_part(self) -> Check:
        """Check that training rests on the training part: all behind it scrambled, weights compared epoch by epoch."""
        settings = self.winner or self.made.settings
        if settings.schedule == "plateau":
            # Its learning rate follows the validation loss, as it should.
            settings = settings.change(schedule="constant")
        benches = self._training_benches(GAP) or self._training_benches(0)
        name, look = "training part", ["workbench.py", "train/fit.py", "data/windows.py"]
        if benches is None:
            return check_of(name, Compared(1, 1, ("the scrambled table is refused",)), "", look)
        networks = self._networks(self.made.space.portfolio)
        here, there = benches
        compared = compare(of_training_part(here, networks), of_training_part(there, networks), "training part")
        trails = [self._trail(bench, settings) for bench in benches]
        compared += compare(of_checkpoints(trails[0]), of_checkpoints(trails[1]), "epoch")
        epochs = f"{len(trails[0])} epoch{'s' * (len(trails[0]) != 1)}"
        what = (
            "scalers, encoders, linear bases, windows, and the weights after each of the first "
            f"{epochs} without early stopping, with validation and test part scrambled and a gap between"
        )
        return check_of(name, compared, what, look)

    def _training_benches(self, gap: int) -> tuple[Workbench, Workbench] | None:
        """Return the data with and without what is behind the training part, which may end in a gap."""
        drop, networks = self.made.split.held_out, self._networks(self.made.space.portfolio)
        try:
            here, there = (
                Workbench.of(self.tables.scrambled(Scrambling(drop, scrambled, gap, MILD)), self.made.settings)
                for scrambled in (False, True)
            )
            for settings in networks:
                here.check(settings), there.check(settings)
        except DataError:
            return None
        return here, there

    def _trail(self, bench: Workbench, settings: Settings) -> list[Checkpoint]:
        """Return where a training stands after each of its first epochs."""
        kept: list[Checkpoint] = []
        with own_lane():
            bench.train(settings, keep=kept.append, until=EPOCHS, early_stopping=False, must_stop=self.should_stop)
        return kept

    @staticmethod
    def _against(other: Any, comparison: Callable[[Any], Compared]) -> Compared:
        """Compare with what the scrambled data gave; an error that only they give is a difference, too."""
        if isinstance(other, GatewiseError):
            return Compared(1, 1, (f"only with the scrambled data there is an error: {other}",))
        return comparison(other)


def _attempt(make: Callable[[], Any]) -> Any:
    """Return what `make` returns, or the error that Gatewise raises on purpose."""
    try:
        return make()
    except GatewiseError as error:
        return error


def _panel(made: Any) -> Panel:
    if isinstance(made, GatewiseError):
        raise made
    return made


def _of_plan(made: Plan) -> dict[str, Any]:
    """Return what a plan has chosen."""
    return {
        "portfolio": list(made.space.portfolio),
        "ranges": dict(made.space.priors),
        "reasons": list(made.reasons),
        "split": made.split,
        "members": made.members,
    }

"""The checks of a leakage audit, in the order in which a run goes its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gatewise.auditing.origins import Origins
from gatewise.auditing.retrace import Retraced, retrace
from gatewise.auditing.tables import Tables
from gatewise.auditing.training_part import training_part
from gatewise.data.panel import Panel
from gatewise.data.scaling import fit_scaler
from gatewise.data.season import find_season
from gatewise.errors import GatewiseError
from gatewise.evaluate.audit import Check, check_of
from gatewise.evaluate.comparing import Compared, against, attempt, compare
from gatewise.evaluate.evidence import (
    of_bench,
    of_chosen,
    of_ensemble,
    of_panel,
)
from gatewise.evaluate.scrambling import GAP, Scrambling
from gatewise.planning import Plan, plan
from gatewise.settings import Settings

__all__ = ["Course"]


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
        yield training_part(self.made, self.tables, self._networks, self.should_stop)

    @cached_property
    def first_scrambling(self) -> Scrambling:
        """Everything behind the first test origin; without a test part, behind the training part."""
        return Scrambling(self.made.split.test or self.made.split.held_out)

    @cached_property
    def _scrambled(self) -> Panel | GatewiseError:
        return attempt(lambda: self.tables.scrambled(self.first_scrambling))

    @cached_property
    def _other(self) -> Plan | GatewiseError:
        """The plan of the scrambled data."""
        panel = self._scrambled
        return attempt(lambda: self._planned(panel)) if isinstance(panel, Panel) else panel

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
        past = sum(one.role == "past" for one in other.covariates)
        covariates = f", and those of {past} past covariate{'s' * (past != 1)}" if past else ""
        grown = float(np.median(after.scale / before.scale))
        detail = (
            f"{self.scrambled_values:,} target values behind {where} are others{covariates}; on every row the spread "
            f"would be {grown:.3g} times as large, and the season found {season[0]} before and {season[1]} after"
        )
        if unmoved:
            detail = f"series '{unmoved[0]}' has the same spread after the scrambling ({len(unmoved)} such series)"
        return Check(name, not unmoved and self.scrambled_values > 0, detail)

    def _reading(self) -> Check:
        drop = self.made.split.test
        compared = against(
            self._scrambled,
            lambda it: compare(of_panel(self.made.panel, drop), of_panel(it, drop), "panel"),
        )
        what = "values, filled gaps, covariates, time stamps and names of columns up to the cutoff"
        return check_of(
            "reading", compared, what, ["data/load.py", "data/covariates.py", "Series.head in data/panel.py"]
        )

    def _choices(self) -> Check:
        compared = against(self._other, lambda other: compare(_of_plan(self.made), _of_plan(other), "plan"))
        what = "season, preset's choices and their reasons, portfolio, ranges of the search, split"
        return check_of("choices from the data", compared, what, ["preset.py", "planning.py", "data/season.py"])

    def _preparation(self) -> Check:
        compared = against(self._other, lambda other: self._benches(self.made, other))
        what = "scalers, encoders, linear bases, windows and error scales of every framing"
        return check_of("scaling and encoding", compared, what, ["workbench.py", "data/scaling.py", "data/features.py"])

    def _benches(self, one: Plan, other: Plan) -> Compared:
        """Compare what trainings start from; what the data as they are cannot carry is not compared."""
        before, after = (attempt(lambda it=it: of_bench(it.bench, self._networks)) for it in (one, other))
        return (
            Compared(0)
            if isinstance(before, GatewiseError)
            else against(after, lambda it: compare(before, it, "bench"))
        )

    @property
    def _networks(self) -> tuple[Settings, ...]:
        """The configurations whose preparation is compared, the winner last."""
        winner = () if self.winner is None else (self.winner,)
        return (*(one for one in self.made.space.portfolio if one not in winner), *winner)

    def _gap_at_the_cutoff(self) -> Check:
        """Check that nothing fills a gap before a cutoff from behind it: the cutoff is put into one."""
        drop = self.made.split.test
        compared = Compared(0)
        with_gap = attempt(lambda: self.tables.scrambled(Scrambling(drop, scrambled=False, gap=GAP)))
        other = attempt(lambda: self.tables.scrambled(Scrambling(drop, gap=GAP)))
        if isinstance(with_gap, Panel):
            compared = against(other, lambda it: compare(of_panel(with_gap, drop), of_panel(it, drop), "panel"))
            # Too many missing values are an error for both or for none.
            one = attempt(lambda: self._planned(with_gap))
            if isinstance(one, Plan) and isinstance(other, Panel):
                two = attempt(lambda: self._planned(other))
                compared += against(two, lambda it: compare(_of_plan(one), _of_plan(it), "plan"))
                compared += against(two, lambda it: self._benches(one, it))
        what = f"filled values, choices and scaling where the last {GAP} values before the cutoff are missing"
        return check_of("a gap at the cutoff", compared, what, ["Series.head in data/panel.py", "data/load.py"])

    def _trained(self) -> Iterator[Check]:
        """Make the checks for which networks are trained."""
        here = self.here
        there = attempt(lambda: self._retraced(self._other))
        if self.should_stop():
            return
        compared = against(there, lambda it: compare(here.evidence(), it.evidence(), "search"))
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
        origins = Origins(self.made, self.tables)
        yield origins.first(here.judged, there.judged)
        yield origins.later(here.judged)
        yield origins.in_gaps(here.judged)
        yield origins.baselines()

    @cached_property
    def here(self) -> Retraced:
        """The run's way gone again with its own data."""
        return self._retraced(self.made)

    @property
    def has_trained(self) -> bool:
        """Whether the audit came as far as that, and the trials were not cut short."""
        return "here" in vars(self) and not self.should_stop()

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


def _of_plan(made: Plan) -> dict[str, Any]:
    """Return what a plan has chosen."""
    return {
        "portfolio": list(made.space.portfolio),
        "ranges": dict(made.space.priors),
        "reasons": list(made.reasons),
        "split": made.split,
        "members": made.members,
    }

"""The way of a run from its plan to the model that the test part judges, gone again with a few trials."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gatewise.ensemble import Chosen, Ensemble, choose
from gatewise.evaluate.evidence import of_candidate
from gatewise.planning import Plan
from gatewise.refit import refit_all
from gatewise.search.proposals import Proposals
from gatewise.search.repeats import training_key
from gatewise.search.study import search
from gatewise.search.trial import Trial
from gatewise.settings import Settings
from gatewise.train.device import own_lane
from gatewise.workbench import Candidate

__all__ = ["Retraced", "retrace"]

AHEAD = 16
"""Proposals of the sampler behind the trials that were trained: far enough to come out of the first, fixed ones."""


@dataclass(frozen=True, eq=False)
class Retraced:
    """A way gone again.

    Attributes:
        trials: the first trials of the run.
        candidates: their models, the best first.
        winner: the run's winner trained again, None where it is among the trials, or not known.
        proposed: the configurations that the search would try next.
        chosen: which networks forecast together.
        judged: these, trained anew on every row before the test part where the run does so.
    """

    trials: tuple[Trial, ...]
    candidates: tuple[Candidate, ...]
    winner: Candidate | None
    proposed: tuple[Settings, ...]
    chosen: Chosen
    judged: Ensemble

    def evidence(self) -> dict[str, Any]:
        """Return the search, laid open for a comparison: trials, weights, the winner and what would come next."""
        trials = [
            {name: value for name, value in vars(one).items() if name not in ("seconds", "findings", "message")}
            for one in self.trials
        ]
        return {
            "trials": trials,
            "trainings": [of_candidate(one) for one in self.candidates],
            "winner": None if self.winner is None else of_candidate(self.winner),
            "next": list(self.proposed),
        }


def retrace(
    made: Plan, trials: int, winner: Settings | None = None, *, should_stop: Callable[[], bool] = lambda: False
) -> Retraced:
    """Go the way of a run again: its first trials, its winner, the ensemble, and the training before the test part.

    Args:
        made: the plan, without a time limit.
        trials: trials to make, at most those of the plan.
        winner: the configuration that the run has found.
        should_stop: asked often; True ends what trains early.

    Raises:
        TrainingError: when no trial gave a usable model.
    """
    count = min(trials, made.trials)
    found = search(made.bench, made.space, trials=count, finals=count, should_stop=should_stop)
    candidates = [one for _, one in found.models]
    again = None
    if winner is not None and all(training_key(one.settings) != training_key(winner) for one in found.trials):
        with own_lane():
            again = made.bench.train(winner, should_stop=should_stop, must_stop=should_stop)
    usable = [again] if again is not None and again.training.best_epoch else []
    chosen = choose([*candidates, *usable], made.bench.truth, made.members, made.settings.combine)
    models = [one.fitted for one in chosen.members]
    if made.settings.refit != "none" and made.split.test:
        jobs, room = made.settings.jobs or os.cpu_count() or 1, int(made.panel.lengths.sum())
        (models,), _ = refit_all([made.bench.panel], chosen.members, jobs=jobs, room=room, should_stop=should_stop)
    judged = chosen.of(models, made.bench)
    return Retraced(found.trials, tuple(candidates), again, _next(made, found.trials), chosen, judged)


def _next(made: Plan, trials: tuple[Trial, ...]) -> tuple[Settings, ...]:
    """Return what the search would try next, knowing these trials: the very next one, and a few that are sampled."""
    if not made.space.priors:
        return ()
    proposals = Proposals(made.space, len(trials) + AHEAD)
    for trial in trials:
        proposals.tell(trial)
    best = sorted((one for one in trials if one.score < float("inf")), key=lambda one: (one.score, one.number))
    return tuple(proposals.ask(len(trials) + ahead, best)[0] for ahead in (0, AHEAD - 2, AHEAD - 1))

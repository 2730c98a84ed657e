"""The test part of an experiment: the model that ships judged beside the baselines, once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gatewise.ensemble import Chosen, Ensemble
from gatewise.evaluate.backtest import with_baseline
from gatewise.evaluate.columns import MODEL
from gatewise.evaluate.evaluation import Evaluation, evaluate
from gatewise.evaluate.optimism import Optimism
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.rivals import Made, Rivals
from gatewise.evaluate.verdict import Verdict
from gatewise.planning import Plan
from gatewise.search.study import Found
from gatewise.settings import Settings

__all__ = ["Judgement", "judge", "rivals_of"]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the test origins say.

    Attributes:
        evaluation: forecasts, metrics, comparison and verdict.
        optimism: the validation score beside the test score.
        baselines: what the baselines forecast, also beyond the end of the data.
        levels: of the intervals, in %.
    """

    evaluation: Evaluation
    optimism: Optimism
    baselines: Made
    levels: tuple[int, ...]

    @property
    def verdict(self) -> Verdict:
        """Whether the LSTM earned its place, and what is recommended."""
        return self.evaluation.verdict

    @property
    def notes(self) -> tuple[str, ...]:
        """Which baselines are missing and why, and how optimistic validation was, in sentences."""
        return *self.evaluation.left_out.values(), self.optimism.message

    def to_dict(self) -> dict[str, Any]:
        """Return what ``evaluation.json`` keeps; NaN where undefined."""
        return {**self.evaluation.to_dict(), "optimism": self.optimism.to_dict()}

    def beside(self, forecast: pd.DataFrame | None) -> pd.DataFrame | None:
        """Return a forecast with the best baseline beside it, and the column of what the verdict recommends."""
        if forecast is None:
            return None
        best, origins = self.evaluation.comparison.against, self.evaluation.origins
        errors = (self.baselines.test[best] - origins.truth).reshape(len(origins.distances), -1, origins.horizon)
        tested = {one.unique_id: errors[:, number] for number, one in enumerate(origins.panel)}
        unknown = np.full_like(errors[:, 0], np.nan)
        by_series = np.array([tested.get(one, unknown) for one in forecast["unique_id"].unique()])
        ahead, recommended = self.baselines.ahead[best], self.verdict.recommended
        return with_baseline(forecast, best, ahead, by_series, self.levels, recommended)


def rivals_of(made: Plan) -> AbstractContextManager[Rivals | None]:
    """Return the baselines at work on the test origins of a plan; None without a test part."""
    if not made.split.test:
        return nullcontext()
    origins = Origins.of(made.panel, made.split.test_cutoffs, made.split.horizon)
    return Rivals(made.panel, origins, made.settings)


def judge(
    model: Ensemble,
    rivals: Rivals,
    chosen: Chosen,
    found: Found,
    settings: Settings,
    wait_s: float,
    should_stop: Callable[[], bool] = lambda: False,
) -> Judgement:
    """Forecast from the test origins and compare with the baselines.

    Args:
        model: trained on the rows before the test part.
        rivals: the baselines at work.
        chosen: which networks it joins, with their validation score.
        found: the search that found them.
        settings: season and levels count.
        wait_s: seconds to wait for the slow baselines at most.
        should_stop: asked often; True ends the waiting.
    """
    origins = rivals.origins
    made = model.forecast_from(origins.panel, origins.distances, origins.horizon, settings.level)
    baselines = rivals.made(wait_s, should_stop)
    evaluation = evaluate(origins, made, baselines, settings.season or 1)
    best = found.best
    optimism = Optimism(
        validation=chosen.score,
        test=float(evaluation.board.set_index("model").loc[MODEL, "MASE"]),
        configurations=len(found.trials),
        seed_spread=best.spread if best.settings.repeats > 1 else None,
    )
    return Judgement(evaluation, optimism, baselines, settings.level)

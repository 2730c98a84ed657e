"""The evaluation: all that a backtest says, as plain data, and the verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from gatewise.ensemble import Forecast
from gatewise.evaluate.backtest import backtest
from gatewise.evaluate.columns import MODEL
from gatewise.evaluate.comparison import Comparison, compare
from gatewise.evaluate.lag_copy import LagCopy, lag_copy
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.rivals import Made
from gatewise.evaluate.scores import (
    Scales,
    by_origin,
    by_series,
    by_step,
    errors_by_origin,
    intervals,
    leaderboard,
    probabilistic,
)
from gatewise.evaluate.verdict import Verdict, verdict

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a backtest says.

    Attributes:
        table: forecasts beside what came, as `backtest` returns them.
        board: the metrics of every model, best first.
        comparison: the model beside the best baseline.
        verdict: whether the LSTM earned its place.
        copy: how the forecast copies the past, None where it does not.
        scales: the denominators of the scaled errors.
        season: period in steps, 1 for none.
        origins: where the forecasts started.
        seconds: what each baseline took.
        left_out: why a baseline is missing, by name.
    """

    table: pd.DataFrame
    board: pd.DataFrame
    comparison: Comparison
    verdict: Verdict
    copy: LagCopy | None
    scales: Scales
    season: int
    origins: Origins
    seconds: Mapping[str, float]
    left_out: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return every number, as ``evaluation.json`` has them; NaN where undefined."""
        table, scales = self.table, self.scales
        models = []
        for row in self.board.to_dict("records"):
            loss, score = probabilistic(table, str(row["model"]))
            seconds = self.seconds.get(str(row["model"]), np.nan)
            models.append({**row, "pinball": loss, "CRPS": score, "seconds": round(seconds, 3)})
        steps = by_step(table, scales, self.origins.horizon)
        levels = [{**one, "by_step": steps[one["model"]][f"coverage-{one['level']}"]} for one in intervals(table)]
        return {
            "season": self.season,
            "horizon": self.origins.horizon,
            "origins": len(self.origins.distances),
            "series": len(self.origins.panel),
            "models": models,
            "left_out": [{"model": name, "why": why} for name, why in self.left_out.items()],
            "intervals": levels,
            "by_step": steps,
            "by_series": by_series(table, scales),
            "by_origin": by_origin(table, scales),
            "comparison": {**asdict(self.comparison), "decision": self.verdict.decision},
            "recommended": self.verdict.recommended,
            "lag_copy": self.copy._asdict() if self.copy else None,
        }


def evaluate(origins: Origins, made: Forecast, rivals: Made, season: int) -> Evaluation:
    """Return what the model's forecasts from some origins are worth.

    Args:
        origins: where they start.
        made: the forecasts, in the order of `origins`.
        rivals: the baselines' forecasts.
        season: period in steps, 1 for none.
    """
    table = backtest(origins, made, rivals.test)
    scales = Scales.of(origins.panel.head(max(origins.distances)), season)
    board = leaderboard(table, scales)
    best = next(str(model) for model in board["model"] if model != MODEL)
    errors = errors_by_origin(table, scales)
    distances = np.array(origins.distances)
    overlap = int((distances[0] - distances[1:] < origins.horizon).sum())
    found = compare(errors[MODEL], errors[best], against=best, overlap=overlap)
    said = verdict(board, found, len(distances), len(origins.panel))
    point = made.point.reshape(-1, origins.horizon)
    copied = lag_copy(origins.histories, origins.truth, point, season)
    if copied is not None:
        said = said._replace(text=f"{said.text} {copied.message}")
    return Evaluation(table, board, found, said, copied, scales, season, origins, rivals.seconds, rivals.left_out)

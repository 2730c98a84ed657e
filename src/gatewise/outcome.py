"""All that an experiment found, and what ``--json`` says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from gatewise.ensemble import Chosen, Ensemble
from gatewise.judging import Judgement
from gatewise.planning import Plan
from gatewise.search.margin import Margin
from gatewise.search.trial import Trial

__all__ = ["Outcome"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """All that an experiment found.

    Attributes:
        plan: what was asked for.
        trials: every finished trial, in order.
        best: the record of the best one.
        best_rmse: root mean squared error of its network on the validation part, in the user's units.
        margin: how far the runner-up is behind it, None with one trial.
        chosen: the models of the ensemble, trained on the training part with early stopping.
        final: the same trained anew on every row (as they were after an interruption), for `forecast`.
        forecast: beyond the end of the data: ``unique_id, ds, gatewise, gatewise-lo-80, ...``, with a test part also
            the best baseline and what is recommended; None where covariates known ahead are missing for it.
        judgement: what the test origins say, None without a test part.
        notes: what was done with the data, in words.
        interrupted: True when the user ended it early.
        seconds: duration.
    """

    plan: Plan
    trials: tuple[Trial, ...]
    best: Trial
    best_rmse: float
    margin: Margin | None
    chosen: Chosen
    final: Ensemble
    forecast: pd.DataFrame | None
    judgement: Judgement | None
    notes: tuple[str, ...]
    interrupted: bool
    seconds: float

    @property
    def backtest(self) -> pd.DataFrame | None:
        """The forecasts from the test origins, None without a test part."""
        return self.judgement.evaluation.table if self.judgement else None

    @property
    def leaderboard(self) -> pd.DataFrame | None:
        """The model beside the baselines, None without a test part."""
        return self.judgement.evaluation.board if self.judgement else None

    @property
    def verdict(self) -> str:
        """Whether the LSTM earned its place, in words."""
        if self.judgement is None:
            return "No test part was kept, so there is no verdict. Use --test-windows to keep one."
        return self.judgement.verdict.text

    def summary(self, folder: Path | None = None) -> dict[str, Any]:
        """Return what ``--json`` prints and ``summary.json`` keeps."""
        best, settings = self.best, self.plan.settings
        statuses = [trial.status for trial in self.trials]
        chosen = {name: getattr(best.settings, name) for name in self.plan.varied}
        return {
            "gatewise_version": version("gatewise"),
            "command": self.plan.command,
            "run_folder": str(folder) if folder else None,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "horizon": settings.horizon,
            "season": settings.season,
            "trials": {"finished": len(statuses), **{kind: statuses.count(kind) for kind in ("diverged", "failed")}},
            "best": {
                "trial": best.number,
                "score": best.score,
                "spread": best.spread if best.settings.repeats > 1 else None,
                "rmse": self.best_rmse,
                "best_epoch": best.best_epoch,
                "status": best.status,
                "message": best.message,
                "settings": chosen,
            },
            "runner_up": asdict(self.margin) if self.margin else None,
            "ensemble": {
                "networks": len(self.chosen.members),
                "score": self.chosen.score,
                "rmse": self.chosen.rmse,
            },
            "leaderboard": self.leaderboard.to_dict("records") if self.leaderboard is not None else [],
            "verdict": self.verdict,
            "decision": self.judgement.verdict.decision if self.judgement else None,
            "recommended": self.judgement.verdict.recommended if self.judgement else None,
            "reasons": list(self.plan.reasons),
            "notes": list(self.notes),
        }

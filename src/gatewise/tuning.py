"""`tune`: a search from Python, and its result as a `Study`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gatewise.data.panel import Panel
from gatewise.experiment import run
from gatewise.forecast import Forecaster, native_like, panel_of, user_columns
from gatewise.interrupt import Interrupt
from gatewise.loggers.choice import checked_logs, logged
from gatewise.outcome import Outcome
from gatewise.planning import Source, plan
from gatewise.runs.store import RunFolder
from gatewise.search.study import Listener
from gatewise.settings import Settings

__all__ = ["Study", "tune"]


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """A finished search.

    Attributes:
        outcome: all that it found.
        forecaster: the tuned model, trained anew on every row.
        forecast: its forecast, in a frame of the kind that was given; None where covariates known ahead are missing.
    """

    outcome: Outcome
    forecaster: Forecaster
    forecast: Any

    def __repr__(self) -> str:
        score = f"{len(self.outcome.trials)} trials, best MASE {self.best_score:.4f} on validation"
        return f"Study({score})\n{self.verdict}"

    @property
    def best_settings(self) -> Settings:
        """Settings of the best trial."""
        return self.outcome.chosen.settings

    @property
    def best_score(self) -> float:
        """Mean absolute scaled error of the chosen ensemble on the validation part."""
        return self.outcome.chosen.score

    @property
    def trials(self) -> pd.DataFrame:
        """One row per trial: number, status, score, epochs, losses, seconds, and the settings that vary."""
        return pd.DataFrame(
            [
                {**{name: value for name, value in vars(trial).items() if name != "settings"}}
                | {name: getattr(trial.settings, name) for name in self.outcome.plan.varied}
                for trial in self.outcome.trials
            ]
        )

    @property
    def leaderboard(self) -> pd.DataFrame | None:
        """The model beside the baselines on the test part."""
        return self.outcome.leaderboard

    @property
    def backtest(self) -> pd.DataFrame | None:
        """Forecasts from the test origins, beside the truth."""
        return self.outcome.backtest

    @property
    def verdict(self) -> str:
        """Whether the LSTM earned its place, in words."""
        return self.outcome.verdict


def tune(
    data: Any,
    horizon: int | None = None,
    *,
    preset: str = "auto",
    future_data: Any = None,
    out: str | Path | None = None,
    log: str | Sequence[str] = (),
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Study:
    """Search for the best LSTM for a table of time series.

    Args:
        data: a path, a pandas or polars frame (long: ``unique_id, ds, y``, renamable), or a series.
        horizon: steps to forecast, None for one season.
        preset: where settings that are left open come from.
        future_data: a table of the covariates known ahead, for the steps to forecast; without it there is no
            forecast, unless `data` hold them behind the last value.
        out: a run folder to write, None writes nothing.
        log: logs to write into the run folder: tensorboard, mlflow, wandb; each needs the extra of its name.
        listener: is told of starts, epochs and ends.
        should_stop: asked often; True ends the search with the best model so far, as Ctrl-C does.
        **settings: any other setting by its name; what is set here does not vary.

    Raises:
        DataError: when the table cannot be used.
        SettingsError: for an unknown setting, a value out of range or a clash.
        TrainingError: when no trial gave a usable model.
    """
    named = {"horizon": horizon, "preset": preset, **settings}
    given = {name: value for name, value in named.items() if value is not None}
    log = checked_logs(log, has_folder=out is not None)
    panel = panel_of(data, Settings.of(**given), future_data=future_data)
    made = plan("tune", panel, given, Source.of(data, future_data))
    folder = RunFolder(Path(out)) if out is not None else None
    where = folder.path if folder is not None else None
    with Interrupt().armed() as interrupt, logged(log, where, made, listener) as logs:
        outcome = run(made, folder, listener=logs.listener, should_stop=lambda: interrupt() or should_stop())
        logs.summary = outcome.summary(where)
    best = outcome.chosen.settings.model_dump()
    forecaster = Forecaster(best.pop("horizon"), best.pop("preset"), **best)
    forecaster._adopt(panel, outcome.final, made.reasons, data)
    native = None if isinstance(data, str | Path | Panel) else data
    table = outcome.forecast
    return Study(outcome, forecaster, None if table is None else native_like(native, user_columns(table, panel)))

"""A backtest of a run's model on rolling origins, beside the baselines, with a verdict."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from gatewise.errors import SettingsError, TrainingError
from gatewise.evaluate.evaluation import Evaluation, evaluate
from gatewise.evaluate.rivals import Rivals
from gatewise.forecast import Forecaster
from gatewise.interrupt import Interrupt
from gatewise.opened import run_panel
from gatewise.rolling import Rolling, roll, rolling_origins, seen_until
from gatewise.runs.store import RunFolder

__all__ = ["Backtest", "backtest"]

USUAL_WINDOWS = 5
"""Origins where neither the user nor the run's test part says a number."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a backtest found.

    Attributes:
        evaluation: forecasts, metrics and verdict.
        rolling: which model forecast from which origins.
        notes: how the numbers came about, in sentences.
    """

    evaluation: Evaluation
    rolling: Rolling
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """Forecasts beside what came: ``unique_id, ds, cutoff, y, gatewise, ...``, as `utilsforecast` takes them."""
        return self.evaluation.table

    @property
    def leaderboard(self) -> pd.DataFrame:
        """The metrics of the model and every baseline, best first."""
        return self.evaluation.board

    @property
    def verdict(self) -> str:
        """Whether the LSTM earned its place, in words."""
        return self.evaluation.verdict.text

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints and ``evaluation.json`` keeps."""
        said = {"gatewise_version": version("gatewise"), "verdict": self.verdict, "notes": list(self.notes)}
        return {**said, **self.evaluation.to_dict()}


def backtest(
    run_dir: str | Path,
    *,
    data: Any = None,
    future_data: Any = None,
    windows: int | None = None,
    step: int | None = None,
    refit: int | None = None,
    rows: int | None = None,
    jobs: int | None = None,
    baselines: tuple[str, ...] | str | None = None,
    baseline_time: float | str | None = None,
    out: str | Path | None = None,
    on_training: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] | None = None,
) -> Backtest:
    """Backtest the model of a run on rolling origins.

    No forecast rests on what lies behind its origin. Where all origins lie behind the rows that the saved model was
    trained on, it forecasts as it is. Else its networks are trained anew, as long as was best in the run, on the rows
    before the first origin, and with `refit` again after every so many origins.

    Args:
        run_dir: a finished run, or a model folder together with `data`.
        data: newer data, a path or a frame; None for those of the run.
        future_data: a table of the covariates known ahead.
        windows: number of origins; None for as many as fit behind the data of the run (at most 20), or as many as the
            run's test part had where there are no newer ones.
        step: steps between two origins, None for a horizon.
        refit: origins after which the networks are trained anew; None leaves them as they are at the first.
        rows: rows of each series that a training sees at most (a sliding window); None for all before (an expanding
            one).
        jobs: trainings side by side; that of the run when None.
        baselines: names as in the setting `baselines`; those of the run when None.
        baseline_time: how long one baseline may take, in seconds or like "10m"; that of the run when None.
        out: a new folder for ``backtest.csv``, ``leaderboard.csv`` and ``evaluation.json``; None writes nothing.
        on_training: is told how many trainings of how many have ended.
        should_stop: asked often; True ends the work. None listens to Ctrl-C.

    Raises:
        RunFolderError: when there is no model, or the data of the run are gone or have changed.
        DataError: when the data are too short for the origins, or a covariate is missing.
        SettingsError: for a number below 1.
        TrainingError: when a training diverges, or the work is stopped; nothing is written then.
    """
    for name, value in (("windows", windows), ("step", step), ("refit", refit), ("rows", rows), ("jobs", jobs)):
        if value is not None and value < 1:
            raise SettingsError(f"{name} must be at least 1, but is {value}. Leave it out for the default.")
    forecaster = Forecaster.load(run_dir)
    settings = forecaster.settings_
    given = {"baselines": baselines, "baseline_time": baseline_time, "jobs": jobs}
    settings = settings.change(**{name: value for name, value in given.items() if value is not None})
    panel = run_panel(run_dir, future_data) if data is None else forecaster.panel_of(data, future_data)
    unseen = seen_until(panel, forecaster.context)
    usual = settings.test_windows or USUAL_WINDOWS
    horizon = settings.horizon or 1
    rolling = rolling_origins(
        panel, horizon, unseen=unseen, windows=windows, step=step, usual=usual, refit=refit, rows=rows
    )
    folder = RunFolder(Path(out)) if out is not None else None
    try:
        with (
            Interrupt(keeps=False).armed() if should_stop is None else nullcontext(should_stop) as stopped,
            Rivals(panel, rolling.origins, settings) as rivals,
        ):
            made = roll(
                forecaster.model_,
                rolling,
                settings.level,
                jobs=settings.jobs or os.cpu_count() or 1,
                on_training=on_training,
                should_stop=stopped,
            )
            theirs = rivals.made(settings.baseline_time, stopped)
            if stopped():
                raise TrainingError("the backtest was stopped before its end, so it has no result. Start it again.")
        evaluation = evaluate(rolling.origins, made, theirs, settings.season or 1)
    except BaseException:
        if folder is not None:
            folder.discard()
        raise
    found = Backtest(evaluation, rolling, _notes(rolling, unseen, settings.test_windows or 0))
    if folder is not None:
        folder.write_table("backtest.csv", found.table)
        folder.write_table("leaderboard.csv", found.leaderboard)
        folder.write_json("evaluation.json", found.to_dict())
    return found


def _notes(rolling: Rolling, unseen: int, test_windows: int) -> tuple[str, ...]:
    """Return how the numbers came about."""
    origins, notes = rolling.origins, list[str]()
    seen = f"at most {rolling.rows} rows of each series" if rolling.rows else "every row"
    if rolling.saved:
        notes.append("The saved model had seen nothing behind the first origin, and forecast as it is.")
    if rolling.trainings:
        again = len(rolling.trainings)
        times = "once" if again == 1 else f"{again} times"
        notes.append(
            f"The networks were trained anew {times}, on {seen} before an origin, as long as was best in the run."
        )
    # Those that the search and early stopping looked at: the training and the validation part of the run.
    chose = unseen + test_windows * origins.horizon
    looked = [distance for distance in origins.distances if distance > chose]
    if looked:
        notes.append(
            f"{len(looked)} of {len(origins.distances)} origins lie in rows that the settings of the run were chosen "
            "on, which favours the networks there."
        )
    notes.append("Intervals rest on the validation part of the run.")
    return tuple(notes)

"""One experiment from a panel to a verdict: search or one training, backtest, refit, forecast, run folder, report."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import pandas as pd

from gatewise.artifact import Saved
from gatewise.ensemble import MUCH_WORSE, Chosen, Ensemble, choose
from gatewise.evaluate.backtest import forecast_table
from gatewise.evaluate.rivals import Rivals
from gatewise.judging import judge, rivals_of
from gatewise.notes import notes_of
from gatewise.outcome import Outcome
from gatewise.planning import Plan
from gatewise.refit import refit_all, refit_seconds
from gatewise.report.html import write_report
from gatewise.runs.journal import Journal
from gatewise.runs.store import RunFolder
from gatewise.search.advice import insight_of
from gatewise.search.margin import margin_of
from gatewise.search.study import Listener, Trial, search
from gatewise.settings import Settings
from gatewise.train.checkpoint import Keeper
from gatewise.train.forecaster import compile_forecasters
from gatewise.workbench import Candidate

__all__ = ["refit_name", "run"]

GRACE = 0.03
"""Share of the time limit by which the trainings on every row may exceed it before validated models stand in."""

WRITING_S = 3.0
"""Seconds of the time limit that are kept for tables, model and report, which come behind the slow baselines."""


def refit_name(number: int, on_every_row: str = "refit", before_test: str = "refit before test") -> str | None:
    """Return what the trainings on more rows are called, by the number under which a listener hears of their epochs.

    Trials count from 0. The trainings of the chosen networks on every row have the numbers -1, -3, ..., those on every
    row before the test part -2, -4, ...

    Example:
        >>> refit_name(-1), refit_name(-4), refit_name(0)
        ('refit', 'refit before test, network 2', None)
    """
    if number >= 0:
        return None
    member, is_before_test = divmod(-1 - number, 2)
    name = before_test if is_before_test else on_every_row
    return f"{name}, network {member + 1}" if member else name


def _differing(portfolio: Sequence[Settings]) -> set[str]:
    """Return the names of the settings in which a portfolio's members differ."""
    return {name for name in Settings.model_fields if len({getattr(one, name) for one in portfolio}) > 1}


def run(
    made: Plan,
    folder: RunFolder | None = None,
    *,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    began: float | None = None,
) -> Outcome:
    """Run an experiment to its end, writing into a run folder as it goes.

    Args:
        made: the checked plan.
        folder: where to write; one that an earlier process left is gone on with. None writes nothing.
        listener: is told of starts, epochs and ends, beside the folder.
        should_stop: asked often; True ends the experiment early with the best model so far.
        began: when the time limit began, by `time.monotonic`; None for now.

    Raises:
        TrainingError: when no training gave a usable model.
        RunFolderError: when another process works on the folder, or its journal is not of this experiment.
    """
    with folder.held() if folder is not None else nullcontext() as journal:
        since = time.monotonic() if began is None else began
        return _run(made, folder, journal, listener or Listener(), should_stop, since)


def _run(
    made: Plan,
    folder: RunFolder | None,
    journal: Journal | None,
    listener: Listener,
    should_stop: Callable[[], bool],
    began: float,
) -> Outcome:
    """Run an experiment; a journal with a past is gone on from."""
    if journal is not None and made.trials > len({trial.number for trial in journal.past}):
        journal.without_finals()
    if folder is not None:
        _write_start(folder, made)
        listener = _recorded(listener, folder, made)
    earlier = journal.spent if journal else 0.0
    clock = _Clock(made, began - earlier)
    with rivals_of(made) as rivals:
        outcome = _outcome(made, folder, journal, listener, should_stop, clock, rivals)
    if folder is not None:
        _write_end(folder, outcome)
        if not outcome.interrupted:
            folder.tidy()
    return outcome


def _outcome(
    made: Plan,
    folder: RunFolder | None,
    journal: Journal | None,
    listener: Listener,
    should_stop: Callable[[], bool],
    clock: _Clock,
    rivals: Rivals | None,
) -> Outcome:
    """Search, train anew, forecast and judge."""
    wanted = made.members
    with ThreadPoolExecutor(1) as idle:
        if made.command == "fit" and _jobs(made.settings) > 1:
            # On the lane that the one training takes: its programs are then ready when the first epoch ends.
            idle.submit(compile_forecasters, made.bench.architecture(made.settings), made.split.horizon)
        found = search(
            made.bench,
            made.space,
            trials=made.trials,
            record=journal,
            storage=folder.storage if folder else None,
            listener=listener,
            finals=wanted,
            reserve=lambda models: clock.refits(_near(models)[:wanted]),
            should_stop=should_stop,
            spent=clock.seconds(),
        )
    settings = made.settings
    candidates = [model for _, model in found.models]
    chosen = choose(candidates, made.bench.truth, wanted, settings.combine)
    # A training that the limit cut off may be among them, which nothing was reserved for.
    while len(chosen.members) > 1 and clock.refits(chosen.members) > clock.left():
        chosen = choose(candidates, made.bench.truth, len(chosen.members) - 1, settings.combine)
    margin = margin_of(found.models, made.bench.truth)
    keeper = journal.keeper if journal else None
    judged, final, exception = _train_anew(
        made, chosen, keeper, listener, lambda: should_stop() or clock.left() < -GRACE * (settings.time_limit or 0)
    )
    forecast, judgement = _forecast(made, final), None
    if judged is not None and rivals is not None:
        wait_s = min(settings.baseline_time, max(clock.left() - WRITING_S, 0.0))
        judgement = judge(judged, rivals, chosen, found, settings, wait_s, should_stop)
        forecast = judgement.beside(forecast)
    return Outcome(
        plan=made,
        trials=found.trials,
        best=found.best,
        best_rmse=made.bench.truth.rmse(found.models[0][1].forecast[:, 0]),
        margin=margin,
        chosen=chosen,
        final=final,
        forecast=forecast,
        judgement=judgement,
        notes=(
            *notes_of(made, chosen, exception, margin if made.space.priors else None),
            *(judgement.notes if judgement else ()),
        ),
        interrupted=should_stop(),
        seconds=clock.seconds(),
    )


class _Clock:
    """The time of a run, which may have begun in an earlier process.

    Args:
        made: the plan, with the limit.
        began: when it began, by `time.monotonic`.
    """

    def __init__(self, made: Plan, began: float):
        self._limit, self._began = made.settings.time_limit or math.inf, began
        self._panels, self._jobs = (2 if made.split.test else 1), _jobs(made.settings)

    def seconds(self) -> float:
        """Return the seconds that have gone by."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Return the seconds of the limit that are left, infinite without one."""
        return self._limit - self.seconds()

    def refits(self, candidates: Sequence[Candidate]) -> float:
        """Return the seconds that the trainings of candidates on every row will take."""
        return refit_seconds(candidates, panels=self._panels, jobs=self._jobs)


def _near(models: Sequence[tuple[Trial, Candidate]]) -> list[Candidate]:
    """Return the candidates that an ensemble may hold: those near the best one."""
    best = models[0][1].score
    return [one for _, one in models if one.score <= MUCH_WORSE * best]


def _forecast(made: Plan, final: Ensemble) -> pd.DataFrame | None:
    """Return the forecast beyond the end of the data, None where covariates known ahead are missing for it."""
    if made.blind:
        return None
    return forecast_table(final, made.panel, made.settings.horizon or 1, made.settings.level)


def _jobs(settings: Settings) -> int:
    """Return how many trainings may run side by side."""
    return settings.jobs or os.cpu_count() or 1


def _train_anew(
    made: Plan,
    chosen: Chosen,
    keeper: Callable[[str, str], Keeper] | None,
    listener: Listener,
    should_stop: Callable[[], bool],
) -> tuple[Ensemble | None, Ensemble, str]:
    """Train the chosen configurations anew: the models that the backtest judges, and those that ship.

    The backtest judges what ships: the same way from a panel to a model, on the rows before the test part. Without one
    there is nothing to judge.
    """
    tested = bool(made.split.test)
    validated = chosen.of([one.fitted for one in chosen.members], made.bench)
    if made.settings.refit == "none":
        return validated if tested else None, validated, ""
    models, exception = refit_all(
        [made.panel, made.bench.panel] if tested else [made.panel],
        chosen.members,
        jobs=_jobs(made.settings),
        keeper=keeper,
        observe=lambda panel, member, epoch: listener.on_epoch(-1 - panel - 2 * member, epoch),
        should_stop=should_stop,
    )
    final, *judged = [chosen.of(one, made.bench) for one in models]
    return judged[0] if judged else None, final, exception


def _recorded(listener: Listener, folder: RunFolder, made: Plan) -> Listener:
    """Return a listener that writes to the run folder before it passes on what it was told."""

    def on_epoch(number: int, epoch: Any) -> None:
        folder.add_epoch(refit_name(number) or number, epoch)
        listener.on_epoch(number, epoch)

    def on_trial(trial: Trial) -> None:
        folder.add_trial(trial, made.varied)
        listener.on_trial(trial)

    def on_past(trial: Trial) -> None:
        folder.add_trial(trial, made.varied)
        listener.on_past(trial)

    return replace(listener, on_epoch=on_epoch, on_trial=on_trial, on_past=on_past)


def _write_start(folder: RunFolder, made: Plan) -> None:
    panel = made.panel
    # What the networks differ in the preset chooses again from the same data; with a patch that is set, it would
    # choose one window for all.
    differing = _differing(made.space.portfolio)
    still_open = differing | {"patch"} if "window" in differing else differing
    folder.write_settings("run.toml", made.settings, still_open)
    folder.write_json(
        "data.json",
        {
            "name": panel.name,
            "fingerprint": panel.fingerprint,
            "columns": {"time": panel.time, "target": list(panel.target), "id": panel.id_column},
            "freq": panel.freq,
            "season": made.settings.season,
            "series": len(panel),
            "rows": int(panel.lengths.sum()),
            "repairs": asdict(panel.repairs),
            "diagnosis": made.diagnosis.to_dict(),
        },
    )
    # Last: a folder that has it can be gone on with.
    # On another processor it goes on in the precision in which it began.
    given = {**made.given, "precision": made.settings.precision}
    asked = {"command": made.command, "given": given, **made.source._asdict()}
    folder.write_json("run.json", {"gatewise_version": version("gatewise"), **asked})


def _write_end(folder: RunFolder, outcome: Outcome) -> None:
    folder.write_settings("best.toml", outcome.chosen.settings)
    if outcome.forecast is not None:
        folder.write_table("forecast.csv", outcome.forecast)
    if outcome.judgement is not None:
        folder.write_table("backtest.csv", outcome.judgement.evaluation.table)
        folder.write_table("leaderboard.csv", outcome.judgement.evaluation.board)
        folder.write_json("evaluation.json", outcome.judgement.to_dict())
    folder.write_model(Saved(outcome.final, outcome.plan.panel))
    folder.write_findings(outcome.trials)
    if outcome.plan.space.priors:
        insight = insight_of(outcome.trials, outcome.plan.space.priors, str(folder.path))
        folder.write_json("importance.json", insight.to_dict())
    folder.write_json("summary.json", outcome.summary(folder.path))
    write_report(folder.path)

"""One experiment from a panel to a verdict: search or one training, backtest, refit, forecast, run folder, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from gatewise.architecture import architecture_of
from gatewise.artifact import Saved
from gatewise.calibrate import enough_for
from gatewise.data.check import Diagnosis, diagnose
from gatewise.data.panel import Panel
from gatewise.data.split import Split
from gatewise.ensemble import Chosen, Ensemble, choose
from gatewise.errors import SettingsError, nearest
from gatewise.evaluate.backtest import backtest, forecast_table, leaderboard
from gatewise.evaluate.verdict import verdict
from gatewise.preset import resolve
from gatewise.refit import refit_all, refit_seconds
from gatewise.report.html import write_report
from gatewise.report.words import counted
from gatewise.runs.store import RunFolder
from gatewise.search.space import Space, space_of
from gatewise.search.study import Listener, Trial, search
from gatewise.settings import Settings
from gatewise.train.forecaster import compile_forecasters
from gatewise.workbench import Workbench

__all__ = ["Command", "Outcome", "Plan", "plan", "refit_name", "run"]

Command = Literal["fit", "tune", "demo"]

TUNED_MEMBERS = 8
"""Trials that a search combines at most where the user sets no number."""


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


@dataclass(frozen=True, eq=False)
class Plan:
    """An experiment that has passed every check and can start.

    Attributes:
        command: what was asked for.
        panel: the data.
        settings: resolved settings.
        reasons: why the preset chose what it chose.
        diagnosis: what the data doctor found.
        space: what the search varies; nothing for one training.
        bench: the data without its test part, ready for training.
    """

    command: Command
    panel: Panel
    settings: Settings
    reasons: tuple[str, ...]
    diagnosis: Diagnosis
    space: Space
    bench: Workbench

    @property
    def split(self) -> Split:
        """Where training, validation and test part begin."""
        return self.bench.split

    @property
    def blind(self) -> bool:
        """Whether the covariates known ahead do not reach over the horizon, so that nothing can be forecast yet."""
        known = self.panel.known_ahead
        return known is not None and known < (self.settings.horizon or 1)

    @property
    def trials(self) -> int:
        """Trainings of the search, or of a fit."""
        return self.members if self.command == "fit" else self.settings.trials

    @property
    def members(self) -> int:
        """Networks in the ensemble at most."""
        unset = len(self.space.portfolio) if self.command == "fit" else TUNED_MEMBERS
        return self.settings.members or unset

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the settings that ``trials.csv`` shows."""
        names = ("window", "patch", "hidden", "batch_size", "learning_rate", "schedule", "optimizer", "dropout", "loss")
        return tuple(self.space.priors) or names


@dataclass(frozen=True, eq=False)
class Outcome:
    """All that an experiment found.

    Attributes:
        plan: what was asked for.
        trials: every finished trial, in order.
        best: the record of the best one.
        chosen: the models of the ensemble, trained on the training part with early stopping.
        final: the same trained anew on every row (as they were after an interruption), for `forecast`.
        forecast: beyond the end of the data: ``unique_id, ds, gatewise, gatewise-lo-80, ...``; None where covariates
            known ahead are missing for it.
        backtest: the test origins, None without a test part.
        leaderboard: the model beside the baselines, None without a test part.
        verdict: whether the LSTM earned its place, in words.
        notes: what was done with the data, in words.
        interrupted: True when the user ended it early.
        seconds: duration.
    """

    plan: Plan
    trials: tuple[Trial, ...]
    best: Trial
    chosen: Chosen
    final: Ensemble
    forecast: pd.DataFrame | None
    backtest: pd.DataFrame | None
    leaderboard: pd.DataFrame | None
    verdict: str
    notes: tuple[str, ...]
    interrupted: bool
    seconds: float

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
                "best_epoch": best.best_epoch,
                "status": best.status,
                "message": best.message,
                "settings": chosen,
            },
            "ensemble": {"networks": len(self.chosen.members), "score": self.chosen.score},
            "leaderboard": self.leaderboard.to_dict("records") if self.leaderboard is not None else [],
            "verdict": self.verdict,
            "reasons": list(self.plan.reasons),
            "notes": list(self.notes),
        }


def plan(command: Command, panel: Panel, given: dict[str, Any]) -> Plan:
    """Check an experiment and resolve its settings; nothing is trained or written.

    Args:
        command: ``fit`` for one training, ``tune`` or ``demo`` for a search.
        panel: the data.
        given: the settings that the user set, by name.

    Raises:
        SettingsError: for unknown names, values out of range, or clashes.
        DataError: when the data cannot carry window, horizon and held-out parts.
    """
    resolved = resolve(panel, given)
    settings = resolved.settings
    bench = Workbench.of(panel, settings)
    learn, _ = bench.check(settings)
    space = Space(resolved.portfolio)
    if command != "fit":
        space = _space(resolved.portfolio, given, bench, len(learn))
    return Plan(command, panel, space.start, resolved.reasons, diagnose(panel, settings.season), space, bench)


def _space(portfolio: tuple[Settings, ...], given: dict[str, Any], bench: Workbench, windows: int) -> Space:
    """Return what a search varies: all that was left open, or just what `vary` names."""
    named = portfolio[0].vary or ()
    pinned = {name for name, value in given.items() if value is not None and name not in named}
    rows = int(np.median(bench.panel.lengths)) - bench.split.validation
    positive = all(one.values.min() >= 0 for one in bench.panel)
    priors = space_of(portfolio, pinned, rows, windows, positive).priors
    unknown = [name for name in named if name not in priors]
    if unknown:
        raise SettingsError(
            f"vary must name settings that a search can vary here, but it names '{unknown[0]}'. "
            f"Known are: {', '.join(priors)}.{nearest(unknown[0], priors)}"
        )
    if named:
        # What is not named stays as it is in the first; the others only tell what is named.
        pinned = Settings.model_fields.keys() - set(named)
        portfolio = _only(named, portfolio)
        priors = space_of(portfolio, pinned, rows, windows, positive).priors
    if not priors:
        raise SettingsError(
            "a search needs at least one setting to vary, but every one is set. Leave some open, or use 'gatewise fit'."
        )
    return Space(tuple(one.change(vary=tuple(priors)) for one in portfolio), priors)


def _only(named: Sequence[str], portfolio: tuple[Settings, ...]) -> tuple[Settings, ...]:
    """Return the first of a portfolio, and it with what is named as in each of the others, where that is possible."""
    made = [portfolio[0]]
    for one in portfolio[1:]:
        try:
            changed = portfolio[0].change(**{name: getattr(one, name) for name in named})
            architecture_of(changed)
        except SettingsError:
            continue
        if changed not in made:
            made.append(changed)
    return tuple(made)


def _differing(portfolio: Sequence[Settings]) -> set[str]:
    """Return the names of the settings in which a portfolio's members differ."""
    return {name for name in Settings.model_fields if len({getattr(one, name) for one in portfolio}) > 1}


def run(
    made: Plan,
    folder: RunFolder | None = None,
    *,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run an experiment to its end, writing into a run folder as it goes.

    Args:
        made: the checked plan.
        folder: where to write; None writes nothing.
        listener: is told of starts, epochs and ends, beside the folder.
        should_stop: asked often; True ends the experiment early with the best model so far.

    Raises:
        TrainingError: when no training gave a usable model.
    """
    began = time.monotonic()
    listener = listener or Listener()
    if folder is not None:
        _write_start(folder, made)
        listener = _recorded(listener, folder, made)
    wanted = made.members
    panels = 2 if made.split.test else 1
    with ThreadPoolExecutor(1) as idle:
        if made.command == "fit" and _jobs(made.settings) > 1:
            # On the lane that the one training takes: its programs are then ready when the first epoch ends.
            idle.submit(compile_forecasters, made.bench.architecture(made.settings), made.split.horizon)
        found = search(
            made.bench,
            made.space,
            trials=made.trials,
            storage=folder.storage if folder else None,
            listener=listener,
            reserve=lambda models: refit_seconds(
                [one for _, one in models[:wanted]], panels=panels, jobs=_jobs(made.settings)
            ),
            should_stop=should_stop,
        )
    settings = made.settings
    chosen = choose([model for _, model in found.models], made.bench.truth, wanted, settings.combine)
    judged, final, exception = _train_anew(made, chosen, listener, should_stop)
    table = board = None
    words = "No test part was kept, so there is no verdict. Use --test-windows to keep one."
    if judged is not None:
        table = backtest(judged, made.panel, made.split, settings)
        board = leaderboard(table, made.panel, made.split, settings.season or 1)
        words = verdict(board, len(made.split.test_cutoffs), len(made.panel))
    outcome = Outcome(
        plan=made,
        trials=found.trials,
        best=found.best,
        chosen=chosen,
        final=final,
        forecast=_forecast(made, final),
        backtest=table,
        leaderboard=board,
        verdict=words,
        notes=_notes(made, chosen, exception),
        interrupted=should_stop(),
        seconds=time.monotonic() - began,
    )
    if folder is not None:
        _write_end(folder, outcome)
    return outcome


def _forecast(made: Plan, final: Ensemble) -> pd.DataFrame | None:
    """Return the forecast beyond the end of the data, None where covariates known ahead are missing for it."""
    if made.blind:
        return None
    return forecast_table(final, made.panel, made.settings.horizon or 1, made.settings.level)


def _jobs(settings: Settings) -> int:
    """Return how many trainings may run side by side."""
    return settings.jobs or os.cpu_count() or 1


def _train_anew(
    made: Plan, chosen: Chosen, listener: Listener, should_stop: Callable[[], bool]
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

    return replace(listener, on_epoch=on_epoch, on_trial=on_trial)


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


def _write_end(folder: RunFolder, outcome: Outcome) -> None:
    folder.write_settings("best.toml", outcome.chosen.settings)
    if outcome.forecast is not None:
        folder.write_table("forecast.csv", outcome.forecast)
    if outcome.backtest is not None and outcome.leaderboard is not None:
        folder.write_table("backtest.csv", outcome.backtest)
        folder.write_table("leaderboard.csv", outcome.leaderboard)
    folder.write_model(Saved(outcome.final, outcome.plan.panel))
    folder.write_json("summary.json", outcome.summary(folder.path))
    write_report(folder.path)


def _notes(made: Plan, chosen: Chosen, exception: str) -> tuple[str, ...]:
    """Return what was done with the data, and what the intervals rest on."""
    split, notes = made.split, list[str]()
    if made.blind:
        names = ", ".join(one.name for one in made.panel.covariates if one.role == "future")
        notes.append(
            f"No forecast.csv: it needs the covariates known ahead ({names}) for the {made.settings.horizon} steps "
            "behind the data. Give them with --future-data, or later: gatewise predict RUN_DIR --future-data TABLE."
        )
    if split.test:
        notes.append(
            f"backtest.csv and leaderboard.csv: the last {split.test} rows of each series "
            f"({counted(len(split.test_cutoffs), 'origin')}) were never seen by training, scaling or search."
        )
    untested = len(made.panel) - len(made.panel.longer_than(split.test))
    if untested:
        notes.append(f"{counted(untested, 'series', 'series')} no longer than the test part could not be judged.")
    count = len(chosen.members)
    if count > 1:
        score = f"MASE {chosen.score:.4f} on validation"
        notes.append(f"The forecast is the {_how(made, chosen)} of {count} networks ({score}).")
    notes.append(exception or _refit_note(made, chosen))
    if len({one.index[-1] for one in made.panel}) > 1:
        notes.append("The series end at different times; each is cut at the same distance from its own end.")
    origins = chosen.residuals.shape[1]
    notes.append(f"Intervals are split-conformal, from {origins} validation forecasts.")
    few = [level for level in made.settings.level if not enough_for(origins, level)]
    if few:
        levels = " and ".join(f"{level}%" for level in few)
        notes.append(
            f"{origins} validation forecasts are too few for {levels}: there the steps of the horizon were pooled, and "
            "the interval is a rough guide only. More --val-windows would mend it."
        )
    return tuple(notes)


def _how(made: Plan, chosen: Chosen) -> str:
    return "median" if chosen.weights is None else f"{made.settings.combine} mean".replace("mean mean", "mean")


def _refit_note(made: Plan, chosen: Chosen) -> str:
    if made.settings.refit == "none":
        return "The networks stay as they were validated: the rows of the validation part trained none of them."
    where = "on every row before the test, and on every row" if made.split.test else "on every row"
    if made.settings.refit == "onward":
        return f"The networks were trained onward {where} from their validated weights, for forecast.csv and model/."
    epochs = [max(one.training.best_epoch, 1) for one in chosen.members]
    span = counted(epochs[0], "epoch") if len(set(epochs)) == 1 else f"{min(epochs)} to {max(epochs)} epochs"
    what = "The best configuration was" if len(epochs) == 1 else "They were"
    return f"{what} trained anew for {span} {where} for forecast.csv and model/."

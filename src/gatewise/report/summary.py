"""Summarise: a run folder as plain data, ready to be drawn, written or tested. No figures and no HTML here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gatewise.report.accuracy import Coverage, StepErrors, coverages, step_errors
from gatewise.report.data_card import DataCard, data_card
from gatewise.report.evaluation import Audit, Evaluation
from gatewise.report.evaluation_file import audit_of, evaluation_of
from gatewise.report.folder import RunFiles, finite, read_folder, texts, whole
from gatewise.report.knobs import Knobs, knobs_from
from gatewise.report.series import Drawn, drawn_series
from gatewise.report.trials import UNUSABLE, TrialRow, trial_rows
from gatewise.runs.follow import Follower
from gatewise.runs.progress import Phase
from gatewise.train.finding import Finding

__all__ = ["Best", "Clipping", "Epoch", "Score", "Summary", "summarise"]


@dataclass(frozen=True)
class Score:
    """One row of the leaderboard; None where a metric is undefined."""

    model: str
    mase: float | None
    smape: float | None
    rmse: float | None
    mae: float | None


@dataclass(frozen=True)
class Best:
    """The best trial: its number, validation MASE, best epoch, how it ended, and the settings recorded with it."""

    trial: int | None
    score: float | None
    best_epoch: int | None
    status: str
    message: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Epoch:
    """One epoch of the best trial; None where nothing was recorded."""

    number: int
    train_loss: float | None
    val_loss: float | None
    learning_rate: float | None
    clipped: float | None


@dataclass(frozen=True)
class Clipping:
    """Share of optimizer steps whose gradient was clipped, 0-1.

    Attributes:
        best: mean over the best trial's epochs, None when they were not recorded.
        every: mean over all epochs of all trials.
        epochs: how many epochs that is.
        largest_norm: largest gradient norm before clipping, over all trials.
    """

    best: float | None
    every: float
    epochs: int
    largest_norm: float | None


@dataclass(frozen=True)
class Summary:
    """All that the report says.

    Attributes:
        command: fit, tune or demo; empty when unknown.
        version: of the Gatewise that made the run.
        run_folder: as the run named it.
        phase: where the run stands, as `gatewise.runs.progress` has it; absent when nothing tells.
        finished: False when there is no ``summary.json``: the run is under way or was killed.
        interrupted: True when the user ended it early.
        seconds: duration.
        horizon: steps forecast.
        season: period in steps, 1 for none.
        verdict: whether the LSTM earned its place.
        reasons: why the preset chose what it chose.
        notes: how the numbers came about.
        best: the best trial, None when no trial has a score.
        leaderboard: models on the test origins, best first.
        evaluation: all models and metrics, calibration, series and origins; None for an older run.
        audit: what ``gatewise audit`` found, None where none was made.
        data: what was read.
        drawn: the series that are drawn, with history, forecast and backtest.
        steps: error by step of the horizon.
        coverage: how often each interval held the truth.
        epochs: the best trial's epochs.
        findings: what the coach says of each trial, by its number.
        trials: every trial.
        unusable: those that diverged or failed.
        knobs: what the varied settings did, empty without a search.
        importance: ``importance.json``: which settings mattered and what to try next.
        clipping: shares of clipped steps, None when nothing was recorded.
        settings: ``run.toml`` by group and name.
        settings_text: ``run.toml`` as it stands.
        best_file: True when there is a ``best.toml``.
        problems: sentences on files that could not be read.
    """

    command: str
    version: str
    run_folder: str
    phase: Phase
    finished: bool
    interrupted: bool
    seconds: float | None
    horizon: int | None
    season: int | None
    verdict: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    best: Best | None
    leaderboard: tuple[Score, ...]
    evaluation: Evaluation | None
    audit: Audit | None
    data: DataCard
    drawn: Drawn
    steps: StepErrors | None
    coverage: tuple[Coverage, ...]
    epochs: tuple[Epoch, ...]
    findings: dict[int, tuple[Finding, ...]]
    trials: tuple[TrialRow, ...]
    unusable: tuple[TrialRow, ...]
    knobs: Knobs
    importance: dict[str, Any]
    clipping: Clipping | None
    settings: dict[str, dict[str, Any]]
    settings_text: str
    best_file: bool
    problems: tuple[str, ...]

    @property
    def searched(self) -> bool:
        """True when the run was a search, over one trial or many."""
        return len(self.trials) > 1 or self.command in ("tune", "demo")

    @property
    def ranking(self) -> tuple[str, ...]:
        """The models, best first."""
        return tuple(score.model for score in (self.evaluation.models if self.evaluation else self.leaderboard))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dictionaries, tuples, texts and numbers."""
        return asdict(self)


def summarise(folder: Path) -> Summary:
    """Read a run folder and return what the report says about it.

    Args:
        folder: a run folder; any file that a run adds late may be missing.

    Raises:
        RunFolderError: when it is not a run folder.
    """
    files = read_folder(folder)
    said, trials = files.summary, trial_rows(files.trials)
    best = _best(said.get("best"), trials)
    best_row = next((trial for trial in trials if best and trial.number == best.trial), None)
    command = str(said.get("command") or files.asked.get("command") or "")
    searched = len(trials) > 1 or command in ("tune", "demo")
    evaluation = evaluation_of(files.evaluation)
    horizon, season = (
        whole(said.get(name, files.settings.get("data", {}).get(name))) for name in ("horizon", "season")
    )
    return Summary(
        command=command,
        version=str(said.get("gatewise_version") or files.asked.get("gatewise_version") or ""),
        run_folder=str(said.get("run_folder") or folder),
        phase=Follower(folder).look().phase,
        finished=bool(said),
        interrupted=bool(said.get("interrupted")),
        seconds=finite(said.get("seconds")),
        horizon=horizon,
        season=season,
        verdict=str(said.get("verdict") or ""),
        reasons=texts(said.get("reasons")),
        notes=texts(said.get("notes")),
        best=best,
        leaderboard=_leaderboard(files),
        evaluation=evaluation,
        audit=audit_of(files.audit),
        data=data_card(files.data),
        drawn=drawn_series(files, horizon, season),
        steps=_steps(step_errors(files.backtest, horizon), evaluation),
        coverage=coverages(files.backtest),
        epochs=_epochs(files.events, best.trial if best else None),
        findings=files.findings,
        trials=trials,
        unusable=tuple(trial for trial in trials if trial.status in UNUSABLE),
        knobs=knobs_from(trials, best_row) if searched else Knobs(),
        importance=files.importance,
        clipping=_clipping(files.events, best.trial if best else None),
        settings=files.settings,
        settings_text=files.settings_text,
        best_file=(folder / "best.toml").is_file(),
        problems=files.problems,
    )


def _steps(measured: StepErrors | None, evaluation: Evaluation | None) -> StepErrors | None:
    """Return the error by step over the most models: of the evaluation, or of the backtest.

    Those of the backtest weigh the series of a panel alike, so they are preferred where no model is missing in them.
    """
    curves = evaluation.by_step.values() if evaluation else ()
    # Where every origin lacks a row, no step is known.
    if evaluation is None or not any(len(curve) > 1 and set(curve) != {None} for curve in curves):
        return measured
    if measured is not None and set(evaluation.by_step) <= set(measured.models):
        return measured
    return StepErrors(None, evaluation.by_step, (evaluation.origins or 0) * (evaluation.series or 1))


def _best(said: Any, trials: tuple[TrialRow, ...]) -> Best | None:
    """Return the best trial as the run named it; of an unfinished run, the best so far."""
    if isinstance(said, Mapping) and said:
        return Best(
            trial=whole(said.get("trial")),
            score=finite(said.get("score")),
            best_epoch=whole(said.get("best_epoch")),
            status=str(said.get("status") or ""),
            message=str(said.get("message") or ""),
            settings=dict(said.get("settings") or {}),
        )
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    if not scored:
        return None
    score, trial = min(scored, key=lambda pair: pair[0])
    return Best(trial.number, score, whole(trial.best_epoch), trial.status, trial.message, trial.settings)


def _leaderboard(files: RunFiles) -> tuple[Score, ...]:
    rows = files.summary.get("leaderboard") or files.leaderboard.to_dict("records")
    return tuple(
        Score(str(row.get("model", "")), *(finite(row.get(metric)) for metric in ("MASE", "sMAPE", "RMSE", "MAE")))
        for row in rows
        if isinstance(row, Mapping)
    )


def _epochs(events: tuple[dict[str, Any], ...], trial: int | None) -> tuple[Epoch, ...]:
    ours = (event for event in events if trial is not None and event["trial"] == trial)
    names = ("train_loss", "val_loss", "learning_rate", "clipped")
    return tuple(Epoch(int(event["epoch"]), *(finite(event.get(name)) for name in names)) for event in ours)


def _clipping(events: tuple[dict[str, Any], ...], trial: int | None) -> Clipping | None:
    shares = [(event["trial"], finite(event.get("clipped"))) for event in events if isinstance(event["trial"], int)]
    known = [(number, share) for number, share in shares if share is not None]
    if not known:
        return None
    ours = [share for number, share in known if number == trial]
    norms = [norm for event in events if (norm := finite(event.get("largest_norm"))) is not None]
    return Clipping(
        best=sum(ours) / len(ours) if ours else None,
        every=sum(share for _, share in known) / len(known),
        epochs=len(known),
        largest_norm=max(norms, default=None),
    )

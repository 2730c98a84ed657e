"""The study: a real Optuna study, trials side by side, and the same result for any number of jobs."""

from __future__ import annotations

import json
import math
import os
import time
import warnings
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from gatewise.errors import TrainingError
from gatewise.fitted import Candidate, Workbench
from gatewise.search.space import Space
from gatewise.settings import Settings
from gatewise.train.fit import Epoch

if TYPE_CHECKING:
    import optuna

__all__ = ["Listener", "Trial", "search"]

STARTUP = 10
"""Trials drawn from the portfolio and at random before the sampler models the results (Optuna's default for TPE)."""


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
        number: from 0, in the order of asking.
        settings: its configuration.
        status: how its training ended: early-stopped, epoch-limit, interrupted or diverged.
        message: one sentence on that.
        score: mean absolute scaled error on the validation part; infinite if it diverged.
        best_epoch: the epoch of its weights.
        epochs: epochs trained.
        train_loss: training loss of that epoch, NaN if there is none.
        val_loss: validation loss of that epoch.
        seconds: duration of its training.
    """

    number: int
    settings: Settings
    status: str
    message: str
    score: float
    best_epoch: int
    epochs: int
    train_loss: float
    val_loss: float
    seconds: float


@dataclass
class Listener:
    """Is told of what happens; every method may be called from several threads."""

    on_start: Callable[[int, Settings], None] = field(default=lambda number, settings: None)
    on_epoch: Callable[[int, Epoch], None] = field(default=lambda number, epoch: None)
    on_trial: Callable[[Trial], None] = field(default=lambda trial: None)


def trial_of(number: int, candidate: Candidate) -> Trial:
    """Return the record of a trained candidate."""
    training = candidate.training
    best = training.epochs[training.best_epoch - 1] if training.best_epoch else None
    return Trial(
        number=number,
        settings=candidate.fitted.settings,
        status=training.status,
        message=training.message,
        score=candidate.score if training.status != "diverged" else math.inf,
        best_epoch=training.best_epoch,
        epochs=len(training.epochs),
        train_loss=best.train_loss if best else math.nan,
        val_loss=training.best_loss,
        seconds=training.seconds,
    )


def search(
    bench: Workbench,
    space: Space,
    *,
    trials: int,
    storage: str | None = None,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[list[Trial], Candidate]:
    """Search a space and return every trial and the best candidate.

    Trial `k` is asked for when exactly the trials up to `k - lookahead` have been told, in their order: so the same
    seed proposes the same trials whatever their durations and however many run at once.

    Args:
        bench: the data, cut and on the device.
        space: what varies; its start carries time_limit, jobs, lookahead, sampler and seed.
        trials: trainings to make.
        storage: an Optuna storage URL, None keeps the study in memory.
        listener: is told of starts, epochs and ends.
        should_stop: asked often; True ends running trials with their best weights and starts no new one.
        clock: seconds that only go forward.

    Raises:
        TrainingError: when no trial gave a usable model.
    """
    settings, listener = space.start, listener or Listener()
    deadline = clock() + settings.time_limit if settings.time_limit else math.inf

    # However short the time limit is, the first epoch of the first trial ends: there is always a model to show.
    any_epoch = Event()

    def on_epoch(number: int, epoch: Epoch) -> None:
        listener.on_epoch(number, epoch)
        any_epoch.set()

    def over() -> bool:
        return should_stop() or (clock() >= deadline and any_epoch.is_set())

    study = _study(space, storage, trials)
    done: list[Trial] = []
    winner: Candidate | None = None
    pending: deque[tuple[optuna.trial.Trial, Future[Candidate]]] = deque()
    with ThreadPoolExecutor(settings.jobs or os.cpu_count() or 1, thread_name_prefix="trial") as workers:
        asked = 0
        while True:
            while asked < trials and len(pending) < settings.lookahead and not (over() and asked):
                proposal = study.ask()
                config = space.propose(proposal)
                listener.on_start(proposal.number, config)
                observe = partial(on_epoch, proposal.number)
                pending.append((proposal, workers.submit(bench.train, config, observe=observe, should_stop=over)))
                asked += 1
            if not pending:
                break
            proposal, future = pending.popleft()
            candidate = future.result()
            if over() and not candidate.training.epochs:
                _tell(study, proposal, None, candidate.fitted.settings)
                continue
            trial = trial_of(proposal.number, candidate)
            _tell(study, proposal, trial, trial.settings)
            done.append(trial)
            listener.on_trial(trial)
            if math.isfinite(trial.score) and (winner is None or trial.score < winner.score):
                winner = candidate
    if winner is None:
        said = "; ".join(dict.fromkeys(trial.message for trial in done)) or "none finished an epoch"
        raise TrainingError(f"training gave no usable model in {asked} trial{'s' * (asked != 1)}: {said}.")
    return done, winner


def _study(space: Space, storage: str | None, trials: int) -> optuna.Study:
    """Return a fresh Optuna study with the portfolio enqueued."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = space.start.seed
    with warnings.catch_warnings():
        # Multivariate TPE is marked experimental; its results are what is wanted and are pinned by the lock file.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = (
            optuna.samplers.RandomSampler(seed=seed)
            if space.start.sampler == "random"
            else optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP, multivariate=True, group=True)
        )
    study = optuna.create_study(storage=storage, sampler=sampler, study_name="gatewise", direction="minimize")
    encoded = [space.encode(settings) for settings in space.portfolio()]
    for number, parameters in enumerate(encoded[:trials]):
        if parameters not in encoded[:number]:
            study.enqueue_trial(parameters)
    return study


def _tell(study: optuna.Study, proposal: optuna.trial.Trial, trial: Trial | None, settings: Settings) -> None:
    from optuna.trial import TrialState

    proposal.set_user_attr("settings", json.dumps(settings.model_dump(mode="json")))
    if trial is None:
        study.tell(proposal, state=TrialState.FAIL)
        return
    facts: dict[str, Any] = {"status": trial.status, "message": trial.message, "best_epoch": trial.best_epoch}
    for name, value in facts.items():
        proposal.set_user_attr(name, value)
    if math.isfinite(trial.score):
        study.tell(proposal, trial.score)
    else:
        study.tell(proposal, state=TrialState.FAIL)

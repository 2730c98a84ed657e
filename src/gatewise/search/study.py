"""The study: a real Optuna study, trials side by side, and the same result for any number of jobs."""

from __future__ import annotations

import json
import math
import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.errors import InputError, TrainingError
from gatewise.search.space import Space
from gatewise.settings import Settings
from gatewise.train.device import accelerator, own_lane
from gatewise.train.fit import Epoch
from gatewise.train.population import Populations
from gatewise.workbench import Candidate, Workbench

if TYPE_CHECKING:
    import optuna

__all__ = ["Found", "Listener", "Trial", "search"]

MOST_MODELS = 40
"""Models kept in memory for the ensemble."""

FREE_EVERY, PARENTS, MOST_CHANGES = 4, 5, 3
"""Behind the first configurations every fourth trial is the sampler's own all over; the others change up to three
settings of one of the five best so far."""

STARTUP = 10
"""Trials drawn from the portfolio and at random before the sampler models the results (Optuna's default for TPE)."""


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
        number: from 0, in the order of asking.
        settings: its configuration.
        status: how its training ended: early-stopped, epoch-limit, interrupted, diverged, or failed where the data
            could not carry the configuration.
        message: one sentence on that.
        score: mean absolute scaled error of its best weights on the validation part; infinite if there are none.
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


Models = Sequence[tuple[Trial, Candidate]]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes:
        trials: every finished trial, in the order of asking.
        models: the trials with the lowest scores and their models, the best first.
    """

    trials: tuple[Trial, ...]
    models: tuple[tuple[Trial, Candidate], ...]

    @property
    def best(self) -> Trial:
        """The trial with the lowest score."""
        return self.models[0][0]


def search(
    bench: Workbench,
    space: Space,
    *,
    trials: int,
    storage: Callable[[], str] | None = None,
    listener: Listener | None = None,
    reserve: Callable[[Models], float] = lambda models: 0.0,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Search a space.

    Trial `k` is asked for when exactly the trials up to `k - lookahead` have been told, in their order: so the same
    seed proposes the same trials whatever their durations and however many run at once.

    Args:
        bench: the data, cut and on the device.
        space: what varies; its start carries time_limit, jobs, lookahead, sampler and seed.
        trials: trainings to make.
        storage: returns an Optuna storage URL, None keeps the study in memory; not asked where nothing varies.
        listener: is told of starts, epochs and ends.
        reserve: returns the seconds of the time limit that the models found so far will need after the search.
        should_stop: asked often; True ends running trials with their best weights and starts no new one.
        clock: seconds that only go forward.

    Raises:
        TrainingError: when no trial gave a usable model.
    """
    settings, listener = space.start, listener or Listener()
    limit = _Limit(settings.time_limit, should_stop, clock)
    # One training of given settings needs no sampler, and none of the libraries that come with it.
    study = _study(space, storage, trials) if space.priors else None
    waiting = len(study.get_trials(deepcopy=False)) if study else 0
    done: list[Trial] = []
    models: list[tuple[Trial, Candidate]] = []
    pending: deque[tuple[int, optuna.trial.Trial | None, Settings, Future[Candidate]]] = deque()
    populations = Populations(settings.lookahead) if accelerator() else None
    jobs = settings.lookahead if populations else settings.jobs or os.cpu_count() or 1
    workers = ThreadPoolExecutor(jobs, thread_name_prefix="trial")
    try:
        asked = 0
        while True:
            while asked < trials and len(pending) < settings.lookahead and not (limit.reached() and asked):
                if study and asked >= waiting and _is_local(settings, asked):
                    _enqueue_near(study, space, models, asked)
                proposal = study.ask() if study else None
                config = space.propose(proposal) if proposal else _member(space.portfolio, asked)
                listener.on_start(asked, config)
                observe = partial(_observe, listener, limit, asked)
                future = workers.submit(_train, bench, populations, config, observe=observe, should_stop=limit.reached)
                pending.append((asked, proposal, config, future))
                asked += 1
            if not pending:
                break
            number, proposal, config, future = pending.popleft()
            trial, candidate = _outcome(number, config, future)
            if study and proposal:
                _tell(study, proposal, trial)
            if trial.epochs or trial.status == "failed":
                done.append(trial)
                listener.on_trial(trial)
            if candidate is not None and math.isfinite(trial.score):
                # Sorting is stable: of two equal trials the earlier one leads.
                models = sorted([*models, (trial, candidate)], key=lambda one: one[0].score)[:MOST_MODELS]
                limit.reserved = reserve(models)
    finally:
        # Reached in the ordinary way nothing runs any more; on an exception the running trials end at their next chunk.
        limit.abandon()
        workers.shutdown(cancel_futures=True)
    if not models:
        said = "; ".join(dict.fromkeys(trial.message for trial in done)) or "none finished an epoch"
        raise TrainingError(f"training gave no usable model in {asked} trial{'s' * (asked != 1)}: {said}.")
    return Found(tuple(done), tuple(models))


def _member(portfolio: Sequence[Settings], number: int) -> Settings:
    """Return the settings of one of several trainings: the portfolio in turn, each further round with another seed."""
    settings, round_ = portfolio[number % len(portfolio)], number // len(portfolio)
    return settings.change(seed=(settings.seed + round_) % 2**31) if round_ else settings


def _train(bench: Workbench, populations: Populations | None, settings: Settings, **manner: Any) -> Candidate:
    """Train one configuration: on a thread of its own, or on an accelerator together with others of its kind."""
    with populations.entered() if populations else own_lane():
        return bench.train(settings, **manner)


class _Limit:
    """When running trials end and no new one starts.

    However short the time limit is, the first epoch of the first trial ends: there is always a model to show.
    """

    def __init__(self, time_limit: float | None, should_stop: Callable[[], bool], clock: Callable[[], float]):
        self._should_stop, self._clock = should_stop, clock
        self._deadline = clock() + time_limit if time_limit else math.inf
        self._any_epoch, self._abandoned = Event(), Event()
        self.reserved = 0.0

    def reached(self) -> bool:
        """Tell whether to stop."""
        late = self._clock() + self.reserved >= self._deadline and self._any_epoch.is_set()
        return late or self._should_stop() or self._abandoned.is_set()

    def epoch_ended(self) -> None:
        """Note that there is a model to show."""
        self._any_epoch.set()

    def abandon(self) -> None:
        """Stop everything, whatever the clock says."""
        self._abandoned.set()


def _observe(listener: Listener, limit: _Limit, number: int, epoch: Epoch) -> None:
    listener.on_epoch(number, epoch)
    limit.epoch_ended()


def _outcome(number: int, settings: Settings, future: Future[Candidate]) -> tuple[Trial, Candidate | None]:
    """Wait for a trial and return its record; one that the data cannot carry failed, and the search goes on."""
    try:
        candidate = future.result()
    except InputError as error:
        nothing = Trial(number, settings, "failed", str(error), math.inf, 0, 0, math.nan, math.nan, 0.0)
        return nothing, None
    training = candidate.training
    best = training.epochs[training.best_epoch - 1] if training.best_epoch else None
    trial = Trial(
        number=number,
        settings=settings,
        status=training.status,
        message=training.message,
        score=candidate.score if best else math.inf,
        best_epoch=training.best_epoch,
        epochs=len(training.epochs),
        train_loss=best.train_loss if best else math.nan,
        val_loss=training.best_loss,
        seconds=training.seconds,
    )
    return trial, candidate


def _study(space: Space, storage: Callable[[], str] | None, trials: int) -> optuna.Study:
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
    study = optuna.create_study(
        storage=storage() if storage else None, sampler=sampler, study_name="gatewise", direction="minimize"
    )
    encoded = [space.encode(settings) for settings in space.first()]
    for number, parameters in enumerate(encoded[:trials]):
        if parameters not in encoded[:number]:
            study.enqueue_trial(parameters)
    return study


def _is_local(settings: Settings, number: int) -> bool:
    """Tell whether a trial changes a good one in a few settings, or is the sampler's own all over."""
    return settings.sampler == "tpe" and number % FREE_EVERY != 0


def _enqueue_near(study: optuna.Study, space: Space, models: Models, number: int) -> None:
    """Leave the sampler only a few settings of the next trial to draw; the others are those of a good trial.

    In a space of two dozen settings hardly anything drawn all over comes near a preset that suits the data; what a good
    configuration lacks is mostly one change or two.
    """
    if not models:
        return
    generator = np.random.default_rng([space.start.seed, number])
    parent = models[int(generator.integers(min(PARENTS, len(models))))][0]
    parameters = space.encode(parent.settings)
    count = min(int(generator.integers(1, MOST_CHANGES + 1)), len(parameters))
    open_ = set(generator.choice(list(parameters), size=count, replace=False).tolist())
    study.enqueue_trial({name: value for name, value in parameters.items() if name not in open_})


def _tell(study: optuna.Study, proposal: optuna.trial.Trial, trial: Trial) -> None:
    from optuna.trial import TrialState

    facts: dict[str, Any] = {
        "settings": json.dumps(trial.settings.model_dump(mode="json")),
        "status": trial.status,
        "message": trial.message,
        "best_epoch": trial.best_epoch,
    }
    for name, value in facts.items():
        proposal.set_user_attr(name, value)
    if math.isfinite(trial.score):
        study.tell(proposal, trial.score)
    else:
        study.tell(proposal, state=TrialState.FAIL)

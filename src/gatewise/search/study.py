"""The coordinator of a search: who trains next, and the same result for any number of jobs and interruptions."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

from gatewise.architecture import Architecture
from gatewise.errors import InputError, RunFolderError, TrainingError
from gatewise.search.halving import Halving, rungs_of
from gatewise.search.price import price_of
from gatewise.search.proposals import Proposals
from gatewise.search.record import InMemory, Record
from gatewise.search.repeats import names_of, repeated, training_key
from gatewise.search.space import Space
from gatewise.search.stop import Stop
from gatewise.search.trial import Trial, failed, trial_of
from gatewise.settings import Settings
from gatewise.train.checkpoint import Checkpoint, Epoch
from gatewise.train.device import accelerator, own_lane
from gatewise.train.fit import Status, Training
from gatewise.train.population import Populations
from gatewise.workbench import Candidate, Workbench

__all__ = ["Found", "Listener", "Trial", "search"]

MOST_MODELS = 40
"""Trials whose models are kept for the ensemble."""


@dataclass
class Listener:
    """Is told of what happens; every method may be called from several threads.

    Attributes:
        on_start: a trial starts, or goes on from where it paused.
        on_epoch: a training ended an epoch.
        on_trial: a trial ended or paused.
        on_past: likewise, in an earlier process that this one goes on from.
    """

    on_start: Callable[[int, Settings], None] = field(default=lambda number, settings: None)
    on_epoch: Callable[[int, Epoch], None] = field(default=lambda number, epoch: None)
    on_trial: Callable[[Trial], None] = field(default=lambda trial: None)
    on_past: Callable[[Trial], None] = field(default=lambda trial: None)


Models = Sequence[tuple[Trial, Candidate]]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found.

    Attributes:
        trials: every trial, in the order of asking.
        models: the trials with the lowest scores and their models (one for each repeat), the best first.
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
    record: Record | None = None,
    storage: Callable[[], str] | None = None,
    listener: Listener | None = None,
    finals: int = 1,
    reserve: Callable[[Models], float] = lambda models: 0.0,
    should_stop: Callable[[], bool] = lambda: False,
    spent: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
) -> Found:
    """Search a space.

    The search is a sequence of steps; each trains a new trial, or one that paused, up to its next rung. A step is
    decided on when exactly the steps up to `lookahead` before it have been told, in their order: so the same seed makes
    the same steps whatever their durations, however many run at once, and wherever a crash fell between them.

    Args:
        bench: the data, cut and on the device.
        space: what varies; its start carries time_limit, jobs, lookahead, sampler, halving, repeats and seed.
        trials: trials to make.
        record: what the search remembers; a record with a past is gone on from.
        storage: returns an Optuna storage URL for the finished trials, None for no such file.
        listener: is told of starts, epochs and ends.
        finals: trials that train to their end, whatever the halving.
        reserve: returns the seconds of the time limit that the models found so far will need after the search.
        should_stop: asked often; True ends running trials with their best weights and starts no new one.
        spent: seconds of the time limit that an earlier process has used.
        clock: seconds that only go forward.

    Raises:
        TrainingError: when no trial gave a usable model.
        RunFolderError: when the record's past is not one of this search.
    """
    limit = Stop(space.start.time_limit, should_stop, clock, spent)
    coordinator = _Coordinator(bench, space, trials, record or InMemory(), storage, listener or Listener(), finals)
    return coordinator.run(limit, reserve)


@dataclass(eq=False)
class _Step:
    """One trial trained up to its next rung.

    Attributes:
        number: of the trial.
        settings: its configuration.
        parameters: what the sampler drew.
        rungs: the rungs that it had reached before.
        until: epochs at the rung, None for the end.
        final: whether it is made only because there are no new trials left to start.
        future: its trainings, None where an earlier process told of this step.
    """

    number: int
    settings: Settings
    parameters: Mapping[str, Any]
    rungs: tuple[tuple[int, float], ...]
    until: int | None
    final: bool = False
    future: Future[list[Candidate]] | None = None


class _Coordinator:
    """Decides on steps, hands them to workers, and hears of them in order."""

    def __init__(
        self,
        bench: Workbench,
        space: Space,
        trials: int,
        record: Record,
        storage: Callable[[], str] | None,
        listener: Listener,
        finals: int,
    ):
        self._bench, self._space, self._record, self._listener = bench, space, record, listener
        settings = space.start
        self._wanted, self._lookahead = trials, settings.lookahead
        self._halving = Halving(
            rungs_of(settings), settings.halving_factor, hyperband=settings.halving == "hyperband", finals=finals
        )
        # One training of given settings needs no sampler, and none of the libraries that come with it.
        self._proposals = Proposals(space, trials, storage) if space.priors else None
        self._past = deque(record.past)
        self._known: dict[int, Trial] = {}
        self._cut_off: dict[int, Trial] = {}
        self._models: list[tuple[Trial, list[Candidate]]] = []
        self._pending: deque[_Step] = deque()
        self._asked = 0
        self._taken: set[str] = set()
        self._compiled: set[Architecture] = set()
        self._closing = False

    def run(self, stop: Stop, reserve: Callable[[Models], float]) -> Found:
        """Make every step."""
        populations = Populations(self._lookahead) if accelerator() else None
        jobs = self._lookahead if populations else self._space.start.jobs or os.cpu_count() or 1
        workers = ThreadPoolExecutor(jobs, thread_name_prefix="trial")
        try:
            while True:
                while len(self._pending) < self._lookahead:
                    # What an earlier process told is heard whatever the clock says.
                    if not self._past and stop.reached() and self._asked:
                        break
                    step = self._next()
                    if step is None:
                        break
                    if not self._told_before(step):
                        self._listener.on_start(step.number, step.settings)
                        step.future = workers.submit(self._train, step, populations, stop)
                    self._pending.append(step)
                if not self._pending:
                    break
                self._hear(self._pending.popleft(), stop)
                if self._models and not self._past:
                    self._models = [self._with_model(one) for one in self._models]
                    stop.reserved = reserve(self._flat())
        finally:
            # Reached in the ordinary way nothing runs any more; on an exception running trials end at their next chunk.
            stop.abandon()
            workers.shutdown(cancel_futures=True)
        return self._found()

    def _next(self) -> _Step | None:
        """Return the next step; None where there is nothing to do before others are told."""
        number = self._halving.promote()
        if number is None and self._asked < self._wanted:
            number, self._asked = self._asked, self._asked + 1
            self._halving.begin(number)
            settings, parameters = self._ask(number)
            self._taken.add(training_key(settings))
            with suppress(InputError):  # one that builds no network fails as a trial
                self._compiled.add(self._bench.architecture(settings))
            return _Step(number, settings, parameters, (), self._halving.until(number))
        final = number is None
        if number is None:
            number = self._halving.finish()
        if number is None:
            return None
        known = self._known[number]
        return _Step(number, known.settings, known.parameters, known.rungs, self._halving.until(number), final)

    def _ask(self, number: int) -> tuple[Settings, dict[str, Any]]:
        """Return the configuration of a new trial, as an earlier process knew it or as the sampler proposes it."""
        past = next((one for one in self._past if one.number == number), None)
        if self._proposals is None:
            return _member(self._space.portfolio, number), {}
        if past is not None and not self._proposals.must_be_asked_again:
            return past.settings, dict(past.parameters)
        price = partial(price_of, self._bench, compiled=self._compiled)
        return self._proposals.ask(number, [trial for trial, _ in self._models], self._taken, price)

    def _told_before(self, step: _Step) -> bool:
        """Tell whether an earlier process told of a step: the steps that it did not tell of come last."""
        heard = len([one for one in self._pending if one.future is None])
        return heard < len(self._past)

    def _hear(self, step: _Step, stop: Stop) -> None:
        """Wait for a step, and take note of what came of it."""
        if step.future is None:
            trial, candidates = self._past.popleft(), []
            if trial.number != step.number or training_key(trial.settings) != training_key(step.settings):
                raise RunFolderError(
                    f"the run must go on from its own trials, but trial {trial.number} of its journal is not what this "
                    "version of Gatewise would have tried. Resume it with the version that made it, or start anew."
                )
        else:
            trial, candidates = self._outcome(step, step.future)
        # The past ends before the first step that was cut off: whatever ends behind it is there for this process only,
        # and its checkpoint stays for a later one, which goes on from there.
        self._closing |= trial.status == "interrupted"
        if self._closing:
            self._cut_off[trial.number] = trial
        else:
            self._halving.tell(trial.number, trial.score, ended=trial.ended)
            self._known[trial.number] = trial
            if step.future is not None:
                self._record.tell(trial)
            if self._proposals:
                self._proposals.tell(trial)
        if trial.epochs or trial.status == "failed":
            (self._listener.on_trial if step.future else self._listener.on_past)(trial)
            self._rank(trial, candidates)

    def _outcome(self, step: _Step, future: Future[list[Candidate]]) -> tuple[Trial, list[Candidate]]:
        """Wait for a step; a configuration that the data cannot carry failed, and the search goes on."""
        try:
            candidates = future.result()
        except InputError as error:
            return failed(step.number, step.settings, error, parameters=step.parameters, rungs=step.rungs), []
        trial = trial_of(step.number, step.settings, candidates, parameters=step.parameters)
        reached = () if step.until is None or trial.status == "interrupted" else ((step.until, trial.score),)
        trial = replace(trial, rungs=(*step.rungs, *reached), final=step.final)
        if not trial.ended:
            trial = replace(trial, message=f"paused after epoch {step.until}: others were better by then")
        return trial, candidates

    def _rank(self, trial: Trial, candidates: list[Candidate]) -> None:
        """Put a trial's models among the best, and forget those that fall behind them."""
        before = [one for one, _ in self._models if one.number != trial.number]
        models = [one for one in self._models if one[0].number != trial.number]
        if math.isfinite(trial.score):
            # Of two equal trials the older one leads.
            models = sorted([*models, (trial, candidates)], key=lambda one: (one[0].score, one[0].number))[:MOST_MODELS]
        self._models = models
        kept = {one.number for one, _ in models}
        for one in [*before, trial] if not self._closing else ():
            if one.number not in kept and one.ended:
                self._record.forget(names_of(one.number, one.settings.repeats))

    def _with_model(self, one: tuple[Trial, list[Candidate]]) -> tuple[Trial, list[Candidate]]:
        """Return a trial with its models, read where an earlier process trained them."""
        trial, candidates = one
        if candidates:
            return one
        made = []
        for name, settings in repeated(trial.number, trial.settings):
            checkpoint = self._record.keeper(name, training_key(settings)).load()
            if checkpoint is None:
                raise RunFolderError(
                    f"the run's checkpoint '{name}' is missing or damaged, without which it cannot go on. "
                    "Start a new run."
                )
            training = Training(checkpoint, cast("Status", trial.status), trial.message)
            made.append(self._bench.judged(settings, training))
        return trial, made

    def _train(self, step: _Step, populations: Populations | None, stop: Stop) -> list[Candidate]:
        """Train a configuration up to its rung: on a thread of its own, or on an accelerator together with others."""
        made = []
        for name, settings in repeated(step.number, step.settings):
            keeper = self._record.keeper(name, training_key(settings))
            # Of several trainings of a trial the first one is shown.
            observe = partial(self._observe, stop, None if made else step.number)
            with populations.entered() if populations else own_lane():
                checkpoint = keeper.load()
                told = step.rungs[-1][0] if step.rungs else 0
                for epoch in checkpoint.epochs[told:] if checkpoint else ():
                    observe(epoch)
                candidate = self._bench.train(
                    settings,
                    checkpoint=checkpoint,
                    observe=observe,
                    should_stop=stop.reached,
                    must_stop=stop.at_once,
                    keep=keeper.save if keeper.lasting else None,
                    until=step.until,
                )
            made.append(candidate)
            if candidate.training.status == "interrupted":
                break
            is_kept = keeper.lasting and (candidate.training.status == "paused" or _has_ended(checkpoint))
            if not is_kept:
                keeper.save(candidate.training.checkpoint)
        return made

    def _observe(self, stop: Stop, number: int | None, epoch: Epoch) -> None:
        if number is not None:
            self._listener.on_epoch(number, epoch)
        stop.epoch_ended()

    def _flat(self) -> list[tuple[Trial, Candidate]]:
        return [(trial, candidate) for trial, candidates in self._models for candidate in candidates]

    def _found(self) -> Found:
        cut_off = {number: one for number, one in self._cut_off.items() if one.epochs or one.status == "failed"}
        trials = {**self._known, **cut_off}
        if not self._models:
            said = "; ".join(dict.fromkeys(one.message for one in trials.values())) or "none finished an epoch"
            count = f"{self._asked} trial{'s' * (self._asked != 1)}"
            raise TrainingError(f"training gave no usable model in {count}: {said}.")
        if self._proposals:
            for trial in self._known.values():
                if not trial.ended:
                    self._proposals.store(trial)
        return Found(tuple(trials[number] for number in sorted(trials)), tuple(self._flat()))


def _has_ended(checkpoint: Checkpoint | None) -> bool:
    return checkpoint is not None and checkpoint.state is None


def _member(portfolio: Sequence[Settings], number: int) -> Settings:
    """Return the settings of one of several trainings: the portfolio in turn, each further round with another seed."""
    settings, round_ = portfolio[number % len(portfolio)], number // len(portfolio)
    return settings.change(seed=(settings.seed + round_) % 2**31) if round_ else settings

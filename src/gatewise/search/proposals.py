"""What the sampler proposes: a function of the trial's number and of the trials asked and told before, of nothing else.

Optuna's samplers carry a state from ask to ask. Here each ask has a sampler of its own, seeded by the trial's number,
over a study of the trials that were told: so a search that was interrupted proposes what it would have proposed.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.architecture import Knobs
from gatewise.errors import SettingsError
from gatewise.search.repeats import training_key
from gatewise.search.space import Space
from gatewise.search.trial import Trial
from gatewise.settings import Settings

if TYPE_CHECKING:
    import optuna

__all__ = ["STUDY", "Proposals"]

STUDY = "gatewise"
"""Name of the Optuna study in its storage."""

FREE_EVERY, PARENTS, MOST_CHANGES = 4, 5, 3
"""Behind the first configurations every fourth trial is the sampler's own all over; the others change up to three
settings of one of the five best so far."""

TURNED_EVERY = 2
"""Of the latter every second one changes knobs only, which compiles nothing: the learning rate is the first of them."""

KNOBS = {*Knobs._fields, *("learning_rate", "schedule", "decay_rate", "decay_steps", "staircase", "warmup")}
"""Settings that a compiled program takes as arguments."""

FEW = 8
"""Settings up to which a search draws every trial all over: the sampler finds its way in so small a space."""

ATTEMPTS = 5
"""Times that a configuration is looked for which has not been tried."""

DRAWS = 3
"""In a small space, configurations that the sampler draws for a trial, of which the cheapest is made: all promise about
the same, so the search takes less time. Behind the first ten every fourth is made as drawn, whatever it costs."""

STARTUP = 10
"""Trials drawn from the portfolio and at random before the sampler models the results (Optuna's default for TPE)."""


class Proposals:
    """Asks an Optuna sampler for configurations, and keeps the Optuna study of the trials that ended.

    Args:
        space: what varies; its start carries sampler and seed.
        trials: trainings that the search makes at most.
        storage: returns an Optuna storage URL for the study, None for no such file; asked once, and not before there
            is a trial to store.
    """

    def __init__(self, space: Space, trials: int, storage: Callable[[], str] | None = None):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._storage = space, storage
        first = [space.encode(one) for one in (space.portfolio if self._is_small else space.first())]
        self._first = [one for number, one in enumerate(first) if one not in first[:number]][:trials]
        self._frozen: dict[int, optuna.trial.FrozenTrial] = {}
        self._carried: dict[int, dict[str, Any]] = {}
        self._known: optuna.Study | None = None
        self._stored: optuna.Study | None = None
        self._is_stored: set[int] = set()

    @property
    def must_be_asked_again(self) -> bool:
        """Whether the sampler hands something on from ask to ask, which a resumed search has to make again."""
        return self._space.start.sampler == "cmaes"

    def ask(
        self,
        number: int,
        best: Sequence[Trial],
        taken: Collection[str] = (),
        price: Callable[[Settings], float] = lambda settings: 0.0,
    ) -> tuple[Settings, dict[str, Any]]:
        """Return the configuration of a trial, and the parameters that stand for it in the study.

        Args:
            number: of the trial, from 0.
            best: the trials with the lowest scores, the best first.
            taken: keys of the trainings that were tried already; another is looked for a few times.
            price: what a configuration costs to train.

        Raises:
            SettingsError: when the sampler needs a package that is not installed.
        """
        wanted = DRAWS if self._looks_for_cheap_ones(number) else 1
        drawn: list[tuple[Settings, dict[str, Any]]] = []
        last = self._ask(number, 0, best)
        for attempt in range(1, ATTEMPTS + 1):
            if training_key(last[0]) not in taken:
                drawn.append(last)
            if len(drawn) == wanted or attempt == ATTEMPTS:
                break
            last = self._ask(number, attempt, best)
        return min(drawn, key=lambda one: price(one[0])) if drawn else last

    def _looks_for_cheap_ones(self, number: int) -> bool:
        """Tell whether of several configurations of a trial the cheapest is made."""
        free = number < len(self._first) or (number >= STARTUP and number % FREE_EVERY == 0)
        return self._space.start.sampler == "tpe" and self._is_small and not free

    @property
    def _is_small(self) -> bool:
        return len(self._space.priors) <= FEW

    def _ask(self, number: int, attempt: int, best: Sequence[Trial]) -> tuple[Settings, dict[str, Any]]:
        from optuna.trial import TrialState

        study = self._study()
        study.sampler = _sampler(self._space.start.sampler, self._seed(number, attempt))
        if fixed := self._fixed(number, attempt, best):
            study.enqueue_trial(fixed)
        with warnings.catch_warnings():
            # A fixed value of a parameter that the sampler would not have drawn there is meant.
            warnings.simplefilter("ignore", UserWarning)
            asked = study.ask()
            settings = self._space.propose(asked)
        # Its result comes as a trial of its own; of this one only what it hands on to later ones stays.
        self._carried[number] = dict(study.get_trials(deepcopy=False)[asked.number].system_attrs)
        study.tell(asked, state=TrialState.FAIL)
        return settings, dict(asked.params)

    def tell(self, trial: Trial) -> None:
        """Note a trial that paused or ended; one that paused before takes the place of what was known of it."""
        if trial.number in self._frozen:
            self._known = None
        frozen = self._frozen_of(trial, self._carried.get(trial.number, {}))
        self._frozen[trial.number] = frozen
        if self._known is not None:
            self._known.add_trial(frozen)
        if trial.ended:
            self.store(trial)

    def store(self, trial: Trial) -> None:
        """Add a trial to the study that others open; those that pause when a search ends were pruned."""
        if self._storage is None:
            return
        if self._stored is None:
            self._stored = _opened(self._storage())
            self._is_stored = {one.user_attrs["trial"] for one in self._stored.get_trials(deepcopy=False)}
        if trial.number in self._is_stored:
            return
        frozen = self._frozen_of(trial, {})
        facts = {name: getattr(trial, name) for name in ("status", "message", "best_epoch", "epochs", "seconds")}
        settings = json.dumps(trial.settings.model_dump(mode="json"))
        frozen.user_attrs.update({"trial": trial.number, "settings": settings, **facts})
        self._stored.add_trial(frozen)
        self._is_stored.add(trial.number)

    def _study(self) -> optuna.Study:
        """Return the study of what was told, in the order of the trials."""
        import optuna

        if self._known is None:
            self._known = optuna.create_study(direction="minimize", sampler=optuna.samplers.RandomSampler(seed=0))
            self._known.add_trials(self._frozen.values())
        return self._known

    def _frozen_of(self, trial: Trial, carried: Mapping[str, Any]) -> optuna.trial.FrozenTrial:
        from optuna.trial import TrialState, create_trial

        scored = math.isfinite(trial.score)
        paused = TrialState.PRUNED if trial.rungs else TrialState.FAIL
        seen = _Seen(trial.parameters)
        self._space.propose(seen)
        return create_trial(
            state=(TrialState.COMPLETE if trial.ended else paused) if scored else TrialState.FAIL,
            value=trial.score if scored else None,
            params=dict(trial.parameters),
            distributions=seen.distributions,
            intermediate_values={epochs: score for epochs, score in trial.rungs if math.isfinite(score)},
            system_attrs=dict(carried),
        )

    def _seed(self, number: int, attempt: int) -> int:
        return int(np.random.default_rng([self._space.start.seed, number, 1, attempt]).integers(2**31))

    def _fixed(self, number: int, attempt: int, best: Sequence[Trial]) -> dict[str, Any]:
        """Return what the sampler does not draw of a trial.

        The first ones are the portfolio and ideas around it. Of most others the sampler draws a few settings only, and
        the rest is that of a good trial: in a space of two dozen settings hardly anything drawn all over comes near a
        preset that suits the data; what a good configuration lacks is mostly one change or two.
        """
        if number < len(self._first):
            return self._first[number]
        if self._space.start.sampler != "tpe" or self._is_small or number % FREE_EVERY == 0 or not best:
            return {}
        generator = np.random.default_rng([self._space.start.seed, number, 0, attempt])
        parent = best[int(generator.integers(min(PARENTS, len(best))))]
        parameters = self._space.encode(parent.settings)
        knobs = [name for name in parameters if name.removeprefix("sgd_") in KNOBS]
        names = knobs if knobs and number % TURNED_EVERY else list(parameters)
        count = min(int(generator.integers(1, MOST_CHANGES + 1)), len(names))
        open_ = set(generator.choice(names, size=count, replace=False).tolist())
        return {name: value for name, value in parameters.items() if name not in open_}


def _opened(storage: str) -> optuna.Study:
    """Return the study in a storage, made anew where an earlier process left trials that are not final."""
    import optuna
    from optuna.trial import TrialState

    study = optuna.create_study(
        storage=storage,
        study_name=STUDY,
        direction="minimize",
        sampler=optuna.samplers.RandomSampler(),
        load_if_exists=True,
    )
    final = (TrialState.COMPLETE, TrialState.FAIL)
    if all(one.state in final and "trial" in one.user_attrs for one in study.get_trials(deepcopy=False)):
        return study
    optuna.delete_study(study_name=STUDY, storage=storage)
    return _opened(storage)


class _Seen:
    """Gives back the parameters of a trial, and notes the distribution of each."""

    def __init__(self, parameters: Mapping[str, Any]):
        self._parameters = parameters
        self.distributions: dict[str, Any] = {}

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        from optuna.distributions import CategoricalDistribution

        return self._value(name, CategoricalDistribution(choices))

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        from optuna.distributions import FloatDistribution

        return self._value(name, FloatDistribution(low, high, log=log))

    def suggest_int(self, name: str, low: int, high: int) -> int:
        from optuna.distributions import IntDistribution

        return self._value(name, IntDistribution(low, high))

    def _value(self, name: str, distribution: Any) -> Any:
        self.distributions[name] = distribution
        return self._parameters[name]


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    """Return an Optuna sampler by its name."""
    import optuna

    with warnings.catch_warnings():
        # Multivariate TPE is marked experimental; its results are what is wanted and are pinned by the lock file.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        match name:
            case "random":
                return optuna.samplers.RandomSampler(seed=seed)
            case "cmaes":
                return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
            case "gp":
                _require_torch()
                return optuna.samplers.GPSampler(seed=seed)
            case _:
                return optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP, multivariate=True, group=True)


def _require_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise SettingsError(
            "sampler gp needs the package torch, on which Optuna builds it, but torch is not installed. "
            "Install it with 'pip install torch', or use sampler tpe."
        )

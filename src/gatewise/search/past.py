"""The trials of a finished or stopped search, read back from its Optuna study, and what it varied."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gatewise.errors import GatewiseError, RunFolderError
from gatewise.search.space import SGD_FACTOR
from gatewise.settings import Prior, Settings
from gatewise.table import settings_table

if TYPE_CHECKING:
    import optuna

__all__ = ["Past", "Tried", "open_study", "past_trials", "priors_of"]

STUDY = "gatewise"
"""Name of the study in ``study.db``."""


class Tried(Protocol):
    """What importance and advice need of a trial; `gatewise.search.study.Trial` has it."""

    @property
    def number(self) -> int:
        """Return its number, from 0 in the order of asking."""
        ...

    @property
    def settings(self) -> Settings:
        """Return its configuration."""
        ...

    @property
    def status(self) -> str:
        """Return how its training ended."""
        ...

    @property
    def score(self) -> float:
        """Return its MASE on the validation part, infinite where it has none."""
        ...

    @property
    def best_epoch(self) -> int:
        """Return the epoch of its weights."""
        ...


class Past(NamedTuple):
    """A trial as the study keeps it; see `gatewise.search.study.Trial` for what each field means."""

    number: int
    settings: Settings
    status: str
    score: float
    best_epoch: int

    @property
    def usable(self) -> bool:
        """Whether it has a score."""
        return math.isfinite(self.score)


def open_study(run_dir: str | Path) -> optuna.Study:
    """Return the Optuna study of a run folder.

    Raises:
        RunFolderError: when the folder holds none, as that of ``gatewise fit``, or it cannot be read.
    """
    path = Path(run_dir) / "study.db"
    if not path.is_file():
        raise RunFolderError(
            f"RUN_DIR must be the folder of a search, but '{run_dir}' holds no study.db. Name a folder that "
            "'gatewise tune' or 'gatewise demo' has written."
        )
    import optuna
    from sqlalchemy import URL

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = URL.create("sqlite", database=str(path.resolve())).render_as_string()
    try:
        return optuna.load_study(study_name=STUDY, storage=url)
    except Exception as error:  # SQLAlchemy, SQLite and Optuna each have their own
        raise RunFolderError(f"cannot read '{path}': {error}. Name another run folder.") from None


def past_trials(study: optuna.Study) -> tuple[Past, ...]:
    """Return the ended trials of a study, by number; those that it was killed in the middle of are left out."""
    made = []
    for trial in study.get_trials(deepcopy=False):
        if not trial.state.is_finished() or "settings" not in trial.user_attrs:
            continue
        facts = trial.user_attrs
        try:
            settings = Settings.of(**json.loads(facts["settings"]))
        except GatewiseError as error:
            raise RunFolderError(
                f"every trial must have settings of this version of Gatewise, but trial {trial.number} has not: {error}"
            ) from None
        score = trial.value if trial.value is not None else math.inf
        made.append(
            Past(trial.number, settings, str(facts.get("status", "")), score, int(facts.get("best_epoch") or 0))
        )
    return tuple(made)


def priors_of(study: optuna.Study) -> dict[str, Prior]:
    """Return what a study varied, by setting, in the order of the table of settings.

    A parameter that belongs to another setting's value, such as ``patch_of_336``, is folded into its own: its choices
    join the others. The learning rates of plain SGD count as those of the other optimizers, which are `SGD_FACTOR`
    times smaller.
    """
    from optuna.distributions import CategoricalDistribution

    known = {row.name: row.prior for row in settings_table()}
    found: dict[str, Prior] = {}
    for trial in study.get_trials(deepcopy=False):
        for parameter, kind in trial.distributions.items():
            name, factor = _setting_of(parameter, known)
            if name is None:
                continue
            prior, table = found.get(name), known[name]
            if isinstance(kind, CategoricalDistribution):
                before = prior.choices if prior else ()
                found[name] = Prior(choices=_joined(before, kind.choices), when=table.when if table else None)
            elif prior is None or factor == 1:
                low, high = kind.low / factor, kind.high / factor  # pyright: ignore[reportAttributeAccessIssue]
                log = bool(kind.log)  # pyright: ignore[reportAttributeAccessIssue]
                found[name] = Prior(low, high, log, when=table.when if table else None)
    return {name: found[name] for name in known if name in found}


def _setting_of(parameter: str, known: Mapping[str, object]) -> tuple[str | None, float]:
    """Return the setting behind a parameter of the study, and by how much its values are larger."""
    if parameter == "sgd_learning_rate":
        return "learning_rate", SGD_FACTOR
    name = parameter if parameter in known else parameter.rpartition("_of_")[0]
    return (name if name in known else None), 1.0


def _joined(before: Sequence[object], after: Sequence[object]) -> tuple[object, ...]:
    """Return choices together, numbers in their order."""
    every = tuple(dict.fromkeys((*before, *after)))
    return tuple(sorted(every)) if all(isinstance(one, int | float) for one in every) else every  # pyright: ignore[reportArgumentType]

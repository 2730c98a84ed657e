"""What an experiment will do, checked and resolved before anything is trained or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from gatewise.architecture import architecture_of
from gatewise.data.check import Diagnosis, diagnose
from gatewise.data.panel import Panel
from gatewise.data.split import Split
from gatewise.errors import SettingsError, nearest
from gatewise.preset import resolve
from gatewise.search.ranges import ranges_of
from gatewise.search.space import Space, space_of
from gatewise.settings import Settings
from gatewise.workbench import Workbench

__all__ = ["Command", "Plan", "Source", "plan"]

Command = Literal["fit", "tune", "demo"]

TUNED_MEMBERS = 8
"""Trials that a search combines at most where the user sets no number."""


class Source(NamedTuple):
    """The files that an experiment reads, as absolute paths; None where it was given a frame, or nothing."""

    data: str | None = None
    future_data: str | None = None

    @classmethod
    def of(cls, data: Any, future_data: Any) -> Source:
        """Return the source of what a user gave: files by their paths, frames by nothing."""
        tables = (data, future_data)
        return cls(*(str(Path(one).resolve()) if isinstance(one, str | Path) else None for one in tables))


NO_FILES = Source()


@dataclass(frozen=True, eq=False)
class Plan:
    """An experiment that has passed every check and can start.

    Attributes:
        command: what was asked for.
        given: the settings that the user set, by name.
        source: where the data came from.
        panel: the data.
        settings: resolved settings.
        reasons: why the preset chose what it chose.
        diagnosis: what the data doctor found.
        space: what the search varies; nothing for one training.
        bench: the data without its test part, ready for training.
    """

    command: Command
    given: Mapping[str, Any]
    source: Source
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


def plan(command: Command, panel: Panel, given: dict[str, Any], source: Source = NO_FILES) -> Plan:
    """Check an experiment and resolve its settings; nothing is trained or written.

    Args:
        command: ``fit`` for one training, ``tune`` or ``demo`` for a search.
        panel: the data.
        given: the settings that the user set, by name.
        source: where the data came from.

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
    diagnosis = diagnose(panel, settings.season)
    return Plan(command, given, source, panel, space.start, resolved.reasons, diagnosis, space, bench)


def _space(portfolio: tuple[Settings, ...], given: dict[str, Any], bench: Workbench, windows: int) -> Space:
    """Return what a search varies: all that was left open, or just what `vary` names."""
    named = portfolio[0].vary or ()
    ranges = ranges_of(portfolio[0].space or ())
    pinned = {name for name, value in given.items() if value is not None and name not in named}
    if both := [name for name in ranges if given.get(name) is not None]:
        raise SettingsError(
            f"space gives a range to '{both[0]}', but it is also set to {given[both[0]]}. Leave one of the two out."
        )
    rows = int(np.median(bench.panel.lengths)) - bench.split.validation
    positive = all(one.values.min() >= 0 for one in bench.panel)
    priors = space_of(portfolio, pinned, rows, windows, positive, ranges).priors
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
        priors = space_of(portfolio, pinned, rows, windows, positive, ranges).priors
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

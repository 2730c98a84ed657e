"""The search space: the table's priors, narrowed to what the data can carry, and a portfolio to start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gatewise.preset import CLASSIC, LONGEST_SEASONAL_WINDOW
from gatewise.settings import Prior, Settings
from gatewise.table import settings_table

__all__ = ["FROM_DATA", "Space", "space_of"]

FROM_DATA = ("window", "patch", "base")
"""Settings whose range only the data can tell; the table has no prior for them."""

MOST_STEPS = 64
"""Longest LSTM sequence that a search proposes, in patches: more costs time and trains worse (Bengio et al., 1994)."""

SGD_FACTOR = 10.0
"""Plain SGD needs learning rates about this many times those of the adaptive optimizers."""


class Proposer(Protocol):
    """What `Space.propose` needs of an Optuna trial."""

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...
    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int) -> int: ...


@dataclass(frozen=True)
class Space:
    """What a search varies around its start.

    Attributes:
        start: the preset's settings; whatever has no prior stays as it is here.
        priors: how each varied setting is drawn, in the order of the table.
    """

    start: Settings
    priors: Mapping[str, Prior]

    def propose(self, trial: Proposer) -> Settings:
        """Return one configuration, drawn setting by setting; a setting whose condition fails keeps its start."""
        values: dict[str, Any] = {}
        for name, prior in self.priors.items():
            if prior.when is not None:
                other, allowed = prior.when
                if values.get(other, getattr(self.start, other)) not in allowed:
                    continue
            values[name] = self._draw(trial, name, prior)
        if values.get("optimizer", self.start.optimizer) == "sgd" and "learning_rate" in values:
            values["learning_rate"] *= SGD_FACTOR
        return self.start.change(**values)

    def _draw(self, trial: Proposer, name: str, prior: Prior) -> Any:
        if prior.choices:
            return trial.suggest_categorical(name, list(prior.choices))
        assert prior.low is not None and prior.high is not None  # a prior without choices is a range
        if isinstance(getattr(self.start, name), int):
            return trial.suggest_int(name, int(prior.low), int(prior.high))
        return trial.suggest_float(name, prior.low, prior.high, log=prior.log)

    def encode(self, settings: Settings) -> dict[str, Any]:
        """Return settings as the parameters that `propose` would have drawn, nearest where a choice lacks one."""
        encoded: dict[str, Any] = {}
        for name, prior in self.priors.items():
            value = getattr(settings, name)
            value = ",".join(map(str, value)) if isinstance(value, tuple) else value
            if prior.choices:
                if value in prior.choices:
                    encoded[name] = value
            elif prior.low is not None and prior.high is not None:
                encoded[name] = type(value)(min(max(value, prior.low), prior.high))
        return encoded

    def portfolio(self) -> list[Settings]:
        """Return configurations worth a try on any data, the preset's own first and the textbook's second.

        Each of the others changes one idea of the start: what is forecast around, how a window is normalised, how
        long a window and how fine its patches are, small batches with much dropout, large batches, noise.
        """
        classic = {name: value for name, value in CLASSIC.items() if name in self.priors and name != "window"}
        ideas: list[dict[str, Any]] = [
            {},
            {"base": "last", "normalise": "last", "patch": self._choice("patch", min)},
            {"base": "none", "normalise": "standard", "learning_rate": 1e-3},
            {"window": self._choice("window", max), "patch": self._choice("patch", max)},
            {"learning_rate": 1e-3, "schedule": "one-cycle", "dropout": 0.2, "batch_size": 16},
            {"batch_size": self._choice("batch_size", max), "learning_rate": 1e-2},
            {"loss": "mse", "noise": 0.05, "normalise": "standard"},
        ]
        ideas.insert(1, {"window": self._choice("window", min), "patch": self._choice("patch", min), **classic})
        made = [self.start.change(**{n: v for n, v in idea.items() if n in self.priors}) for idea in ideas]
        return [one for number, one in enumerate(made) if one not in made[:number]]

    def _choice(self, name: str, pick: Callable[..., Any]) -> Any:
        return pick(self.priors[name].choices) if name in self.priors else getattr(self.start, name)


def space_of(start: Settings, given: Mapping[str, Any], train_rows: int) -> Space:
    """Return the space around resolved settings.

    Args:
        start: the preset's settings.
        given: settings that the user set; they do not vary.
        train_rows: rows of the shortest series' training part.
    """
    priors: dict[str, Prior] = {}
    for row in settings_table():
        if row.group in ("recipe", "network", "training") and given.get(row.name) is None:
            prior = _from_data(row.name, start, given, train_rows) or row.prior
            if prior is not None and len(prior.choices) != 1:
                priors[row.name] = prior
    return Space(start, priors)


def _from_data(name: str, start: Settings, given: Mapping[str, Any], train_rows: int) -> Prior | None:
    """Return the prior of a setting whose range depends on the data, None where the table's stands."""
    match name:
        case "window":
            return Prior(choices=_windows(start, given, train_rows))
        case "patch":
            fixed = given.get("window")
            windows = (fixed,) if fixed is not None else _windows(start, given, train_rows)
            return Prior(choices=_patches(start, windows))
        case "base":
            seasonal = (start.season or 1) > 1 and (start.window or 1) >= (start.season or 1)
            return Prior(choices=("none", "last", "season") if seasonal else ("none", "last"))
        case "decoding":
            # One step fed back a hundred times costs a hundred passes and drifts; the search leaves that to --set.
            return Prior(choices=("direct", "recursive") if 1 < (start.horizon or 1) <= 26 else ("direct",))
        case "hidden":
            sizes = ("16", "32", "64", "32,32")
            return Prior(choices=sizes if train_rows < 1000 else (*sizes, "128", "64,32", "64,64"))
        case "batch_size":
            sizes = tuple(size for size in (16, 32, 64, 128, 256) if size <= max(train_rows // 4, 16))
            return Prior(choices=sizes)
        case "noise" | "magnitude":
            return Prior(choices=(0.0, 0.02, 0.05, 0.1))
        case "shift":
            return Prior(choices=(0, 1, 2, 4))
        case "l2":
            return Prior(choices=(0.0, 1e-6, 1e-5, 1e-4))
        case "clip_norm":
            return Prior(choices=(0.0, 0.1, 0.5, 1.0, 5.0))
        case "recurrent_dropout":
            return Prior(choices=(0.0, 0.1, 0.2))
    return None


def _unit(start: Settings) -> int:
    """Return the step in which windows grow: a season, or a small round number."""
    season, window = start.season or 1, start.window or 1
    if 1 < season <= LONGEST_SEASONAL_WINDOW // 2 and window % season == 0:
        return season
    return next(unit for unit in (8, 7, 4, 2, 1) if window % unit == 0)


def _windows(start: Settings, given: Mapping[str, Any], train_rows: int) -> tuple[int, ...]:
    """Return windows to try: the start's, and one to four times the unit's multiples that fit."""
    unit, chosen, horizon = _unit(start), start.window or 1, start.horizon or 1
    longest = max((train_rows - horizon) // 2, chosen)
    seasonal = unit == start.season
    multiples = (1, 2, 3, 4, 6, 8) if seasonal else (2, 4, 8, 16)
    sizes = {unit * multiple for multiple in multiples if unit * multiple <= min(longest, LONGEST_SEASONAL_WINDOW)}
    sizes = {size for size in sizes if size >= min(horizon // 2, chosen)} | {chosen}
    patch = given.get("patch") or 1
    return tuple(sorted(size for size in sizes if size % patch == 0)) or (chosen,)


def _patches(start: Settings, windows: tuple[int, ...]) -> tuple[int, ...]:
    """Return patches that divide every window and keep its sequence short enough, at most four of them."""
    common = [patch for patch in range(1, min(windows) + 1) if all(window % patch == 0 for window in windows)]
    short = [patch for patch in common if max(windows) // patch <= MOST_STEPS] or common[-1:]
    spread = {short[0], short[len(short) // 3], short[2 * len(short) // 3], short[-1], start.patch}
    return tuple(sorted(patch for patch in spread if patch in common))

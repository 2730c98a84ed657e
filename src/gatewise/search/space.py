"""The search space: the table's priors, narrowed to what the data can carry, and a portfolio to start from."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gatewise.architecture import knobs_of
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
            optimizer = values.get("optimizer", self.start.optimizer)
            values[name] = self._draw(trial, *_parameter(name, prior, optimizer), like=getattr(self.start, name))
        return self.start.change(**values)

    @staticmethod
    def _draw(trial: Proposer, parameter: str, prior: Prior, like: Any) -> Any:
        if prior.low is None or prior.high is None:
            return trial.suggest_categorical(parameter, list(prior.choices))
        if isinstance(like, int):
            return trial.suggest_int(parameter, int(prior.low), int(prior.high))
        return trial.suggest_float(parameter, prior.low, prior.high, log=prior.log)

    def encode(self, settings: Settings) -> dict[str, Any]:
        """Return settings as the parameters that `propose` draws them from; a range takes the nearest value in it."""
        encoded: dict[str, Any] = {}
        for name, table_prior in self.priors.items():
            parameter, prior = _parameter(name, table_prior, settings.optimizer)
            value = getattr(settings, name)
            value = getattr(knobs_of(settings), name) if value is None else value
            value = ",".join(map(str, value)) if isinstance(value, tuple) else value
            if value in prior.choices:
                encoded[parameter] = value
            elif prior.low is not None and prior.high is not None and value is not None:
                encoded[parameter] = type(value)(min(max(value, prior.low), prior.high))
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
            {"base": "none", "normalise": "mean", "rescale": "std", "learning_rate": 1e-3},
            {"window": self._choice("window", max), "patch": self._choice("patch", max)},
            {"learning_rate": 1e-3, "schedule": "one-cycle", "dropout": 0.2, "batch_size": 16},
            {"batch_size": self._choice("batch_size", max), "learning_rate": 1e-2},
            {"loss": "mse", "noise": 0.05, "normalise": "mean", "rescale": "std"},
        ]
        ideas.insert(1, {"window": self._choice("window", min), "patch": self._choice("patch", min), **classic})
        made = [self.start.change(**{n: v for n, v in idea.items() if n in self.priors}) for idea in ideas]
        return [one for number, one in enumerate(made) if one not in made[:number]]

    def _choice(self, name: str, pick: Callable[..., Any]) -> Any:
        return pick(self.priors[name].choices) if name in self.priors else getattr(self.start, name)


def _parameter(name: str, prior: Prior, optimizer: str) -> tuple[str, Prior]:
    """Return the parameter of the study behind a setting: plain SGD has learning rates of its own."""
    if name == "learning_rate" and optimizer == "sgd" and prior.low and prior.high:
        return "sgd_learning_rate", prior._replace(low=prior.low * SGD_FACTOR, high=prior.high * SGD_FACTOR)
    return name, prior


def space_of(start: Settings, pinned: Container[str], train_rows: int, train_windows: int) -> Space:
    """Return the space around resolved settings.

    Args:
        start: the preset's settings.
        pinned: names of settings that do not vary.
        train_rows: rows of the shortest series' training part, which bound the window.
        train_windows: training windows of all series, which bound network and batch.
    """
    data = _Data(start, pinned, train_rows, train_windows)
    priors: dict[str, Prior] = {}
    for row in settings_table():
        if row.group in ("recipe", "network", "training") and row.name not in pinned:
            prior = data.prior(row.name) or row.prior
            if prior is not None and len(prior.choices) != 1:
                priors[row.name] = prior
    return Space(start, priors)


@dataclass(frozen=True)
class _Data:
    """What bounds the settings that depend on the data."""

    start: Settings
    pinned: Container[str]
    train_rows: int
    train_windows: int

    def prior(self, name: str) -> Prior | None:
        """Return the prior of a setting whose range depends on the data, None where the table's stands."""
        start = self.start
        match name:
            case "window":
                return Prior(choices=self.windows())
            case "patch":
                return Prior(choices=self.patches())
            case "base":
                return Prior(choices=("none", "last", "season") if self.season_fits else ("none", "last"))
            case "decoding":
                # One step fed back a hundred times costs a hundred passes and drifts; that is left to --set.
                return Prior(choices=("direct", "recursive") if 1 < (start.horizon or 1) <= 26 else ("direct",))
            case "hidden":
                sizes = ("16", "32", "64", "32,32")
                sizes = sizes if self.train_windows < 1000 else (*sizes, "128", "64,32", "64,64")
                return Prior(choices=_with(sizes, ",".join(map(str, start.hidden))))
            case "batch_size":
                sizes = [size for size in (16, 32, 64, 128, 256) if size <= max(self.train_windows // 4, 16)]
                return Prior(choices=_with(sizes, start.batch_size))
        return None

    @property
    def season_fits(self) -> bool:
        """Whether the start's window holds a season."""
        return 1 < (self.start.season or 1) <= (self.start.window or 1)

    def windows(self) -> tuple[int, ...]:
        """Return windows to try: the start's, and multiples of its unit that fit the data and the start's patch.

        The unit is a season where that divides the start's window, else a small round number.
        """
        season, chosen, horizon = self.start.season or 1, self.start.window or 1, self.start.horizon or 1
        seasonal = 1 < season <= LONGEST_SEASONAL_WINDOW // 2 and chosen % season == 0
        unit = season if seasonal else next(unit for unit in (8, 7, 4, 2, 1) if chosen % unit == 0)
        longest = min(max((self.train_rows - horizon) // 2, chosen), LONGEST_SEASONAL_WINDOW)
        shortest = min(horizon // 2, chosen)
        if self.season_fits and ("base" not in self.pinned or self.start.base == "season"):
            shortest = max(shortest, season)
        sizes = {unit * multiple for multiple in ((1, 2, 3, 4, 6, 8) if seasonal else (2, 4, 8, 16))}
        fitting = {size for size in sizes if shortest <= size <= longest and size % self.start.patch == 0}
        return tuple(sorted(fitting | {chosen}))

    def patches(self) -> tuple[int, ...]:
        """Return patches that divide every window and keep its sequence short enough, the start's among them."""
        windows = (self.start.window or 1,) if "window" in self.pinned else self.windows()
        common = [patch for patch in range(1, min(windows) + 1) if all(window % patch == 0 for window in windows)]
        short = [patch for patch in common if max(windows) // patch <= MOST_STEPS] or common[-1:]
        spread = (short[0], short[len(short) // 3], short[2 * len(short) // 3], short[-1])
        return _with(spread, self.start.patch)


def _with(choices: Iterable[Any], start: Any) -> tuple[Any, ...]:
    """Return the choices with the start's value among them: numbers sorted, text in its order."""
    known = tuple(dict.fromkeys(choices))
    if isinstance(start, str):
        return known if start in known else (*known, start)
    return tuple(sorted({*known, start}))

"""The search space: the table's priors, narrowed to what the data can carry, and a portfolio to start from."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from gatewise.architecture import knobs_of, steps_of
from gatewise.auto import LONGEST_WINDOW
from gatewise.preset import CLASSIC
from gatewise.settings import Prior, Settings
from gatewise.table import settings_table

__all__ = ["FROM_DATA", "Space", "space_of"]

FROM_DATA = ("window", "patch", "transform", "base", "calendar", "decoding", "segment")
"""Settings whose range only the data can tell; the table has no prior for them."""

MOST_STEPS = 64
"""Longest LSTM sequence that a search proposes, in patches: more costs time and trains worse (Bengio et al., 1994)."""

STEPS = (4, 14, 28, MOST_STEPS)
"""Lengths of the LSTM's sequence that patches are chosen for."""

LARGE = 50_000
"""Training windows from which on small networks and small batches are not worth a trial."""

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
        portfolio: the preset's settings, one or several; whatever has no prior stays as it is in the first.
        priors: how each varied setting is drawn, in the order of the table; a patch is drawn from those that divide
            the window.
    """

    portfolio: tuple[Settings, ...]
    priors: Mapping[str, Prior] = field(default_factory=dict)

    @property
    def start(self) -> Settings:
        """The first of the portfolio."""
        return self.portfolio[0]

    def propose(self, trial: Proposer) -> Settings:
        """Return one configuration, drawn setting by setting.

        A setting whose condition fails is as in the first of the portfolio where it fails, too, or else in the start.
        """
        values: dict[str, Any] = {}
        for name, prior in self.priors.items():
            if prior.when is not None:
                other, allowed = prior.when
                if values.get(other, getattr(self.start, other)) not in allowed:
                    idle = [one for one in self.portfolio if getattr(one, other) not in allowed] or self.portfolio
                    values[name] = getattr(idle[0], name)
                    continue
            parameter, own = self._parameter(name, lambda other: values.get(other, getattr(self.start, other)))
            values[name] = self._draw(trial, parameter, own, like=getattr(self.start, name))
        return self.start.change(**values)

    @staticmethod
    def _draw(trial: Proposer, parameter: str, prior: Prior, like: Any) -> Any:
        if len(prior.choices) == 1:
            return prior.choices[0]
        if prior.low is None or prior.high is None:
            return trial.suggest_categorical(parameter, list(prior.choices))
        if isinstance(like, int):
            return trial.suggest_int(parameter, int(prior.low), int(prior.high))
        return trial.suggest_float(parameter, prior.low, prior.high, log=prior.log)

    def encode(self, settings: Settings) -> dict[str, Any]:
        """Return settings as the parameters that `propose` draws them from; a range takes the nearest value in it."""
        encoded: dict[str, Any] = {}
        for name in self.priors:
            parameter, prior = self._parameter(name, partial(getattr, settings))
            value = getattr(settings, name)
            value = _plain(getattr(knobs_of(settings), name, None) if value is None else value)
            if len(prior.choices) == 1:
                continue
            if value in prior.choices:
                encoded[parameter] = value
            elif prior.low is not None and prior.high is not None and value is not None:
                encoded[parameter] = type(value)(min(max(value, prior.low), prior.high))
        return encoded

    def first(self) -> list[Settings]:
        """Return the configurations that a search tries first: the preset's portfolio, then what is worth a try.

        The latter are changes of one idea of the start (thrice the largest network, a smaller learning rate with weight
        decay and more dropout, averaged weights, one cycle, noise), each on another of the portfolio, and the
        textbook's recipe.
        """
        classic = {name: value for name, value in CLASSIC.items() if name != "window"}
        ideas: list[dict[str, Any]] = [
            *[{"hidden": self._largest("hidden")}] * 3,
            {"learning_rate": 1e-3, "optimizer": "adamw", "dropout": 0.3},
            {"averaging": 0.998, "batch_size": self._largest("batch_size")},
            {"learning_rate": 1e-3, "schedule": "one-cycle", "dropout": 0.2},
            {"loss": "mse", "noise": 0.05},
            classic,
        ]
        around = [self.portfolio[number % len(self.portfolio)] for number in range(len(ideas))]
        made = [
            one.change(**{name: value for name, value in idea.items() if name in self.priors})
            for one, idea in zip(around, ideas, strict=True)
        ]
        made = [*self.portfolio, *made]
        return [one for number, one in enumerate(made) if one not in made[:number]]

    def _largest(self, name: str) -> Any:
        """Return the last choice of a setting, which is the largest."""
        return self.priors[name].choices[-1] if name in self.priors else getattr(self.start, name)

    def _parameter(self, name: str, value_of: Callable[[str], Any]) -> tuple[str, Prior]:
        """Return the parameter of the study behind a setting, and its prior, given the settings before it.

        Plain SGD has learning rates of its own, each window patches of its own, and a window shorter than a season has
        no base or level of that season.
        """
        prior = self.priors[name]
        if name == "learning_rate" and value_of("optimizer") == "sgd" and prior.low and prior.high:
            rates = [one.learning_rate for one in self.portfolio if one.optimizer == "sgd"]
            low, high = min([prior.low * SGD_FACTOR, *rates]), max([prior.high * SGD_FACTOR, *rates])
            return "sgd_learning_rate", prior._replace(low=low, high=high)
        if name == "patch":
            window = value_of("window")
            used = {one.patch for one in self.portfolio if one.window == window}
            dividing = tuple(patch for patch in prior.choices if window % patch == 0)
            short = tuple(patch for patch in dividing if window // patch <= MOST_STEPS or patch in used)
            return f"patch_of_{window}", prior._replace(choices=short or dividing[-1:] or (1,))
        if name in ("base", "normalise"):
            window = value_of("window") or 1
            fitting = tuple(choice for choice in prior.choices if _period(self.start, choice) <= window)
            if fitting != prior.choices:
                return f"{name}_of_{window}", prior._replace(choices=fitting)
        return name, prior


def _period(settings: Settings, choice: str) -> int:
    """Return the steps that a base or a level of the window needs."""
    return steps_of(choice, settings.season or 1, settings.long_season or 1)


def space_of(
    portfolio: Sequence[Settings],
    pinned: Container[str],
    train_rows: int,
    train_windows: int,
    positive: bool,
    ranges: Mapping[str, Prior] | None = None,
) -> Space:
    """Return the space around a preset's portfolio.

    Args:
        portfolio: the preset's settings.
        pinned: names of settings that do not vary.
        train_rows: rows of the training part of the series in the middle, which bound the window.
        train_windows: training windows of all series, which bound network and batch.
        positive: whether no value is negative, so that a logarithm may be taken.
        ranges: priors that the user has set, in the place of these.
    """
    ranges = ranges or {}
    data = _Data(tuple(portfolio), pinned, train_rows, train_windows, positive, ranges)
    priors: dict[str, Prior] = {}
    for row in settings_table():
        if row.group in ("recipe", "network", "training") and row.name not in pinned:
            if row.name in ranges:
                priors[row.name] = ranges[row.name]
                continue
            prior = data.prior(row.name) or row.prior
            used = {_plain(getattr(one, row.name)) for one in portfolio}
            if prior is not None and (not prior.choices or len(used.union(prior.choices)) > 1):
                priors[row.name] = prior
    return Space(tuple(portfolio), priors)


@dataclass(frozen=True)
class _Data:
    """What bounds the settings that depend on the data."""

    portfolio: tuple[Settings, ...]
    pinned: Container[str]
    train_rows: int
    train_windows: int
    positive: bool
    ranges: Mapping[str, Prior]

    @property
    def start(self) -> Settings:
        return self.portfolio[0]

    def prior(self, name: str) -> Prior | None:
        """Return the prior of a setting whose range depends on the data, None where the table's stands.

        Whatever the portfolio uses can be drawn.
        """
        horizon, windows = self.start.horizon or 1, self.train_windows
        match name:
            case "window":
                choices: tuple[Any, ...] = self.windows()
            case "patch":
                choices = self.patches()
            case "transform":
                choices = ("none", "log", "boxcox") if self.positive else ("none", "asinh")
            case "base":
                choices = ("none", "last", "linear", *self._seasonal_bases())
            case "normalise":
                choices = ("last", "mean", "median", "none", *(("season",) if self._fits(self.start.season) else ()))
            case "decoding":
                # One step fed back a hundred times costs a hundred passes and drifts; that is left to --set.
                choices = ("direct", "segments") if horizon > 1 else ("direct",)
            case "hidden":
                sizes = ("16", "32", "64", "32,32")
                sizes = sizes if windows < 1000 else (*sizes, "64,32", "128", "64,64")
                choices = sizes if windows < LARGE else ("64", "128", "256", "128,128", "256,128")
            case "batch_size":
                choices = tuple(size for size in (16, 32, 64, 128, 256) if size <= max(windows // 4, 16))
                choices = choices if windows < LARGE else (64, 128, 256)
            case "calendar":
                choices = ()
            case "segment":
                choices = tuple({min(size, horizon) for size in (1, self.start.patch)})
            case _:
                return None
        when = ("decoding", ("segments",)) if name == "segment" else None
        using = [one for one in self.portfolio if when is None or getattr(one, when[0]) in when[1]]
        return Prior(choices=_with(choices, [_plain(getattr(one, name)) for one in using]), when=when)

    def _fits(self, season: int | None) -> bool:
        """Whether every window holds a season."""
        return 1 < (season or 1) <= min(self.windows())

    def _seasonal_bases(self) -> tuple[str, ...]:
        seasonal = ("season", "season-mean", "season-drift") if self._fits(self.start.season) else ()
        return (*seasonal, "long-season") if self._fits(self.start.long_season) else seasonal

    def windows(self) -> tuple[int, ...]:
        """Return windows to try: the portfolio's, and others between and beyond them that fit the data.

        They are whole seasons where the portfolio's are, and whole patches of the patch that is set.
        """
        known = sorted({one.window or 1 for one in self.portfolio})
        if "window" in self.ranges:
            one = self.ranges["window"]
            return one.choices or tuple(range(int(one.low or 1), int(one.high or 1) + 1))
        if "window" in self.pinned:
            return tuple(known)
        season = self.start.season or 1
        unit = season if season > 1 and all(window % season == 0 for window in known) else 1
        if "patch" in self.pinned:
            unit = math.lcm(unit, self.start.patch)
        limit = max(min((self.train_rows - (self.start.horizon or 1)) // 2, LONGEST_WINDOW), known[-1])
        seasonal = [name for name in ("base", "normalise") if name in self.pinned]
        needed = [_period(self.start, getattr(self.start, name)) for name in seasonal]
        shortest = max(unit, 1 + (self.start.horizon or 1) // 2, *needed)
        wanted = [factor * window for factor in (0.5, 1, 2) for window in (known[0], known[-1])]
        whole = {max(round(window / unit), 1) * unit for window in wanted}
        return tuple(sorted({window for window in whole if shortest <= window <= limit} | set(known)))

    def patches(self) -> tuple[int, ...]:
        """Return patches to try: those that make few and many steps of the windows."""
        if "patch" in self.pinned:
            return (self.start.patch,)
        made = set[int]()
        for window in self.windows():
            dividing = [patch for patch in range(1, window + 1) if window % patch == 0]
            made |= {dividing[int(np.argmin(np.abs(window / np.array(dividing) - steps)))] for steps in STEPS}
        return tuple(sorted(made))


def _plain(value: Any) -> Any:
    """Return a setting as a choice of the study: layers as text."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def _with(choices: Iterable[Any], used: Iterable[Any]) -> tuple[Any, ...]:
    """Return the choices with those that are in use among them: numbers sorted, text in its order."""
    known = tuple(dict.fromkeys((*choices, *used)))
    text = any(isinstance(one, str) for one in known)
    return known if text else tuple(sorted(known, key=lambda one: (one is not None, one)))

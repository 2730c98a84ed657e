"""The split of the settings that everything rests on: an Architecture is compiled, Knobs are turned."""

from __future__ import annotations

from typing import Any, NamedTuple

from gatewise.errors import SettingsError
from gatewise.settings import Settings

__all__ = [
    "NO_COVARIATES",
    "SEASONS",
    "Architecture",
    "Knobs",
    "Scalar",
    "Widths",
    "architecture_of",
    "knobs_of",
    "quantiles_of",
    "steps_of",
]

SEASONS = {"season": 1, "season-mean": 1, "season-drift": 2}
"""Seasons of a window that a base or a level takes, by its name."""

Scalar = Any
"""A Python number outside a compiled program, a traced array inside it."""


class Widths(NamedTuple):
    """Numbers of encoded covariate columns, and of series that have an embedding of their own.

    Attributes:
        past: columns known up to the origin only.
        future: columns known ahead, those of the calendar among them.
        static: columns that stay the same within a series.
        series: series of the training panel.
    """

    past: int = 0
    future: int = 0
    static: int = 0
    series: int = 0


NO_COVARIATES = Widths()
"""Of a panel with nothing but its target."""


class Architecture(NamedTuple):
    """Whatever sets a shape or a program's structure; one compiled program each.

    Attributes:
        window: steps that the model sees.
        patch: consecutive steps in one LSTM input vector.
        horizon: steps that the head forecasts at once (1 when decoding is recursive).
        hidden: hidden units of each layer.
        segment: steps that each recurrent step of the decoder forecasts; 0 where the head forecasts all at once.
        quantiles: levels that the head forecasts, the median first; empty for a point forecast.
        normalise: the level subtracted inside the window.
        rescale: the spread that the window is divided by.
        base: what the network forecasts around.
        season: period of a seasonal base or level in steps, 1 where neither is.
        long_season: period of the longer seasonal base, 1 when the base is another.
        widths: columns of covariates.
        embedding: size of the vector learned for each series, 0 for none.
        loss: the loss that training minimises.
        optimizer: the update rule.
        batch_size: windows per optimizer step.
        precision: of the factors of the training's matrix products, float32 or bfloat16; forecasts are in float32.
    """

    window: int
    patch: int
    horizon: int
    hidden: tuple[int, ...]
    segment: int = 0
    quantiles: tuple[float, ...] = ()
    normalise: str = "none"
    rescale: str = "none"
    base: str = "none"
    season: int = 1
    long_season: int = 1
    widths: Widths = NO_COVARIATES
    embedding: int = 0
    loss: str = "mse"
    optimizer: str = "adam"
    batch_size: int = 32
    precision: str = "float32"

    @property
    def steps(self) -> int:
        """Steps that the LSTM makes through a window."""
        return self.window // self.patch

    @property
    def segments(self) -> int:
        """Steps of the decoder; 0 where the head forecasts all at once."""
        return -(-self.horizon // self.segment) if self.segment else 0

    @property
    def step_features(self) -> int:
        """Numbers that the LSTM reads at each step."""
        per_value = 1 + self.widths.past + self.widths.future
        return self.patch * per_value + self.static_features

    @property
    def static_features(self) -> int:
        """Numbers of them that stay the same from step to step."""
        return self.widths.static + self.embedding


class Knobs(NamedTuple):
    """Whatever is only a number inside the program; turning one compiles nothing.

    The learning rate is the one knob that is not here: a schedule sets it anew for every step.
    """

    dropout: Scalar = 0.0
    recurrent_dropout: Scalar = 0.0
    l2: Scalar = 0.0
    weight_decay: Scalar = 0.0
    clip_norm: Scalar = float("inf")
    clip_value: Scalar = float("inf")
    momentum: Scalar = 0.9
    second_moment: Scalar = 0.999
    noise: Scalar = 0.0
    shift: Scalar = 0.0
    magnitude: Scalar = 0.0
    averaging: Scalar = 0.0


def architecture_of(settings: Settings, widths: Widths = NO_COVARIATES) -> Architecture:
    """Return the Architecture of settings whose window, horizon and season are resolved.

    Args:
        settings: resolved settings.
        widths: columns of covariates, and number of series.

    Raises:
        SettingsError: when window or horizon is still open, or a season does not fit into the window it is taken from.
    """
    s = settings
    if s.window is None or s.horizon is None:
        raise SettingsError("window and horizon must be set before a program can be built. Resolve the preset first.")
    season = (s.season or 1) if s.base in SEASONS or s.normalise in SEASONS else 1
    long_season = (s.long_season or 1) if s.base == "long-season" else 1
    needed = max(steps_of(name, season, long_season) for name in (s.base, s.normalise))
    if s.window < needed:
        raise SettingsError(
            f"window must be at least {needed} steps with base {s.base}, normalise {s.normalise}, season {s.season} "
            f"and long_season {s.long_season}, but window={s.window}. Use a longer window, or base last or none."
        )
    return Architecture(
        window=s.window,
        patch=s.patch,
        horizon=1 if s.decoding == "recursive" else s.horizon,
        hidden=s.hidden,
        segment=min(s.segment or s.patch, s.horizon) if s.decoding == "segments" else 0,
        quantiles=quantiles_of(s.level) if s.loss == "quantile" else (),
        normalise=s.normalise,
        rescale=s.rescale,
        base=s.base,
        season=season,
        long_season=long_season,
        widths=widths if s.embedding else widths._replace(series=0),
        embedding=s.embedding if widths.series > 1 else 0,
        loss=s.loss,
        optimizer=s.optimizer,
        batch_size=s.batch_size,
        precision=s.precision or "float32",
    )


def steps_of(name: str, season: int, long_season: int) -> int:
    """Return the steps of a window that a base or a level takes, by its name.

    Example:
        >>> steps_of("season-drift", 12, 1), steps_of("last", 12, 1), steps_of("long-season", 24, 168)
        (24, 1, 168)
    """
    return long_season if name == "long-season" else SEASONS.get(name, 0) * season or 1


def quantiles_of(levels: tuple[int, ...]) -> tuple[float, ...]:
    """Return the quantiles that bound intervals of some levels: the median, then low and high of each, inwards out.

    Example:
        >>> quantiles_of((95, 80))
        (0.5, 0.1, 0.9, 0.025, 0.975)
    """
    sides = [(round(0.5 - level / 200, 4), round(0.5 + level / 200, 4)) for level in sorted(set(levels))]
    return (0.5, *(quantile for pair in sides for quantile in pair))


def knobs_of(settings: Settings) -> Knobs:
    """Return the Knobs of settings; a clip of 0 becomes infinity, which never clips.

    Where they are open, the second moment is 0.9 for RMSprop (Hinton, 2012) and 0.999 otherwise (Kingma and Ba, 2015),
    and the weight decay is 0.01 for AdamW (Loshchilov and Hutter, 2019) and 0 otherwise.
    """
    open_values = {
        "second_moment": 0.9 if settings.optimizer == "rmsprop" else 0.999,
        "weight_decay": 0.01 if settings.optimizer == "adamw" else 0.0,
    }
    given = {name: getattr(settings, name) for name in Knobs._fields}
    values = {name: float(open_values[name] if value is None else value) for name, value in given.items()}
    for clip in ("clip_norm", "clip_value"):
        values[clip] = values[clip] or float("inf")
    return Knobs(**values)

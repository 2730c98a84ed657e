"""The split of the settings that everything rests on: an Architecture is compiled, Knobs are turned."""

from __future__ import annotations

from typing import Any, NamedTuple

from gatewise.errors import SettingsError
from gatewise.settings import Settings

__all__ = ["Architecture", "Knobs", "Scalar", "architecture_of", "knobs_of"]

Scalar = Any
"""A Python number outside a compiled program, a traced array inside it."""


class Architecture(NamedTuple):
    """Whatever sets a shape or a program's structure; one compiled program each.

    Attributes:
        window: steps that the model sees.
        patch: consecutive steps in one LSTM input vector.
        horizon: steps that the head forecasts at once (1 when decoding is recursive).
        hidden: hidden units of each layer.
        normalise: normalisation inside the window.
        base: what the network forecasts around.
        season: period of the seasonal base in steps, 1 when the base is another.
        loss: the loss that training minimises.
        optimizer: the update rule.
        batch_size: windows per optimizer step.
    """

    window: int
    patch: int
    horizon: int
    hidden: tuple[int, ...]
    normalise: str = "none"
    base: str = "none"
    season: int = 1
    loss: str = "mse"
    optimizer: str = "adam"
    batch_size: int = 32


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


def architecture_of(settings: Settings) -> Architecture:
    """Return the Architecture of settings whose window, horizon and season are resolved.

    Raises:
        SettingsError: when window or horizon is still open, or a season does not fit into the window it is taken from.
    """
    if settings.window is None or settings.horizon is None:
        raise SettingsError("window and horizon must be set before a program can be built. Resolve the preset first.")
    seasonal = settings.base == "season"
    if seasonal and settings.window < (settings.season or 1):
        raise SettingsError(
            f"window must be at least season with base season, but window={settings.window} and "
            f"season={settings.season}. Use a longer window, or base last or none."
        )
    return Architecture(
        window=settings.window,
        patch=settings.patch,
        horizon=1 if settings.decoding == "recursive" else settings.horizon,
        hidden=settings.hidden,
        normalise=settings.normalise,
        base=settings.base,
        season=(settings.season or 1) if seasonal else 1,
        loss=settings.loss,
        optimizer=settings.optimizer,
        batch_size=settings.batch_size,
    )


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

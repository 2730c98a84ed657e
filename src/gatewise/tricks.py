"""The tricks of a training: whether a configuration uses each, and the same configuration with it off or on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gatewise.architecture import knobs_of, steps_of
from gatewise.settings import Settings

__all__ = ["EARLY_STOPPING", "ENSEMBLE", "TRICKS", "Trick"]

EARLY_STOPPING, ENSEMBLE = "early stopping", "ensemble"
"""Names of the two tricks that are no settings: what a training keeps, and what a forecast joins."""


@dataclass(frozen=True)
class Trick:
    """A trick that settings switch.

    Attributes:
        name: as a person calls it.
        names: the settings that switch it.
        off: their values without it.
        on: returns their values with it, for a configuration that does not use it: a usual dose.
    """

    name: str
    names: tuple[str, ...]
    off: Mapping[str, Any]
    on: Callable[[Settings], Mapping[str, Any]]

    def used(self, settings: Settings) -> bool:
        """Tell whether a configuration uses it."""
        return any(_value(settings, name) != self.off[name] for name in self.names)

    def without(self, settings: Settings) -> Settings:
        """Return a configuration without it."""
        return settings.change(**self.off)

    def applied(self, settings: Settings) -> Settings:
        """Return a configuration that does not use it, with it."""
        return settings.change(**self.on(settings))

    def described(self, settings: Settings) -> str:
        """Return the values that a configuration gives it, those that are on."""
        shown = {name: _value(settings, name) for name in self.names}
        return ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
                         for name, value in shown.items() if value != self.off[name]) or "off"  # fmt: skip


def _value(settings: Settings, name: str) -> Any:
    """Return a setting as the training takes it: AdamW decays its weights even where weight_decay is open."""
    value = getattr(settings, name)
    return getattr(knobs_of(settings), name) if value is None else value


def _base(settings: Settings) -> dict[str, Any]:
    season = settings.season or 1
    fits = season > 1 and steps_of("season", season, 1) <= (settings.window or 1)
    return {"base": "season" if fits else "last"}


TRICKS = (
    Trick("learning-rate decay", ("schedule",), {"schedule": "constant"}, lambda _: {"schedule": "cosine"}),
    Trick("clipping", ("clip_norm", "clip_value"), {"clip_norm": 0.0, "clip_value": 0.0}, lambda _: {"clip_norm": 1.0}),
    Trick(
        "dropout",
        ("dropout", "recurrent_dropout"),
        {"dropout": 0.0, "recurrent_dropout": 0.0},
        lambda _: {"dropout": 0.2},
    ),
    Trick("L2 and weight decay", ("l2", "weight_decay"), {"l2": 0.0, "weight_decay": 0.0}, lambda _: {"l2": 1e-5}),
    Trick(
        "augmentation",
        ("noise", "shift", "magnitude"),
        {"noise": 0.0, "shift": 0, "magnitude": 0.0},
        lambda _: {"noise": 0.05},
    ),
    Trick("weight averaging", ("averaging",), {"averaging": 0.0}, lambda _: {"averaging": 0.99}),
    Trick(
        "window normalisation",
        ("normalise", "rescale"),
        {"normalise": "none", "rescale": "none"},
        lambda _: {"normalise": "mean", "rescale": "std"},
    ),
    Trick("base to forecast around", ("base",), {"base": "none"}, _base),
)
"""Every trick that settings switch. The usual doses are the middle choices that a search draws from."""

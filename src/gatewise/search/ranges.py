"""Ranges of settings as people write them: ``learning_rate=1e-4..1e-2``, ``hidden=32|64|64,64``, ``dropout=0..0.5``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatewise.errors import SettingsError, nearest
from gatewise.settings import Prior, Settings
from gatewise.table import settings_table

__all__ = ["ranges_of"]

LOG_FROM = 50.0
"""Ratio of the ends from which on a range is drawn on a logarithmic scale where neither text nor table says."""


def ranges_of(texts: Sequence[str]) -> dict[str, Prior]:
    """Return priors by the names of the settings.

    Args:
        texts: each a name, ``=``, and choices between bars or a range with two dots; a range may end in ``:log`` or
            ``:linear``, and is otherwise drawn as the table of settings says.

    Raises:
        SettingsError: for an unknown or repeated name, a text that is neither, or a value that the setting refuses.

    Example:
        >>> ranges_of(["dropout=0..0.5"])["dropout"].high
        0.5
        >>> ranges_of(["hidden=32|64,64"])["hidden"].choices
        ('32', '64,64')
    """
    known = {row.name: row.prior for row in settings_table() if row.group in ("recipe", "network", "training")}
    made: dict[str, Prior] = {}
    for text in texts:
        name, equals, written = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not written.strip():
            raise SettingsError(
                f"space must look like name=low..high or name=one|two, but is '{text}'. "
                "For example: --space learning_rate=1e-4..1e-2"
            )
        if name not in known or name == "seed":
            raise SettingsError(
                f"space must name settings that a search can vary, but it names '{name}'.{nearest(name, known)}"
            )
        if name in made:
            raise SettingsError(f"space must name each setting once, but it names '{name}' twice. Join the two.")
        made[name] = _prior(name, written.strip(), known[name])
    return made


def _prior(name: str, written: str, usual: Prior | None) -> Prior:
    when = usual.when if usual else None
    if ".." not in written:
        choices = tuple(dict.fromkeys(_choice(name, one.strip()) for one in written.split("|")))
        return Prior(choices=choices, when=when)
    ends, _, scale = written.partition(":")
    low, high = (_number(name, one.strip()) for one in ends.split("..", 1))
    if scale not in ("", "log", "linear"):
        raise SettingsError(f"the scale of {name} in space must be log or linear, but is '{scale}'. Leave it out.")
    if not low < high:
        raise SettingsError(f"the range of {name} in space must rise, but is '{ends}'. Swap its ends.")
    usual_log = usual is not None and not usual.choices and usual.log
    log = scale == "log" or (not scale and (usual_log or (low > 0 and high / low >= LOG_FROM)))
    if log and low <= 0:
        raise SettingsError(
            f"the range of {name} in space is drawn on a logarithmic scale and must begin above 0, but begins at "
            f"{low:g}. Raise it, or write {name}={ends}:linear."
        )
    return Prior(low=low, high=high, log=log, when=when)


def _choice(name: str, text: str) -> Any:
    """Return a choice as the study knows it: a number, or text (of layers, too)."""
    if not text:
        raise SettingsError(f"a choice of {name} in space is empty. Write {name}=one|two.")
    value = getattr(Settings.of(**{name: text}), name)
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def _number(name: str, text: str) -> float:
    """Return an end of a range, checked by the setting's own rule."""
    value = getattr(Settings.of(**{name: text}), name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SettingsError(f"{name} has choices and no range: write {name}=one|two in space instead of '..'.")
    return value

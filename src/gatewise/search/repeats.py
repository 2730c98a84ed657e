"""The trainings of a trial, one per repeat: their names and settings, and how one is told from another."""

from __future__ import annotations

from gatewise.settings import Settings
from gatewise.table import settings_table

__all__ = ["names_of", "repeated", "training_key"]

NOT_OF_TRAINING = {row.name for row in settings_table() if row.group in ("search", "evaluation")}
"""Settings such as trials, jobs and the time limit, on which no training depends: a resumed run may change them."""


def training_key(settings: Settings) -> str:
    """Return a text that is the same for two configurations if and only if they train alike.

    Example:
        >>> one = Settings.of(dropout=0.1)
        >>> [training_key(one) == training_key(one.change(**other)) for other in ({"trials": 9}, {"dropout": 0.2})]
        [True, False]
    """
    return settings.model_dump_json(exclude=NOT_OF_TRAINING)


def names_of(number: int, repeats: int) -> list[str]:
    """Return the names under which the checkpoints of a trial's trainings lie.

    Example:
        >>> names_of(7, 1), names_of(7, 2)
        (['trial-0007'], ['trial-0007', 'trial-0007-repeat-1'])
    """
    return [f"trial-{number:04d}" + (f"-repeat-{repeat}" if repeat else "") for repeat in range(repeats)]


def repeated(number: int, settings: Settings) -> list[tuple[str, Settings]]:
    """Return the name and the settings of each of a trial's trainings; each repeat has another seed."""
    names, seed = names_of(number, settings.repeats), settings.seed
    return [
        (name, settings.change(seed=(seed + repeat) % 2**31) if repeat else settings)
        for repeat, name in enumerate(names)
    ]

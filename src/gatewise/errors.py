"""Every error that Gatewise raises on purpose.

::

    Exception
    └── GatewiseError             anything that Gatewise says on purpose; exit status 1
        ├── InputError            the user's input breaks a rule; exit status 2
        │   ├── DataError         the table: file, columns, dates, values
        │   ├── SettingsError     a setting: unknown name, value out of range, clash
        │   └── RunFolderError    a run folder or model folder: exists, damaged, too new
        └── TrainingError         no training produced a usable model

A message states the rule, then the value, then the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "DataError",
    "GatewiseError",
    "InputError",
    "RunFolderError",
    "SettingsError",
    "TrainingError",
    "nearest",
]


class GatewiseError(Exception):
    """Base of every error that Gatewise raises on purpose."""

    exit_status = 1


class InputError(GatewiseError):
    """The user's input breaks a rule; the message names the remedy."""

    exit_status = 2


class DataError(InputError):
    """The table cannot be used as it is."""


class SettingsError(InputError):
    """A setting is unknown, out of its range, or clashes with another."""


class RunFolderError(InputError):
    """A run folder or a model folder cannot be written or read."""


class TrainingError(GatewiseError):
    """No training produced a usable model; the message says why and which knob to turn."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` for the known name closest to `name`, or an empty string.

    Example:
        >>> nearest("droput", ["dropout", "hidden"])
        " Did you mean 'dropout'?"
        >>> nearest("zzz", ["dropout"])
        ''
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""

"""Which logs a run writes, checked before anything is trained."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gatewise.errors import SettingsError, nearest
from gatewise.loggers.background import Background, Log
from gatewise.loggers.mlflow import MlflowLog
from gatewise.loggers.tensorboard import TensorBoardLog
from gatewise.loggers.wandb import WandbLog
from gatewise.planning import Plan
from gatewise.search.study import Listener

__all__ = ["LIBRARIES", "Logs", "checked_logs", "logged", "loggers_of", "merged"]

LIBRARIES = {"tensorboard": "tensorboardX", "mlflow": "mlflow", "wandb": "wandb"}
"""The logs that there are, and the library that each is written with; its extra is called as the log."""


def checked_logs(names: str | Sequence[str], *, has_folder: bool = True) -> tuple[str, ...]:
    """Return the names of logs, once each; for early on, before a table is read.

    Args:
        names: several, or text with commas between them.
        has_folder: whether the run has a folder to write them into.

    Raises:
        SettingsError: for an unknown name, one whose library is not installed, or any without a folder.

    Example:
        >>> checked_logs("tensorboard, tensorboard"), checked_logs(())
        (('tensorboard',), ())
    """
    parts = names.split(",") if isinstance(names, str) else names
    made = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    for name in made:
        if name not in LIBRARIES:
            raise SettingsError(
                f"log must name logs among {', '.join(LIBRARIES)}, but names '{name}'.{nearest(name, LIBRARIES)}"
            )
        if find_spec(LIBRARIES[name]) is None:
            raise SettingsError(
                f"log '{name}' needs the library {LIBRARIES[name]}, which is not installed. "
                f'Install it with: pip install "gatewise[{name}]"'
            )
    if made and not has_folder:
        raise SettingsError(f"log '{made[0]}' is written into the run folder, but there is none. Name one with out.")
    return made


def loggers_of(
    names: str | Sequence[str], folder: Path | None, made: Plan, warn: Callable[[str], None] | None = None
) -> list[Background]:
    """Begin the logs of a run.

    Args:
        names: of the logs.
        folder: the run folder; each log lies in its own folder there.
        made: the plan of the run.
        warn: takes the message of a log that fails; Python's logging when None.

    Raises:
        SettingsError: for an unknown name, a library that is not installed, or a run without a folder.
    """
    wanted = checked_logs(names, has_folder=folder is not None)
    warn = logging.getLogger("gatewise").warning if warn is None else warn
    return [Background(name, _log(name, folder, made), warn) for name in wanted if folder is not None]


def _log(name: str, folder: Path, made: Plan) -> Log:
    match name:
        case "tensorboard":
            return TensorBoardLog(folder / "tensorboard", made.varied)
        case "mlflow":
            return MlflowLog(folder / "mlflow", made.panel.name, made.command, made.settings, made.varied)
        case _:
            return WandbLog(folder, made.panel.name, made.command, made.settings)


def merged(*listeners: Listener) -> Listener:
    """Return a listener that passes on what it is told to several, in their order."""

    def passed_on(name: str) -> Callable[..., None]:
        def tell(*arguments: Any) -> None:
            for one in listeners:
                getattr(one, name)(*arguments)

        return tell

    return Listener(**{one.name: passed_on(one.name) for one in fields(Listener)})


@dataclass
class Logs:
    """The logs of one run.

    Attributes:
        listener: what the run tells its events to.
        summary: what the logs end with; to be set when the run has one.
    """

    listener: Listener
    summary: Mapping[str, Any] | None = None


@contextmanager
def logged(
    names: str | Sequence[str],
    folder: Path | None,
    made: Plan,
    listener: Listener | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Logs]:
    """Keep logs inside the block, and end them with the summary that was set, or as those of a run that failed.

    Args:
        names: of the logs, as for `loggers_of`.
        folder: the run folder.
        made: the plan of the run.
        listener: is told of everything, too.
        warn: takes the message of a log that fails; Python's logging when None.

    Raises:
        SettingsError: as `loggers_of` does.

    Example:
        ::

            with logged("tensorboard", folder.path, made, listener) as logs:
                outcome = run(made, folder, listener=logs.listener)
                logs.summary = outcome.summary(folder.path)
    """
    begun = loggers_of(names, folder, made, warn)
    logs = Logs(merged(listener or Listener(), *(one.listener() for one in begun)))
    try:
        yield logs
    finally:
        for one in begun:
            one.close(logs.summary)

"""A run folder opened again: the plan that made it, from the same data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gatewise.configuration import read_toml
from gatewise.data.example import co2_panel
from gatewise.data.panel import Panel
from gatewise.errors import RunFolderError
from gatewise.forecast import panel_of
from gatewise.planning import Plan, Source, plan
from gatewise.search.past import open_study, past_trials
from gatewise.settings import Settings

__all__ = ["Winner", "open_run", "run_panel", "winner_of"]


class Winner(NamedTuple):
    """The best configuration of a run.

    Attributes:
        settings: the configuration.
        score: its MASE on the validation part in the run.
        networks: how many the run's forecast joins.
    """

    settings: Settings
    score: float
    networks: int


def open_run(run_dir: str | Path, *, data: Any = None, future_data: Any = None, **changes: Any) -> Plan:
    """Return the plan of a run, made again from the same data and the same given settings.

    Args:
        run_dir: a run folder, finished or not.
        data: the data of the run, where it was given a frame or the file has moved; None reads the file that it names.
        future_data: the covariates known ahead, likewise.
        **changes: given settings to change, by name, such as trials.

    Raises:
        RunFolderError: when the folder is no run folder, names no data, or the data are not those of the run.
    """
    folder = Path(run_dir)
    asked = _document(folder, "run.json")
    source, given = Source(asked.get("data"), asked.get("future_data")), {**asked["given"], **changes}
    return plan(asked["command"], _same_panel(folder, asked, given, data, future_data), given, source)


def run_panel(run_dir: str | Path, future_data: Any = None) -> Panel:
    """Return the data of a run, read again.

    Args:
        run_dir: a run folder.
        future_data: the covariates known ahead, where their table has moved or was a frame.

    Raises:
        RunFolderError: when the folder is no run folder, names no data, or they have changed since.
    """
    asked = _document(Path(run_dir), "run.json")
    return _same_panel(Path(run_dir), asked, asked["given"], None, future_data)


def _same_panel(folder: Path, asked: dict[str, Any], given: dict[str, Any], data: Any, future_data: Any) -> Panel:
    """Return the data of a run, after checking that they are what they were."""
    known = _document(folder, "data.json")
    source = Source(asked.get("data"), asked.get("future_data"))
    panel = _panel(folder, asked["command"], source, given, data, future_data)
    if panel.fingerprint != known["fingerprint"]:
        raise RunFolderError(
            f"the data must be those that '{folder}' was made from, but their fingerprint is {panel.fingerprint} and "
            f"not {known['fingerprint']}: they have changed since. Give the old data with --data, or start a new run."
        )
    # What was given as a frame has no name of its own: it keeps that of the run.
    return replace(panel, name=known["name"])


def winner_of(run_dir: str | Path, made: Plan) -> Winner:
    """Return a run's best configuration: that of ``best.toml``, or the best trial so far where the run did not end.

    Args:
        run_dir: the run folder.
        made: its plan.

    Raises:
        RunFolderError: when no trial has ended yet.
    """
    folder = Path(run_dir)
    if (folder / "best.toml").is_file():
        said = _document(folder, "summary.json")
        settings = Settings.of(**read_toml(folder / "best.toml"))
        return Winner(settings, said["best"]["score"], said["ensemble"]["networks"])
    scored = [one for one in past_trials(open_study(folder)) if one.usable]
    if not scored:
        raise RunFolderError(
            f"RUN_DIR must hold a trial that ended with a usable model, but '{folder}' holds none yet. Let the run end."
        )
    best = min(scored, key=lambda one: one.score)
    return Winner(best.settings, best.score, min(made.members, len(scored)))


def _panel(folder: Path, command: str, source: Source, given: dict[str, Any], data: Any, future_data: Any) -> Panel:
    if command == "demo":
        return co2_panel()
    table = source.data if data is None else data
    if table is None:
        raise RunFolderError(f"'{folder}' was made from a data frame, which it does not keep. Give it with data=.")
    if isinstance(table, str | Path) and not Path(table).is_file():
        raise RunFolderError(
            f"'{folder}' was made from '{table}', but there is no such file any more. Give its new place with --data."
        )
    return panel_of(table, Settings.of(**given), future_data=source.future_data if future_data is None else future_data)


def _document(folder: Path, name: str) -> dict[str, Any]:
    """Return a JSON file of a run folder."""
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(
            f"RUN_DIR must be the folder of a run, but '{folder}' holds no {name}. Name a folder that 'gatewise fit' "
            "or 'gatewise tune' has written."
        ) from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"cannot read '{folder / name}': {error}. Name another run folder.") from None

"""`audit`: the leakage audit of a run folder, its result, and the files that it writes."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatewise.auditing.course import Course
from gatewise.auditing.retrace import Retraced
from gatewise.auditing.tables import tables_of
from gatewise.errors import RunFolderError, SettingsError, TrainingError
from gatewise.evaluate.audit import Audit, Check
from gatewise.interrupt import Interrupt
from gatewise.opened import open_run, winner_of
from gatewise.report.html import write_report
from gatewise.runs.store import RunFolder
from gatewise.settings import Settings

__all__ = ["TRIALS", "audit", "expected_seconds"]

TRIALS = 3
"""Trials of the search that an audit makes by default."""


def audit(
    run_dir: str | Path,
    data: Any = None,
    *,
    future_data: Any = None,
    trials: int = TRIALS,
    jobs: int | None = None,
    on_check: Callable[[Check], None] = lambda check: None,
    should_stop: Callable[[], bool] | None = None,
) -> Audit:
    """Check that nothing in a run rests on values that it must not have seen; write ``audit.json``, renew the report.

    The run's way is gone twice: with its table, and with one in which every value behind a cutoff is scrambled. Season,
    chosen settings, scalers, encoders, trained weights, the ensemble, intervals and forecasts up to the cutoff must be
    the same to the last bit. The cutoffs are the test origins and the end of the training part.

    Args:
        run_dir: the folder of a run.
        data: the data of the run, where it was given a frame or the file has moved.
        future_data: the covariates known ahead, likewise.
        trials: trials of the search that are made again, twice; the run's winner comes on top. More cost more time.
        jobs: trainings side by side; that of the run when None.
        on_check: is told of every check when it is done.
        should_stop: asked often; True ends the audit, and nothing is written. None listens to Ctrl-C.

    Raises:
        RunFolderError: when the folder is no run folder, or the data are not those of the run.
        SettingsError: when `trials` or `jobs` is too small.
        TrainingError: when no trial gave a usable model.
    """
    for name, value in (("trials", trials), ("jobs", jobs)):
        if value is not None and value < 1:
            raise SettingsError(f"{name} must be at least 1, but is {value}. Leave it out for the default.")
    began = time.monotonic()
    # The clock must not decide how many trials there are.
    changes = {"time_limit": None} | ({} if jobs is None else {"jobs": jobs})
    made = open_run(run_dir, data=data, future_data=future_data, **changes)
    tables = tables_of(made, data, future_data)
    checks: list[Check] = []
    with Interrupt(keeps=False).armed() if should_stop is None else nullcontext(should_stop) as stopped:
        course = Course(made, tables, trials, _winner(run_dir, made), stopped)
        try:
            for check in course.checks():
                checks.append(check)
                on_check(check)
        except TrainingError:
            if not stopped():
                raise
        interrupted = stopped()
    found = Audit(
        run_folder=str(run_dir),
        checks=tuple(checks),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        scrambled=course.scrambled_values,
        notes=(tables.sentence, *([_record(run_dir, course.here)] if course.has_trained else [])),
        seconds=time.monotonic() - began,
        interrupted=interrupted,
    )
    if not interrupted:
        _write(Path(run_dir), found)
    return found


def expected_seconds(run_dir: str | Path, trials: int = TRIALS) -> float | None:
    """Return about how long the trainings of an audit take one after another; None where the run says nothing.

    Each trial is trained twice, and what is chosen twice again on the rows before the test part.
    """
    seconds = [float(row["seconds"]) for row in _trials(run_dir)[:trials] if row.get("seconds")]
    return 4 * sum(seconds) if seconds else None


def _trials(run_dir: str | Path) -> list[dict[str, str]]:
    """Return the rows of ``trials.csv``; none where it is missing."""
    try:
        with (Path(run_dir) / "trials.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError:
        return []


def _record(run_dir: str | Path, here: Retraced) -> str:
    """Return whether the trials that were made again are those of the run, in a sentence."""
    known = {int(row["number"]): row["score"] for row in _trials(run_dir) if row["status"] != "paused"}
    pairs = [(known[one.number], one.score) for one in here.trials if known.get(one.number)]
    same = sum(float(text) == score for text, score in pairs)
    if not pairs:
        return "The run's trials.csv holds no score of the trials that were made again."
    if same == len(pairs):
        count = f"{same} trial{'s' * (same != 1)} of the run {'was' if same == 1 else 'were'}"
        return f"{count} made again, with the very scores that its trials.csv holds."
    return (
        f"{same} of {len(pairs)} trials made again have the very scores of the run's trials.csv. Others come of "
        "another machine, another version, or a trial that was cut short: audited is this version, here."
    )


def _winner(run_dir: str | Path, made: Any) -> Settings | None:
    """Return the configuration that the run has found, None where it found none yet."""
    with suppress(RunFolderError):
        return winner_of(run_dir, made).settings
    return None


def _write(folder: Path, found: Audit) -> None:
    RunFolder(folder, resume=True).write_json("audit.json", found.to_dict())
    # A run that has not come to its report yet writes it itself, with the line of the audit.
    if (folder / "report.html").is_file():
        write_report(folder)

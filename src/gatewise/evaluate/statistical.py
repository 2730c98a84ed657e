"""Exponential smoothing, Theta and ARIMA on the same origins, each chosen automatically, in processes of their own.

The models are those of statsforecast: Hyndman et al. (2002), "A state space framework for automatic forecasting using
exponential smoothing methods"; Fiorucci et al. (2016), "Models for optimising the Theta method"; Hyndman and Khandakar
(2008), "Automatic time series forecasting".
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any, NamedTuple

import numpy as np

from gatewise.evaluate.statistical_worker import Tasks

__all__ = ["STATISTICAL", "Run", "Running", "affordable"]

STATISTICAL = ("AutoTheta", "AutoETS", "AutoARIMA")
"""Names of the models, as their columns in ``backtest.csv`` and as statsforecast has them, the quickest first."""

ASK_S = 0.1
"""Seconds between two looks at whether the work is to stop."""

ARIMA_STEPS = 6000
"""AutoARIMA is tried unasked where history times season is at most this: its time grows faster than both."""


class Run(NamedTuple):
    """What a statistical model came to.

    Attributes:
        forecasts: shape ``(history, horizon)``; None where it was left out.
        seconds: processor time.
        why: why it was left out, else empty.
    """

    forecasts: np.ndarray | None
    seconds: float
    why: str = ""


def affordable(histories: Sequence[np.ndarray], season: int) -> tuple[str, ...]:
    """Return the models that are worth trying where the user names none.

    Args:
        histories: up to each origin.
        season: period in steps, 1 for none.
    """
    longest = max((len(one) for one in histories), default=0)
    return STATISTICAL if longest * season <= ARIMA_STEPS else STATISTICAL[:2]


class Running:
    """Statistical models at work, beside whatever the caller does meanwhile; a context manager that leaves no process.

    Args:
        models: of `STATISTICAL`.
        histories: up to each origin, float64, shape ``(time,)`` each.
        horizon: steps to forecast.
        season: period in steps, 1 for none.
        limit_s: seconds of processor time for one model; one that will need more is given up.
    """

    def __init__(
        self, models: Sequence[str], histories: Sequence[np.ndarray], horizon: int, season: int, limit_s: float
    ):
        self._models, self._count, self._horizon = tuple(models), len(histories), horizon
        self._limit_s = limit_s
        self._lines: list[dict[str, Any]] = []
        # Two of the three are quick, and share the three seconds that their library takes to load.
        shares = [[one for one in models if one != "AutoARIMA"], [one for one in models if one == "AutoARIMA"]]
        lengths = [len(one) for one in histories]
        tasks = [Tasks(share, horizon, season, limit_s, lengths) for share in shares if share and histories]
        self._workers = [_start(one, histories, self._lines) for one in tasks]

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def results(self, wait_s: float, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Run]:
        """Return what each model came to; those that are not done in time are left out, and their process is ended.

        Args:
            wait_s: seconds to wait at most.
            should_stop: asked often; True ends the waiting.
        """
        until = time.monotonic() + wait_s
        for _, thread in self._workers:
            while thread.is_alive() and (left_s := until - time.monotonic()) > 0 and not should_stop():
                thread.join(min(left_s, ASK_S))
        self._end()
        is_cut = wait_s < self._limit_s or should_stop()
        return {model: self._result(model, is_cut) for model in self._models}

    def _result(self, model: str, is_cut: bool) -> Run:
        """Return what a model came to; `is_cut` tells that it had less time than it may take."""
        lines = [one for one in self._lines if one["model"] == model]
        made = {one["number"]: one["forecast"] for one in lines if "forecast" in one}
        seconds = max((one["seconds"] for one in lines if "forecast" in one), default=0.0)
        if len(made) == self._count and self._count:
            return Run(np.array([made[number] for number in range(self._count)]), seconds)
        if self._count == 0:
            return Run(np.empty((0, self._horizon)), 0.0)
        said = next((one for one in lines if "why" in one), None)
        if said and not said.get("too_slow"):
            return Run(None, seconds, f"{model} failed: {said['why']}.")
        done = f"{len(made)} of {self._count} forecasts were done"
        if is_cut and not said:
            return Run(None, seconds, f"{model} was left out, for the run came to its end: {done}.")
        of = f"{said['why']} for all {self._count} forecasts" if said else done
        remedy = "Give it more with the setting baseline_time, such as 10m."
        return Run(None, seconds, f"{model} did not end within its {self._limit_s:.0f} s: {of}. {remedy}")

    def _end(self) -> None:
        for process, thread in self._workers:
            process.kill()
            process.wait()
            thread.join()


def _start(
    tasks: Tasks, histories: Sequence[np.ndarray], lines: list[dict[str, Any]]
) -> tuple[subprocess.Popen[bytes], Thread]:
    """Start a worker, and a thread that gives it the tasks and hears its answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gatewise.evaluate.statistical_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    thread = Thread(target=_talk, args=(process, tasks, histories, lines), daemon=True)
    thread.start()
    return process, thread


def _talk(
    process: subprocess.Popen[bytes], tasks: Tasks, histories: Sequence[np.ndarray], lines: list[dict[str, Any]]
) -> None:
    """Hand over the tasks and take in answers until the worker ends; it takes the end of its stdin as a sign to end."""
    to, back = process.stdin, process.stdout
    assert to is not None and back is not None
    with suppress(OSError), back, to:  # a worker that has ended early leaves its models unfinished, which is said
        to.write(json.dumps(tasks._asdict()).encode() + b"\n")
        for one in histories:
            to.write(np.ascontiguousarray(one, "<f8").data)
        to.flush()
        # The last line of a worker that was ended may be cut off.
        lines.extend(json.loads(line) for line in back if line.endswith(b"\n"))

"""The process that statistical models run in: tasks on stdin, forecasts on stdout, never a pickle.

A fit of one of these models is one call into compiled code that nothing can interrupt, so a time limit needs a process
of its own. It is run as ``python -m gatewise.evaluate.statistical_worker``. On stdin stands one line of JSON (see
`Tasks`), then the histories as little-endian float64, one behind another. On stdout comes one line of JSON for every
forecast, and one for every model that is given up. When stdin ends, so does the worker: its parent has gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from threading import Thread
from typing import IO, Any, NamedTuple

import numpy as np

__all__ = ["Tasks", "main"]


class Tasks(NamedTuple):
    """What a worker is asked for.

    Attributes:
        models: names of the models, one after another.
        horizon: steps to forecast.
        season: period in steps, 1 for none.
        limit_s: seconds of processor time that one model may take for all its forecasts.
        lengths: length of each history.
    """

    models: list[str]
    horizon: int
    season: int
    limit_s: float
    lengths: list[int]


def main() -> None:
    """Forecast until all is done; end quietly when nobody reads any more."""
    # Ctrl-C reaches every process of a terminal, but whether the run goes on is for the parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)  # trainings come first
    tasks = Tasks(**json.loads(sys.stdin.buffer.readline()))
    values = np.frombuffer(sys.stdin.buffer.read(8 * sum(tasks.lengths)), "<f8")
    Thread(target=_end_with_parent, daemon=True).start()
    histories = np.split(values, np.cumsum(tasks.lengths)[:-1])
    with contextlib.suppress(BrokenPipeError):
        _work(tasks, histories, sys.stdout)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _work(tasks: Tasks, histories: list[np.ndarray], out: IO[str]) -> None:
    # Imported here, where its three seconds are nobody else's.
    from statsforecast import models

    def say(**line: Any) -> None:
        print(json.dumps(line), file=out, flush=True)

    warnings.simplefilter("ignore")
    for model in tasks.models:
        make: Callable[..., Any] = getattr(models, model)
        began = time.process_time()
        for number, history in enumerate(histories):
            try:
                made = make(season_length=tasks.season).forecast(history, tasks.horizon)["mean"]
                if not np.isfinite(made).all():
                    raise ValueError("its forecast is not finite")
            except Exception as error:  # whatever a foreign model fails with, the others go on
                say(model=model, why=f"{type(error).__name__}: {error}")
                break
            spent = time.process_time() - began
            say(model=model, number=number, forecast=made.tolist(), seconds=spent)
            expected = spent / (number + 1) * len(histories)
            if number + 1 < len(histories) and expected > tasks.limit_s and spent > tasks.limit_s / 20:
                say(model=model, why=f"it would take about {expected:.0f} s", too_slow=True)
                break


if __name__ == "__main__":
    main()

"""Studies around one training, from Python: `sweep` tries the values of one knob, `lr_find` many learning rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatewise.errors import InputError
from gatewise.forecast import panel_of
from gatewise.interrupt import Interrupt
from gatewise.knob import Knob, knob_of, parse_over
from gatewise.planning import Plan, Source, plan
from gatewise.report.range_page import range_page, range_picture
from gatewise.report.sweep_page import sweep_page, sweep_picture
from gatewise.runs.store import RunFolder
from gatewise.search.study import Listener, Trial
from gatewise.settings import Settings
from gatewise.sweeping import SEEDS, run_sweep
from gatewise.swept import Sweep
from gatewise.train.range_curve import RangeTest
from gatewise.train.range_test import suggest_learning_rate

__all__ = ["lr_find", "range_test_into", "sweep", "sweep_into"]


def sweep(
    data: Any,
    over: str,
    values: Sequence[Any] | None = None,
    *,
    seeds: int = SEEDS,
    horizon: int | None = None,
    preset: str = "auto",
    future_data: Any = None,
    out: str | Path | None = None,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Sweep:
    """Try the values of one knob with several seeds each; choose the cheapest within one standard error of the best.

    Everything is judged on the validation part; the test part is never touched.

    Args:
        data: a path, a pandas or polars frame (long: ``unique_id, ds, y``, renamable), or a series.
        over: the knob, such as ``hidden``, ``batch_size`` or ``window``; or knob and values as the command line writes
            them, such as ``hidden=64..``.
        values: the values to try, at least two; None takes those that `over` has or a search would draw from.
        seeds: trainings of each value.
        horizon: steps to forecast, None for one season.
        preset: where settings that are left open come from.
        future_data: a table of the covariates known ahead.
        out: a run folder to write, None writes nothing.
        listener: is told of starts, epochs and ends.
        should_stop: asked often; True ends the study with the trainings that have finished, as Ctrl-C does.
        **settings: any other setting by its name; what is left open is as the preset has it in its first framing.

    Raises:
        DataError: when the table cannot be used.
        SettingsError: for an unknown setting, a value out of range or a clash.
        TrainingError: when no training gave a usable model.
    """
    knob = parse_over(over) if values is None else knob_of(over, values)
    named = {"horizon": horizon, "preset": preset, **settings}
    given = {name: value for name, value in named.items() if value is not None and name != knob.name}
    panel = panel_of(data, Settings.of(**given), future_data=future_data)
    made = plan("fit", panel, given, Source.of(data, future_data))
    folder = RunFolder(Path(out)) if out is not None else None
    with Interrupt().armed() as interrupt:
        return sweep_into(
            folder, made, knob, seeds=seeds, listener=listener, should_stop=lambda: interrupt() or should_stop()
        )


def sweep_into(
    folder: RunFolder | None,
    made: Plan,
    knob: Knob,
    *,
    seeds: int = SEEDS,
    listener: Listener | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Sweep:
    """Run a study of one knob and write it into a run folder.

    The folder gets ``sweep.csv``, ``sweep.json``, ``sweep.svg``, ``sweep.html`` and ``best.toml``, and ``trials.csv``
    line by line as the trainings end. Arguments and errors are those of `run_sweep`.
    """
    listener = listener or Listener()
    if folder is None:
        return run_sweep(made, knob, seeds=seeds, listener=listener, should_stop=should_stop)

    def on_trial(trial: Trial) -> None:
        folder.add_trial(trial, (knob.name, "seed"))
        listener.on_trial(trial)

    heard = replace(listener, on_trial=on_trial)
    try:
        found = run_sweep(made, knob, seeds=seeds, listener=heard, should_stop=should_stop)
    except InputError:
        folder.discard()
        raise
    folder.write_table("sweep.csv", found.table)
    folder.write_json("sweep.json", found.summary())
    folder.write_text("sweep.svg", sweep_picture(found))
    folder.write_text("sweep.html", sweep_page(found))
    folder.write_settings("best.toml", found.best_settings)
    return found


def lr_find(
    data: Any,
    horizon: int | None = None,
    *,
    seeds: int = 3,
    preset: str = "auto",
    future_data: Any = None,
    out: str | Path | None = None,
    **settings: Any,
) -> RangeTest:
    """Run the learning-rate range test of the network that the settings describe.

    Args:
        data: a path, a pandas or polars frame (long: ``unique_id, ds, y``, renamable), or a series.
        horizon: steps to forecast, None for one season.
        seeds: short trainings that the curve is the mean of.
        preset: where settings that are left open come from.
        future_data: a table of the covariates known ahead.
        out: a folder to write, None writes nothing.
        **settings: any other setting by its name; what is left open is as the preset has it in its first framing.

    Raises:
        DataError: when the table cannot be used.
        SettingsError: for an unknown setting, a value out of range or a clash.
    """
    named = {"horizon": horizon, "preset": preset, **settings}
    given = {name: value for name, value in named.items() if value is not None}
    panel = panel_of(data, Settings.of(**given), future_data=future_data)
    made = plan("fit", panel, given, Source.of(data, future_data))
    with Interrupt().armed() as interrupt:
        return range_test_into(None if out is None else Path(out), made, seeds=seeds, should_stop=interrupt)


def range_test_into(
    out: Path | None, made: Plan, *, seeds: int, should_stop: Callable[[], bool] = lambda: False
) -> RangeTest:
    """Run a range test and write it into a folder: ``lr-find`` as ``.csv``, ``.json``, ``.svg`` and ``.html``.

    Args:
        out: a new or empty folder, None writes nothing.
        made: the checked plan of a fit.
        seeds: short trainings that the curve is the mean of.
        should_stop: asked often; True ends the test with the curve so far.
    """
    folder = None if out is None else RunFolder(out)
    found = suggest_learning_rate(made.bench, made.settings, seeds=seeds, should_stop=should_stop)
    if folder is not None:
        name = made.panel.name
        folder.write_table("lr-find.csv", found.table)
        folder.write_json("lr-find.json", {"data": name, **found.summary(), "settings": made.settings.model_dump()})
        folder.write_text("lr-find.svg", range_picture(found, name))
        folder.write_text("lr-find.html", range_page(found, name))
    return found

"""The page and the picture of a study of one knob."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gatewise.knob import shown
from gatewise.report.document import study_document
from gatewise.report.markup import Column, Markup, Row, bullets, code, drawing, paragraph, section, table
from gatewise.report.svg import DOT, Panel, name_scale, picture, value_scale
from gatewise.report.words import CLEAR, change, duration, number, setting_value
from gatewise.swept import Row as ValueRow
from gatewise.swept import Sweep

__all__ = ["fitting_words", "sweep_page", "sweep_picture", "sweep_words"]

SCALED_BY = ("loss", "scaling", "transform")
"""Knobs that change the units of a loss, so that losses of two values cannot be compared."""

COLUMNS = (
    Column("value"), Column("validation MASE", "right"), Column("± standard error", "right"), Column("seeds", "right"),
    Column("training loss", "right"), Column("validation loss", "right"), Column("epochs", "right"),
    Column("time", "right"), Column("parameters", "right"), Column("status", "short"),
)  # fmt: skip


def sweep_picture(sweep: Sweep) -> str:
    """Return the study as SVG: score with its spread, training and validation loss, time of one training."""
    rows, choice = sweep.rows, sweep.choice
    names = [shown(row.value) for row in rows]
    x, places = name_scale(names), [float(place) for place in range(len(rows))]
    lows, highs = _ends(rows)
    each = [(place, one) for place, row in zip(places, rows, strict=True) for one in row.repeats]
    scores = [row.score for row in rows]
    panel = Panel("validation MASE", 210, x, value_scale([*lows, *highs, *(one.score for _, one in each), *scores]))
    panel.level(choice.bound, "ochre")
    panel.dots(
        [place for place, _ in each], [one.score for _, one in each], "slate",
        [f"seed {one.seed}: {one.score:.4g}" for _, one in each], 2.5,
    )  # fmt: skip
    panel.line(places, scores, "accent")
    panel.bars(places, lows, highs, "accent")
    means = [f"{sweep.knob.name} {name}: mean {number(score)}" for name, score in zip(names, scores, strict=True)]
    panel.dots(places, scores, "accent", means)
    at = places[rows.index(choice.row)]
    panel.dots([at], [choice.row.score], "brick", [f"chosen: {shown(choice.row.value)}"], 7.0)
    panels = [panel]
    legend = [
        ("accent", "", "validation"), ("brick", DOT, "chosen"), ("ochre", "5 4", "lowest mean + 1 standard error"),
    ]  # fmt: skip
    if sweep.knob.name not in SCALED_BY:
        losses = [[row.mean(name) for row in rows] for name in ("train_loss", "val_loss")]
        panels.append(Panel("loss at the best epoch", 150, x, value_scale([*losses[0], *losses[1]])))
        for role, dash, ys, name in (("slate", "6 4", losses[0], "training"), ("accent", "", losses[1], "validation")):
            panels[-1].line(places, ys, role, dash)
            panels[-1].dots(places, ys, role, [f"{name} loss {number(y)}" for y in ys], 3.5)
        legend.insert(1, ("slate", "6 4", "training"))
    seconds = [row.mean("seconds") for row in rows]
    panels.append(Panel("seconds of one training", 90, x, value_scale(seconds, from_zero=True)))
    panels[-1].line(places, seconds, "ochre")
    panels[-1].dots(places, seconds, "ochre", [duration(one) for one in seconds], 3.5)
    title = f"Study of {sweep.knob.name} on {sweep.data}"
    return picture(title, choice.reason, panels, sweep.knob.name, legend)


def _ends(rows: Sequence[ValueRow]) -> tuple[list[float], list[float]]:
    """Return the ends of the error bars, NaN where there are none."""
    errors = [(row.score, row.standard_error) for row in rows]
    return [score - error for score, error in errors], [score + error for score, error in errors]


def sweep_words(sweep: Sweep) -> list[str]:
    """Return what else is to be said of a study, a sentence each."""
    said = []
    if sweep.stopped:
        said.append(f"It grew no further: {sweep.stopped}.")
    said.append(fitting_words(sweep))
    said += [f"{note}." for note in sweep.notes]
    said += [f"{sweep.knob.name} {shown(row.value)}: {row.message}" for row in sweep.rows if row.message]
    if sweep.framings > 1:
        said.append(
            f"The study trained the first of {sweep.framings} framings that the preset would train; in the others the "
            "knob may act otherwise."
        )
    if sweep.interrupted:
        said.append("It ended early: what stands here are the trainings that had finished by then.")
    repeats = max(len(row.repeats) for row in sweep.rows)
    rough = " Of so few seeds the error itself is rough." if repeats < 5 else ""
    if repeats > 1:
        said.append(
            f"The standard error is over {repeats} seeds (starting weights, order of the windows, dropout), not over "
            f"other validation data.{rough}"
        )
    said.append("The test part was cut off before, and nothing here has seen it.")
    return [one for one in said if one]


def fitting_words(sweep: Sweep) -> str:
    """Return what a growing value did to training and validation loss, nothing where that cannot be said."""
    usable = [row for row in sweep.rows if row.is_usable]
    if sweep.knob.name in SCALED_BY or any(isinstance(row.value, str | bool) for row in usable) or len(usable) < 2:
        return ""
    ordered = sorted(usable, key=lambda row: sum(row.value) if isinstance(row.value, tuple) else row.value)
    (train, train_end), (val, val_end) = (
        [row.mean(name) for row in (ordered[0], ordered[-1])] for name in ("train_loss", "val_loss")
    )
    fits, helps = change(train, train_end), change(val, val_end)
    if fits <= -CLEAR and helps <= -CLEAR:
        meaning = "more of it fitted the training data better, and new data too"
    elif fits <= -CLEAR:
        meaning = "more of it fitted the training data better, but not new data: the sign of overfitting"
    elif helps <= -CLEAR:
        meaning = "more of it helped on new data, though the training loss did not fall"
    elif fits >= CLEAR and helps >= CLEAR:
        meaning = "more of it did harm to both"
    else:
        meaning = "it made no clear difference from end to end"
    return (
        f"From {sweep.knob.name} {shown(ordered[0].value)} to {shown(ordered[-1].value)} the training loss (with "
        f"dropout and augmentation) went from {number(train)} to {number(train_end)}, the validation loss from "
        f"{number(val)} to {number(val_end)}: {meaning}."
    )


def sweep_page(sweep: Sweep) -> str:
    """Return the whole page as HTML."""
    name, choice = sweep.knob.name, sweep.choice
    title = f"{sweep.data} · study of {name}"
    trained = sum(len(row.repeats) for row in sweep.rows)
    caption = (
        "Each point is the mean over the seeds, its bar one standard error to either side, each small dot one "
        f"training: {trained} of them in {duration(sweep.seconds)}."
    )
    main = [
        section("curve", "What the knob did", drawing(sweep_picture(sweep), caption), bullets(sweep_words(sweep))),
        section("values", "Every value", _values(sweep), paragraph(f"Cheap means here: few {choice.cost}.", "quiet")),
        section("next", "How to use it", code(f"gatewise fit DATA --set {name}={_set(choice.row.value)}")),
        section("settings", "All other settings", _settings(sweep)),
    ]
    return study_document(title, choice.reason, main)


def _values(sweep: Sweep) -> Markup:
    rows = []
    for row in sweep.rows:
        error = "" if math.isnan(row.standard_error) else f"± {row.standard_error:.2g}"
        cells = (
            number(row.score), error, str(len(row.repeats)), number(row.mean("train_loss")),
            number(row.mean("val_loss")), number(row.mean("epochs")), duration(row.mean("seconds")),
            number(row.mean("parameters")), row.status,
        )  # fmt: skip
        chosen = row is sweep.choice.row
        rows.append(Row(shown(row.value) + (" (chosen)" if chosen else ""), cells, kind="ours" if chosen else ""))
    return table(f"Means over the seeds of each value of {sweep.knob.name}", COLUMNS, rows)


def _settings(sweep: Sweep) -> Markup:
    settings = sweep.settings.model_dump()
    rows = [
        Row(name, (setting_value(value),))
        for name, value in settings.items()
        if name != sweep.knob.name and value is not None
    ]
    return table("The same for every value", (Column("setting"), Column("value")), rows, names="code")


def _set(value: object) -> str:
    """Return a value as ``--set`` takes it."""
    return shown(value).replace("+", ",") if isinstance(value, tuple) else shown(value)

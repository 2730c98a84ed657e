"""Charts in time: the forecast with its intervals, the backtest, and the error by step of the horizon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from plotly import graph_objects as go

from gatewise.report.accuracy import StepErrors
from gatewise.report.canvas import (
    Chart,
    View,
    alone,
    blank,
    foremost,
    legend_name,
    light,
    line,
    model_style,
    others_of,
    visible,
    whole_axis,
)
from gatewise.report.folder import Moment
from gatewise.report.series import Backtest, Band, DrawnSeries, Line
from gatewise.report.words import counted, listed, model_label, number

__all__ = ["backtest_chart", "forecast_chart", "hidden_words", "origins_of", "steps_chart"]

HEIGHT = 400


def forecast_chart(series: Sequence[DrawnSeries]) -> Chart | None:
    """Draw each series' recent history and its forecast, None when nothing was forecast."""
    views = tuple(_forecast_view(one) for one in series if one.forecast.x)
    return Chart("forecast", "Forecast", views, "Series") if views else None


def _forecast_view(one: DrawnSeries) -> View:
    figure = blank(HEIGHT, x={"type": _axis_type(one.forecast.x)})
    for place, band in enumerate(reversed(one.bands)):
        role = "band_narrow" if place == len(one.bands) - 1 else "band_wide"
        _add_band(figure, [(one.forecast.x, band.low, band.high)], f"{band.level}% interval", role)
    if one.history.x:
        _add_known(figure, one.history.x, one.history.y, "history")
    mode = "lines" if len(one.forecast.x) > 1 else "markers"
    if one.alternative.x:
        figure.add_scatter(
            x=one.alternative.x,
            y=one.alternative.y,
            name=model_label(one.baseline),
            mode=mode,
            line=line("plum", "dash"),
            marker={"size": 7, "symbol": "diamond"},
        )
    figure.add_scatter(
        x=one.forecast.x,
        y=one.forecast.y,
        name="Gatewise",
        mode=mode,
        line=line("accent", width=2.2),
        marker={"size": 8},
    )
    return View(one.unique_id, figure, _forecast_caption(one))


def _forecast_caption(one: DrawnSeries) -> str:
    x, y = one.forecast.x, one.forecast.y
    known = [value for value in y if value is not None]
    if not known:
        return f"{one.unique_id}: the forecast holds no numbers."
    steps = counted(len(x), "step")
    text = f"{one.unique_id}: forecast of {steps}, from {number(y[0])} at {x[0]}{_within(one.bands, 0)}"
    if len(x) > 1:
        text += f" to {number(y[-1])} at {x[-1]}{_within(one.bands, -1)}"
        text += f"; between {number(min(known))} and {number(max(known))}"
    if one.alternative.x:
        text += f". Dashed: {model_label(one.baseline)}, the best baseline"
    if one.history.y and None in one.history.y:
        text += ". Gaps in the history are values that the table did not have"
    return f"{text}."


def _within(bands: tuple[Band, ...], place: int) -> str:
    """Return the widest interval at one step in brackets."""
    if not bands or bands[-1].low[place] is None:
        return ""
    widest = bands[-1]
    return f" ({widest.level}% interval {number(widest.low[place])} to {number(widest.high[place])})"


def backtest_chart(series: Sequence[DrawnSeries], ranking: Sequence[str] = ()) -> Chart | None:
    """Draw truth, Gatewise and baselines from every test origin, None without test origins.

    Args:
        series: the series, one view each.
        ranking: models, the best first, of which the foremost are drawn at first; empty draws all.
    """
    views = tuple(_backtest_view(one.unique_id, one.backtest, ranking) for one in series if one.backtest)
    return Chart("backtest", "Backtest", views, "Series") if views else None


def _backtest_view(name: str, backtest: Backtest, ranking: Sequence[str]) -> View:
    shown = foremost(ranking, backtest.models)
    figure = blank(HEIGHT, x={"type": _axis_type(backtest.x)})
    origins = origins_of(backtest)
    if backtest.bands:
        band = backtest.bands[0]
        parts = [(_at(backtest.x, rows), _at(band.low, rows), _at(band.high, rows)) for rows in origins]
        _add_band(figure, parts, f"{band.level}% interval", "band_wide")
    truth = dict(sorted(zip(backtest.x, backtest.truth, strict=True), key=lambda pair: pair[0]))
    _add_known(figure, tuple(truth), tuple(truth.values()), "truth")
    others = others_of(backtest.models)
    # Gatewise comes last, so that it lies on top.
    for model in sorted(backtest.models, key=lambda model: model == "gatewise"):
        joined = _joined(backtest.x, backtest.models[model], origins)
        style = line(*model_style(model, others))
        figure.add_scatter(
            x=joined.x, y=joined.y, name=legend_name(model), mode="lines", line=style, visible=visible(model, shown)
        )
    return View(name, figure, _backtest_caption(name, backtest) + hidden_words(backtest.models, shown))


def origins_of(backtest: Backtest) -> list[list[int]]:
    """Return the rows of each origin; one-step origins are joined, as a line of one point cannot be seen."""
    rows = range(len(backtest.x))
    parts = [list(part) for _, part in groupby(rows, key=lambda row: backtest.origin[row])]
    return [list(rows)] if all(len(part) == 1 for part in parts) else parts


def _at(values: Sequence[Any], rows: list[int]) -> tuple[Any, ...]:
    return tuple(values[row] for row in rows)


def _joined(x: tuple[Moment, ...], y: tuple[float | None, ...], origins: list[list[int]]) -> Line:
    """Return one line with a gap between two origins."""
    xs: list[Moment] = []
    ys: list[float | None] = []
    for rows in origins:
        xs += [*_at(x, rows), x[rows[-1]]]
        ys += [*_at(y, rows), None]
    return Line(tuple(xs), tuple(ys))


def _backtest_caption(name: str, backtest: Backtest) -> str:
    origins = len(set(backtest.origin))
    errors = {}
    for model, made in backtest.models.items():
        pairs = [(y, t) for y, t in zip(made, backtest.truth, strict=True) if y is not None and t is not None]
        if pairs:
            errors[model] = sum(abs(y - t) for y, t in pairs) / len(pairs)
    means = listed([f"{model_label(model)} {number(error)}" for model, error in errors.items()])
    return (
        f"{name}: {counted(origins, 'test origin')}, {counted(len(backtest.x), 'row')}. Mean absolute error: {means}."
    )


def hidden_words(models: Iterable[str], shown: Sequence[str]) -> str:
    """Return how to see the models that are not drawn at first, nothing where all are."""
    hidden = [model for model in models if shown and model not in shown]
    return f" A click in the legend shows {listed([model_label(model) for model in hidden])} too." if hidden else ""


def steps_chart(steps: StepErrors | None, ranking: Sequence[str] = ()) -> Chart | None:
    """Draw the mean absolute error at each step of the horizon.

    Args:
        steps: the errors.
        ranking: models, the best first, of which the foremost are drawn at first; empty draws all.
    """
    if steps is None:
        return None
    shown = foremost(ranking, steps.models)
    title = f"error, {steps.reference} = 1" if steps.reference else "mean absolute error"
    last = max(len(errors) for errors in steps.models.values())
    x = {"title": "step of the horizon", **whole_axis(1, last)}
    figure = blank(320, x=x, y={"title": title, "rangemode": "tozero"})
    others = others_of(steps.models)
    for model in sorted(steps.models, key=lambda model: model == "gatewise"):
        errors = steps.models[model]
        figure.add_scatter(
            x=tuple(range(1, len(errors) + 1)),
            y=errors,
            name=legend_name(model),
            mode="lines+markers" if len(errors) <= 30 else "lines",
            marker={"size": 5},
            line=line(*model_style(model, others)),
            visible=visible(model, shown),
        )
    words = _steps_caption(steps, shown) + hidden_words(steps.models, shown)
    return Chart("steps", "Error by step of the horizon", (View("", figure, words),))


def _steps_caption(steps: StepErrors, shown: Sequence[str]) -> str:
    parts = [
        f"{model_label(model)} from {number(errors[0])} at step 1 to {number(errors[-1])} at step {len(errors)}"
        for model, errors in steps.models.items()
        if not shown or model in shown
    ]
    what = (
        f"Mean absolute error, divided by {steps.reference}'s mean error on the same series"
        if steps.reference
        else "Mean absolute error in the data's units"
    )
    over = f", over {counted(steps.origins, 'forecast')}" if steps.origins else ""
    return f"{what}{over}: {'; '.join(parts)}."


def _axis_type(x: Sequence[Moment]) -> str:
    return "linear" if all(isinstance(one, int) for one in x) else "date"


def _add_known(figure: go.Figure, x: tuple[Moment, ...], y: tuple[float | None, ...], name: str) -> None:
    """Add values that were observed, as a line and as points where a line would not show them."""
    figure.add_scatter(x=x, y=y, name=name, mode="lines", line=line("ink", width=1.5))
    places = list(alone(y))
    if places:
        marker = {"color": light("ink"), "size": 4}
        points = {"mode": "markers", "marker": marker, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(x=_at(x, places), y=_at(y, places), name=name, **points)


def _add_band(
    figure: go.Figure,
    parts: Sequence[tuple[tuple[Moment, ...], tuple[float | None, ...], tuple[float | None, ...]]],
    name: str,
    role: str,
) -> None:
    """Add an interval as closed shapes, one per part; unknown bounds are left out."""
    xs: list[Moment | None] = []
    ys: list[float | None] = []
    for x, low, high in parts:
        known = [row for row in range(len(x)) if low[row] is not None and high[row] is not None]
        if known:
            there, back = _at(x, known), _at(x, known[::-1])
            xs += [*there, *back, there[0], None]
            ys += [*_at(high, known), *_at(low, known[::-1]), high[known[0]], None]
    # A closed shape cannot be read off as a table, so the bounds stand beside it.
    rows = [row for x, low, high in parts for row in zip(x, low, high, strict=True)]
    bounds = {"x": [row[0] for row in rows], "low": [row[1] for row in rows], "high": [row[2] for row in rows]}
    figure.add_scatter(
        x=xs, y=ys, name=name, mode="lines", fill="toself", fillcolor=light(role), line={"width": 0}, hoverinfo="skip",
        meta={"bounds": bounds},
    )  # fmt: skip

"""The main figures as SVG files for slides and papers: ``figures/`` of a run folder, drawn without a browser."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gatewise.report.accuracy import StepErrors
from gatewise.report.canvas import foremost, model_style, others_of
from gatewise.report.evaluation import ranked
from gatewise.report.folder import Moment
from gatewise.report.forecast_charts import backtest_chart, forecast_chart, origins_of, steps_chart
from gatewise.report.moments import moment_scale, place
from gatewise.report.series import DrawnSeries
from gatewise.report.summary import Summary
from gatewise.report.svg import AREA, DOT, LETTER, Panel, Scale, name_scale, picture, rate_scale, value_scale
from gatewise.report.words import model_label, number

__all__ = ["pictures"]

MOST_PICTURES = 4
"""Most series of which a forecast and a backtest are drawn."""

HEIGHT = 330

DASHES = {"solid": "", "dash": "7 5", "dot": "2 4", "dashdot": "8 4 2 4", "longdash": "12 5", "longdashdot": "12 4 2 4"}
"""Plotly's dashes as those of SVG; others are Plotly's own lists of lengths."""

WIDE = 8.0
"""Ratio of the largest to the smallest error from which their axis is logarithmic."""


def pictures(summary: Summary) -> dict[str, str]:
    """Return SVG by file name: ``forecast.svg``, ``backtest.svg``, ``leaderboard.svg``, ``error_by_step.svg``.

    Further series of a panel are ``forecast-2.svg``, ``backtest-2.svg`` and so on, at most four. What the run does not
    have is not there.
    """
    made: dict[str, str | None] = {}
    ranking = summary.ranking
    for place_, one in enumerate(summary.drawn.series[:MOST_PICTURES], start=1):
        end = f"-{place_}" if place_ > 1 else ""
        made[f"forecast{end}.svg"] = _forecast(one)
        made[f"backtest{end}.svg"] = _backtest(one, ranking)
    made["leaderboard.svg"] = _leaderboard(summary)
    made["error_by_step.svg"] = _steps(summary.steps, ranking)
    return {name: svg for name, svg in made.items() if svg is not None}


def _floats(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _forecast(one: DrawnSeries) -> str | None:
    chart = forecast_chart([one])
    if chart is None:
        return None
    moments = (*one.history.x, *one.forecast.x)
    bounds = [end for band in one.bands for end in (*band.low, *band.high)]
    known = _floats([*one.history.y, *one.forecast.y, *one.alternative.y, *bounds])
    panel = Panel("", HEIGHT, moment_scale(moments), value_scale(known))
    ahead = _places(one.forecast.x)
    for rank, band in enumerate(reversed(one.bands)):
        panel.band(ahead, _floats(band.low), _floats(band.high), "accent", 0.13 + 0.09 * min(rank, 2))
    panel.line(_places(one.history.x), _floats(one.history.y), "ink", width=1.8)
    if one.alternative.x:
        panel.line(ahead, _floats(one.alternative.y), "plum", width=1.8, dash="6 4")
    panel.line(ahead, _floats(one.forecast.y), "accent", width=2.6)
    if len(ahead) == 1:
        panel.dots(ahead, _floats(one.forecast.y), "accent", ["forecast"])
    levels = " and ".join(f"{band.level}%" for band in one.bands)
    legend = [("ink", "", "history"), ("accent", "", "Gatewise")]
    legend += [("plum", "6 4", model_label(one.baseline))] if one.alternative.x else []
    legend += [("accent", AREA, f"{levels} interval")] if levels else []
    return picture(f"Forecast of {one.unique_id}", chart.views[0].caption, [panel], one.unique_id, legend)


def _places(moments: Sequence[Moment]) -> list[float]:
    return [place(one) for one in moments]


def _backtest(one: DrawnSeries, ranking: Sequence[str]) -> str | None:
    chart = backtest_chart([one], ranking)
    if chart is None or one.backtest is None:
        return None
    backtest = one.backtest
    shown = foremost(ranking, backtest.models)
    models = [model for model in backtest.models if not shown or model in shown]
    values = [value for model in models for value in backtest.models[model]]
    panel = Panel("", HEIGHT, moment_scale(backtest.x), value_scale(_floats([*backtest.truth, *values])))
    origins, x = origins_of(backtest), _places(backtest.x)
    band = backtest.bands[0] if backtest.bands else None
    if band is not None:
        for rows in origins:
            low, high = _floats(band.low), _floats(band.high)
            panel.band(_at(x, rows), _at(low, rows), _at(high, rows), "accent")
    truth = sorted(zip(x, _floats(backtest.truth), strict=True))
    panel.line([at for at, _ in truth], [y for _, y in truth], "ink", width=1.8)
    legend = [("ink", "", "truth")]
    others = others_of(backtest.models)
    for model in sorted(models, key=lambda model: model == "gatewise"):
        role, dash, width = model_style(model, others)
        for rows in origins:
            panel.line(_at(x, rows), _at(_floats(backtest.models[model]), rows), role, _dash(dash), width)
        legend.append((role, _dash(dash), model_label(model)))
    legend += [("accent", AREA, f"{band.level}% interval")] if band is not None else []
    return picture(f"Backtest of {one.unique_id}", chart.views[0].caption, [panel], one.unique_id, legend)


def _at(values: Sequence[float], rows: Sequence[int]) -> list[float]:
    return [values[row] for row in rows]


def _dash(plotly: str) -> str:
    return DASHES.get(plotly) if plotly in DASHES else plotly.replace("px", "").replace(",", " ")  # pyright: ignore


def _leaderboard(summary: Summary) -> str | None:
    """Return every model's error as a dot on a line, the best on top."""
    metric, rows = "MASE", [(score.model, score.mase) for score in summary.leaderboard]
    if summary.evaluation is not None:
        metric = ranked(summary.evaluation)
        rows = [(score.model, score.metrics[metric]) for score in summary.evaluation.models]
    known = [(model, value) for model, value in rows if value is not None]
    if len(known) < 2:
        return None
    known.reverse()
    names, values = [model_label(model) for model, _ in known], [value for _, value in known]
    far = min(values) > 0 and max(values) / min(values) >= WIDE
    x = rate_scale([min(values), max(values)]) if far else value_scale(values, from_zero=True)
    x = _roomy(x)
    left = 24 + LETTER * max(map(len, names))
    panel = Panel("", 34 * len(known), x, name_scale(names), left)
    for height, (model, value) in enumerate(known):
        role = "accent" if model == "gatewise" else "slate"
        if not far:  # a bar has no foot on a logarithmic axis
            panel.line([x.low, value], [height, height], role, width=3)
        panel.dots([value], [height], role, [f"{model_label(model)}: {metric} {number(value)}"], 6.5)
        panel.beside(value, height, number(value))
    words = ", ".join(f"{model_label(model)} {number(value)}" for model, value in known[::-1])
    return picture(
        f"{metric} of every model on the test origins", f"{metric}, lower is better: {words}.", [panel],
        f"{metric} on the test origins, lower is better", [("accent", DOT, "Gatewise"), ("slate", DOT, "other models")],
    )  # fmt: skip


def _roomy(scale: Scale) -> Scale:
    """Return an axis with room for the words beside its last value, and around both ends of a logarithmic one."""
    if scale.log:
        return scale._replace(low=scale.low / 1.4, high=scale.high * 1.4)
    return scale._replace(high=scale.high + 0.06 * (scale.high - scale.low))


def _steps(steps: StepErrors | None, ranking: Sequence[str]) -> str | None:
    chart = steps_chart(steps, ranking)
    if chart is None or steps is None:
        return None
    shown = foremost(ranking, steps.models)
    models = [model for model in steps.models if not shown or model in shown]
    values = [value for model in models for value in steps.models[model]]
    last = max(len(steps.models[model]) for model in models)
    whole = tuple(
        tick for tick in value_scale([1.0, float(last)]).ticks if tick[0].is_integer() and 1 <= tick[0] <= last
    )
    title = f"error, {steps.reference} = 1" if steps.reference else "mean absolute error"
    panel = Panel(title, HEIGHT - 50, Scale(1.0, float(last), whole), value_scale(_floats(values), from_zero=True))
    others, legend = others_of(steps.models), []
    for model in sorted(models, key=lambda model: model == "gatewise"):
        role, dash, width = model_style(model, others)
        errors = steps.models[model]
        panel.line([float(step) for step in range(1, len(errors) + 1)], _floats(errors), role, _dash(dash), width)
        legend.append((role, _dash(dash), model_label(model)))
    return picture("Error by step of the horizon", chart.views[0].caption, [panel], "step of the horizon", legend)

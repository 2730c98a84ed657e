"""Charts of the evaluation: models side by side, the comparison, calibration, series and origins."""

from __future__ import annotations

from collections.abc import Sequence

from gatewise.report.canvas import (
    Chart,
    View,
    alone,
    blank,
    foremost,
    legend_name,
    light,
    line,
    log_axis,
    model_style,
    others_of,
    plain,
    value_axis,
    visible,
    whole_axis,
)
from gatewise.report.evaluation import Evaluation, Interval, calibration_words, others_best, ranked, wins
from gatewise.report.forecast_charts import hidden_words
from gatewise.report.words import counted, listed, model_label, number, percent

__all__ = [
    "calibration_chart",
    "comparison_chart",
    "coverage_steps_chart",
    "models_chart",
    "origins_chart",
    "series_chart",
]

BAR, ROOM = 28, 74
"""Height of a bar with its gap, and of what stands around the bars, in pixels."""

MOST_POINTS = 2000
"""Most series that are drawn, so that the page stays light."""


def models_chart(evaluation: Evaluation) -> Chart | None:
    """Draw the ranking metric of every model, the best on top."""
    metric = ranked(evaluation)
    known = [(score.model, value) for score in evaluation.models if (value := score.metrics[metric]) is not None]
    if len(known) < 2:
        return None
    known.reverse()  # Plotly puts the first category at the bottom
    names, values = [legend_name(model) for model, _ in known], [value for _, value in known]
    scale = value_axis(values)
    ours = [light("accent" if model == "gatewise" else "slate") for model, _ in known]
    shown = [number(value) for value in values]
    figure = blank(
        ROOM + BAR * len(known),
        x={"title": f"{metric} on the test origins", "showgrid": True, "showline": False, **scale},
        y={"showgrid": False, "type": "category"},
        hovermode="closest",
        bargap=0.35,
    )
    figure.update_layout(margin={"r": 52})  # room for the figures beside the largest
    if scale["type"] == "log":
        # A bar has no foot on a logarithmic axis.
        figure.add_scatter(
            x=values, y=names, mode="markers+text", name=metric, showlegend=False, text=shown,
            textposition="middle right", textfont={"color": light("ink")}, marker={"size": 11, "color": ours},
            cliponaxis=False, hovertemplate="%{y}: %{text}<extra></extra>",
        )  # fmt: skip
    else:
        figure.update_layout(xaxis={"rangemode": "tozero"})
        figure.add_bar(
            orientation="h", x=values, y=names, name=metric, showlegend=False, text=shown,
            textposition="outside", textangle=0, cliponaxis=False, textfont={"color": light("ink")},
            marker={"color": ours, "line": {"width": 0}}, hovertemplate="%{y}: %{text}<extra></extra>",
        )  # fmt: skip
    best = listed([f"{model_label(model)} {number(value)}" for model, value in known[::-1][:3]])
    words = f"{metric} over {_over(evaluation)}, lower is better: {best}{' lead' if len(known) > 3 else ''}."
    return Chart("models", "Models side by side", (View("", figure, words),))


def _over(evaluation: Evaluation) -> str:
    origins = counted(evaluation.origins, "test origin") if evaluation.origins else "the test origins"
    several = evaluation.series is not None and evaluation.series > 1
    return f"{origins} of {counted(evaluation.series or 0, 'series', 'series')}" if several else origins


def comparison_chart(evaluation: Evaluation) -> Chart | None:
    """Draw the improvement over the best other model with its confidence interval, on either side of nothing gained."""
    said = evaluation.comparison
    if said is None or said.improvement is None:
        return None
    low, high = (said.improvement if end is None else end for end in (said.low, said.high))
    figure = blank(
        130,
        x={"title": f"error saved against {plain(model_label(said.against))}", "showgrid": True, "tickformat": ".0%",
           "showline": False, "zeroline": True, "zerolinecolor": light("ink"), "zerolinewidth": 1.5,
           "range": _around(low, high)},
        y={"visible": False, "range": (-1, 1)},
        hovermode="closest",
    )  # fmt: skip
    role = {"better": "accent", "worse": "brick"}.get(said.decision, "slate")
    figure.add_scatter(
        x=[said.improvement], y=[0], mode="markers", name="improvement", showlegend=False,
        marker={"size": 13, "color": light(role)},
        error_x={"type": "data", "symmetric": False, "array": [high - said.improvement],
                 "arrayminus": [said.improvement - low], "color": light(role), "thickness": 3, "width": 8},
        hovertemplate="%{x:.1%}<extra></extra>",
    )  # fmt: skip
    words = f"The dot is the share of {model_label(said.against)}'s error that Gatewise saves"
    if said.low is not None and said.high is not None:
        words += f", the line its confidence interval, {percent(low)} to {percent(high)}"
    return Chart(
        "comparison", "Is the difference real?", (View("", figure, f"{words}. Left of 0, Gatewise is worse."),)
    )


def _around(low: float, high: float) -> tuple[float, float]:
    """Return a range that holds 0 and both ends with some room."""
    first, last = min(low, 0.0), max(high, 0.0)
    room = 0.15 * (last - first) or 0.05
    return first - room, last + room


def calibration_chart(intervals: Sequence[Interval]) -> Chart | None:
    """Draw the share of truths inside each interval against what it promises."""
    known = [one for one in intervals if one.coverage is not None]
    if not known:
        return None
    models = sorted({one.model for one in known}, key=lambda model: model != "gatewise")
    low = min(min(one.coverage or 0.0, one.level / 100) for one in known)
    start = max(0.0, low - 0.1)
    figure = blank(
        340,
        x={"title": "promised", "tickformat": ".0%", "range": (start, 1.02), "showgrid": True},
        y={"title": "held", "tickformat": ".0%", "range": (start, 1.02)},
        hovermode="closest",
    )
    figure.add_scatter(
        x=[start, 1], y=[start, 1], mode="lines", name="as promised", line=line("muted", "dot", 1.2), hoverinfo="skip"
    )
    others = others_of(models)
    shown = foremost(models, models)
    for model in reversed(models):
        own = sorted((one for one in known if one.model == model), key=lambda one: one.level)
        role, dash, width = model_style(model, others)
        figure.add_scatter(
            x=[one.level / 100 for one in own], y=[one.coverage for one in own], name=legend_name(model),
            mode="lines+markers", line=line(role, dash, width), marker={"size": 10 if model == "gatewise" else 7},
            visible=visible(model, shown), hovertemplate="%{x:.0%} promised, %{y:.1%} held",
        )  # fmt: skip
    ours = [one for one in known if one.model == "gatewise"] or known
    held = listed([f"{percent(one.coverage)} of {one.level}% ({calibration_words(one)})" for one in ours])
    words = (
        f"{model_label(ours[0].model)} held {held}. Below the dotted line intervals are too narrow, above it too wide."
        + hidden_words(models, shown)
    )
    return Chart("calibration", "Held against promised", (View("", figure, words),))


def coverage_steps_chart(intervals: Sequence[Interval]) -> Chart | None:
    """Draw the share of truths inside Gatewise's intervals at each step of the horizon."""
    ours = [one for one in intervals if one.model == "gatewise" and len(one.by_step) > 1]
    if not ours:
        return None
    figure = blank(
        280,
        x={"title": "step of the horizon", **whole_axis(1, max(len(one.by_step) for one in ours))},
        y={"title": "held", "tickformat": ".0%", "range": (0, 1.05)},
    )
    styles = (("accent", "solid"), ("ochre", "dash"), ("plum", "dashdot"), ("moss", "longdash"))
    for place, one in enumerate(sorted(ours, key=lambda one: one.level)):
        role, dash = styles[place % len(styles)]
        steps = tuple(range(1, len(one.by_step) + 1))
        figure.add_scatter(
            x=(1, len(one.by_step)), y=(one.level / 100,) * 2, mode="lines", name=f"{one.level}% promised",
            showlegend=False, line=line(role, "dot", 1.0), hoverinfo="skip",
        )  # fmt: skip
        mode = "lines+markers" if len(steps) <= 30 else "lines"
        figure.add_scatter(
            x=steps, y=one.by_step, name=f"{one.level}% interval", mode=mode, line=line(role, dash, 1.8),
            marker={"size": 5},
        )  # fmt: skip
    parts = []
    for one in ours:
        known = [(held, step) for step, held in enumerate(one.by_step, start=1) if held is not None]
        if known:
            held, step = min(known)
            parts.append(f"the {one.level}% interval held least at step {step} ({percent(held)})")
    words = f"Dotted: what is promised. {'; '.join(parts).capitalize()}." if parts else "Nothing could be compared."
    return Chart("coverage-steps", "Held by step of the horizon", (View("", figure, words),))


def series_chart(evaluation: Evaluation) -> Chart | None:
    """Draw Gatewise's MASE on every series against that of the best other model."""
    other = others_best(evaluation)
    rows = [
        (str(row.name), ours, theirs)
        for row in evaluation.by_series
        if other
        and (ours := row.models.get("gatewise"))
        and (theirs := row.models.get(other))
        and min(ours, theirs) > 0
    ]
    if other is None or len(rows) < 3:
        return None
    better, compared = wins(evaluation.by_series, other)
    drawn = rows[:: -(-len(rows) // MOST_POINTS)]
    both = [value for _, ours, theirs in drawn for value in (ours, theirs)]
    # Ticks lie at the values, the axes reach beyond: a tick on the very edge may be dropped.
    scale, ends = log_axis(both), (min(both) / 1.15, max(both) * 1.15)
    figure = blank(
        380,
        x={"title": f"MASE of {plain(model_label(other))}", "showgrid": True, **scale},
        y={"title": "MASE of Gatewise", **scale},
        hovermode="closest",
    )
    figure.add_scatter(x=ends, y=ends, mode="lines", name="equal", line=line("muted", "dot", 1.2), hoverinfo="skip")
    figure.add_scatter(
        x=[theirs for *_, theirs in drawn], y=[ours for _, ours, _ in drawn], mode="markers", name="series",
        marker={"size": 7 if len(drawn) < 100 else 5, "color": light("accent"), "opacity": 0.65},
        text=[plain(name) for name, *_ in drawn],
        hovertemplate="%{text}: Gatewise %{y:.3g}, other %{x:.3g}<extra></extra>",
    )  # fmt: skip
    words = (
        f"Each dot is a series. Below the dotted line Gatewise is better than {model_label(other)}: on {better:,} of "
        f"{counted(compared, 'series', 'series')} ({percent(better / compared)})."
    )
    if len(drawn) < len(rows):
        words += f" Drawn are {len(drawn):,} of them."
    return Chart("series", "Series by series", (View("", figure, words),))


def origins_chart(evaluation: Evaluation) -> Chart | None:
    """Draw MASE from every test origin, in time."""
    rows = evaluation.by_origin
    if len(rows) < 2:
        return None
    x = tuple(row.name for row in rows)
    kind = "linear" if all(isinstance(one, int) for one in x) else "date"
    models = [score.model for score in evaluation.models if any(score.model in row.models for row in rows)]
    values = {model: tuple(row.models.get(model) for row in rows) for model in models}
    shown = foremost(models, models)
    drawn = [value for model in models if model in shown for value in values[model]]
    figure = blank(320, x={"title": "origin", "type": kind}, y={"title": "MASE", **value_axis(drawn)})
    others = others_of(models)
    for model in sorted(models, key=lambda model: model == "gatewise"):
        figure.add_scatter(
            x=x, y=values[model], name=legend_name(model), visible=visible(model, shown),
            mode="lines+markers" if len(x) <= 30 or alone(values[model]) else "lines", marker={"size": 5},
            line=line(*model_style(model, others)),
        )  # fmt: skip
    ours = [(value, name) for value, name in zip(values.get("gatewise", ()), x, strict=False) if value is not None]
    words = f"MASE of the forecasts from {counted(len(rows), 'origin')}."
    if ours:
        (least, first), (most, last) = min(ours, key=lambda pair: pair[0]), max(ours, key=lambda pair: pair[0])
        words += f" Gatewise between {number(least)} (from {first}) and {number(most)} (from {last})."
    return Chart("origins", "Error by origin", (View("", figure, words + hidden_words(models, shown)),))

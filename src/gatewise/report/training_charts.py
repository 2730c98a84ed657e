"""Charts of training and search: learning curves, the history of trials, and what the knobs did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plotly import graph_objects as go

from gatewise.report.canvas import Chart, View, axis, blank, light, line, log_axis, plain, value_axis, whole_axis
from gatewise.report.hidden_units import HiddenUnits
from gatewise.report.knobs import Slice, best_of
from gatewise.report.summary import Best, Epoch
from gatewise.report.trials import TrialRow
from gatewise.report.words import counted, number, percent

PANELS = ("loss", "learning rate", "clipped steps")
"""Titles of the panels of the learning curves."""

__all__ = ["curves_chart", "hidden_chart", "history_chart", "slice_charts"]


# -- learning curves --------------------------------------------------------------------------------------------------


def curves_chart(epochs: Sequence[Epoch], best: Best | None) -> Chart | None:
    """Draw losses, learning rate and clipped share over the best trial's epochs."""
    if not epochs or best is None:
        return None
    shares = [epoch.clipped for epoch in epochs]
    most = max((share for share in shares if share is not None), default=0.0)
    heights = ((0.50, 1.0), (0.25, 0.42), (0.0, 0.17)) if most else ((0.38, 1.0), (0.0, 0.28))
    figure = _panels(520 if most else 420, heights, whole_axis(1, epochs[-1].number))
    x, mode = [epoch.number for epoch in epochs], "lines" if len(epochs) > 1 else "markers"
    for name, role, dash, y in (
        ("training loss", "slate", "dash", [epoch.train_loss for epoch in epochs]),
        ("validation loss", "accent", "solid", [epoch.val_loss for epoch in epochs]),
    ):
        if any(value is not None for value in y):
            figure.add_scatter(x=x, y=y, name=name, mode=mode, line=line(role, dash, 2.0))
    losses = [loss for epoch in epochs for loss in (epoch.train_loss, epoch.val_loss)]
    figure.update_layout(yaxis=value_axis(losses))
    rates = [epoch.learning_rate for epoch in epochs]
    figure.add_scatter(
        x=x, y=rates, name="learning rate", mode=mode, line=line("ochre"), xaxis="x2", yaxis="y2", showlegend=False
    )
    if most:
        # Nothing clipped needs no panel of zeros: the caption says so.
        figure.update_layout(yaxis3={"tickformat": ".0%", "range": [0, max(1.15 * most, 0.05)]})
        figure.add_bar(
            x=x, y=shares, name="clipped", marker={"color": light("slate")}, xaxis="x3", yaxis="y3", showlegend=False
        )
    _mark_best(figure, best.best_epoch, len(heights))
    return Chart("curves", "Learning curves", (View("", figure, _curves_caption(epochs, best)),))


def _panels(height: int, heights: tuple[tuple[float, float], ...], x: dict[str, Any]) -> go.Figure:
    """Return a figure of panels that lie above each other and share the x axis of the epochs."""
    axes = {}
    for place, domain in enumerate(heights, start=1):
        end, lowest = "" if place == 1 else str(place), place == len(heights)
        title = {"title": "epoch"} if lowest else {}
        axes[f"xaxis{end}"] = axis(
            {"showgrid": False, "showline": True, "anchor": f"y{end}", "showticklabels": lowest, **x, **title}
            | ({} if place == 1 else {"matches": "x"})
        )
        axes[f"yaxis{end}"] = axis(
            {"domain": domain, "anchor": f"x{end}", "nticks": 5, "title": PANELS[place - 1]}
            | ({} if place == 1 else {"rangemode": "tozero"})
        )
    return blank(height, **axes)


def _mark_best(figure: go.Figure, epoch: int | None, panels: int) -> None:
    if not epoch:
        return
    for place in range(1, panels + 1):
        end = "" if place == 1 else str(place)
        figure.add_shape(
            type="line",
            x0=epoch,
            x1=epoch,
            y0=0,
            y1=1,
            xref=f"x{end}",
            yref=f"y{end} domain",
            line=line("muted", "dot", 1),
        )
    figure.add_annotation(
        x=epoch, y=1, xref="x", yref="y domain", text=f"best epoch {epoch}", showarrow=False, xanchor="left", xshift=4,
        yanchor="top", font={"size": 11, "color": light("muted")},
    )  # fmt: skip


def _curves_caption(epochs: Sequence[Epoch], best: Best) -> str:
    at = next((epoch for epoch in epochs if epoch.number == best.best_epoch), None)
    text = f"Trial {best.trial}, {counted(len(epochs), 'epoch')}"
    if at is not None:
        text += (
            f"; best epoch {at.number} with training loss {number(at.train_loss)} and validation loss "
            f"{number(at.val_loss)}"
        )
    rates = [epoch.learning_rate for epoch in epochs if epoch.learning_rate is not None]
    if rates:
        text += f"; learning rate from {number(rates[0])} to {number(rates[-1])}"
    shares = [epoch.clipped for epoch in epochs if epoch.clipped is not None]
    if shares:
        text += f"; {percent(sum(shares) / len(shares))} of the steps clipped"
    return f"{text}. The training loss is taken with dropout and augmentation on, so it may lie above the other."


# -- the search -------------------------------------------------------------------------------------------------------


def history_chart(trials: Sequence[TrialRow], best: Best | None) -> Chart | None:
    """Draw every trial's score in the order of the search, the best so far, and those without a score."""
    scored = [(trial.number, trial.score, trial) for trial in trials if trial.score is not None]
    if len(trials) < 2 or not scored:
        return None
    scores = [score for _, score, _ in scored]
    y = {"title": "validation MASE", **value_axis(scores)}
    figure = blank(
        340, x={"title": "trial", **whole_axis(trials[0].number, trials[-1].number)}, y=y, hovermode="closest"
    )
    lowest = [min(scores[: place + 1]) for place in range(len(scores))]
    numbers = [place for place, _, _ in scored]
    end = trials[-1].number
    figure.add_scatter(
        x=[*numbers, end], y=[*lowest, lowest[-1]], name="best so far", mode="lines", hoverinfo="skip",
        line={**line("accent", width=1.6), "shape": "hv"},
    )  # fmt: skip
    figure.add_scatter(
        x=numbers, y=scores, name="trial", mode="markers", marker=_dots(numbers, best),
        text=[_hover(trial) for *_, trial in scored], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    lost = [trial for trial in trials if trial.score is None]
    if lost:
        # They have no score: they stand in a row along the upper edge.
        figure.add_scatter(
            x=[trial.number for trial in lost], y=[0.97] * len(lost), name="no score", mode="markers", yaxis="y2",
            marker={"symbol": "x", "size": 8, "color": light("brick")},
            text=[_hover(trial) for trial in lost], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})
    winner = min(scored, key=lambda row: row[1])
    text = (
        f"{counted(len(trials), 'trial')}, {len(scored)} with a score: from {number(scores[0])} for trial {numbers[0]} "
        f"to {number(winner[1])} for trial {winner[0]}, the lowest validation MASE."
    )
    return Chart("history", "History of the trials", (View("", figure, text),))


def _hover(trial: TrialRow) -> str:
    """Return what pointing at a trial shows."""
    head = f"<b>trial {trial.number}</b>: {'no score' if trial.score is None else number(trial.score)}"
    settings = [f"{name} = {_short(value)}" for name, value in trial.settings.items()]
    return "<br>".join([head, plain(trial.status), *map(plain, settings[:10])])


def _short(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _dots(numbers: Sequence[int], best: Best | None) -> dict[str, object]:
    """Return markers with the best trial's larger and filled."""
    ours = [best is not None and number == best.trial for number in numbers]
    return {
        "color": [light("accent") if one else light("slate") for one in ours],
        "size": [12 if one else 7 for one in ours],
        "symbol": ["diamond" if one else "circle" for one in ours],
        "opacity": [1.0 if one else 0.75 for one in ours],
        "line": {"width": 0},
    }


def hidden_chart(hidden: HiddenUnits | None) -> Chart | None:
    """Draw training and validation loss against hidden units, growing from small to large."""
    if hidden is None or len(hidden.medians) < 2:
        return None
    totals = [units.total for units in hidden.medians]
    losses = [loss for *_, train, val in hidden.points for loss in (train, val)]
    figure = blank(
        340,
        x={"title": "hidden units, all layers", "type": "log", "tickvals": totals, "ticktext": [*map(str, totals)]},
        y={"title": "loss at the best epoch", **value_axis(losses)},
        hovermode="closest",
    )
    for place, name, role, dash, symbol in (
        (3, "training", "slate", "dash", "square"),
        (4, "validation", "accent", "solid", "circle"),
    ):
        medians = [units.train_loss if place == 3 else units.val_loss for units in hidden.medians]
        figure.add_scatter(
            x=totals, y=medians, name=f"{name}, median", mode="lines+markers", line=line(role, dash, 2.0),
            marker={"size": 7, "symbol": symbol}, hovertemplate="%{x} units: %{y:.4g}",
        )  # fmt: skip
        figure.add_scatter(
            x=[point[1] for point in hidden.points], y=[point[place] for point in hidden.points], mode="markers",
            name=f"{name}, each trial", showlegend=False, opacity=0.45,
            marker={"size": 5, "color": light(role), "symbol": symbol},
            text=[f"trial {point[0]}: layers {plain(point[2])}" for point in hidden.points],
            hovertemplate="%{text}<br>%{y:.4g}<extra></extra>",
        )  # fmt: skip
    return Chart("hidden", "Training and validation loss against hidden units", (View("", figure, hidden.sentence),))


def slice_charts(slices: Sequence[Slice], best: Best | None) -> tuple[Chart, ...]:
    """Draw the scores against each varied setting."""
    return tuple(_slice_chart(one, best) for one in slices)


def _slice_chart(one: Slice, best: Best | None) -> Chart:
    # The best trial comes last, so that it lies on top.
    rows = sorted(
        zip(one.trials, one.values, one.scores, strict=True), key=lambda row: best is not None and row[0] == best.trial
    )
    figure = blank(220, x=_slice_axis(one), y={"title": "MASE", **value_axis(one.scores)}, hovermode="closest")
    figure.add_scatter(
        x=[plain(value) if isinstance(value, str) else value for _, value, _ in rows],
        y=[score for *_, score in rows],
        mode="markers",
        marker=_dots([trial for trial, *_ in rows], best),
        text=[f"trial {trial}" for trial, *_ in rows],
        hovertemplate="%{text}: %{x}<br>MASE %{y:.4g}<extra></extra>",
        showlegend=False,
    )
    title = f"{one.name} ({one.unit})" if one.unit else one.name
    return Chart(f"slice-{one.name}", title, (View("", figure, best_of(one)),))


def _slice_axis(one: Slice) -> dict[str, object]:
    if one.kind == "range":
        return log_axis([float(value) for value in one.values]) if one.log else {"type": "linear", "nticks": 5}
    order = [plain(value) for value in one.order]
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": order,
        "range": (-0.6, len(order) - 0.4),
    }

"""Optuna's own charts of a search in the page's style: parallel coordinates, and two settings against each other.

They are drawn from the summary's trials, so a run that is still under way has them too, and settings keep the names
that the rest of the page calls them by.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from gatewise.report.canvas import Chart, View, blank, light, plain
from gatewise.report.knobs import Slice
from gatewise.report.words import counted, listed, number

if TYPE_CHECKING:
    import optuna

__all__ = ["leading_settings", "pair_chart", "parallel_chart", "study_of"]

LEAST_TRIALS = 4
"""Trials with a score from which these charts say something."""

MOST_AXES = 6
"""Settings of the parallel coordinates at most, beside the score."""

AXIS_WIDTH = 96
"""Pixels that an axis of the parallel coordinates needs for its labels."""

OUTLIER = 3.0
"""A score is an outlier from so many times the distance between the best one and that of the third quarter."""

LEADING = 6
"""Settings of which two are set against each other."""

BEST_SHARE = 0.25
"""Share of the trials, the best ones, that are drawn in colour."""


def leading_settings(slices: Sequence[Slice], importance: Mapping[str, Any]) -> list[str]:
    """Return the varied settings, those that mattered most first; without importances, those tried in more values.

    Args:
        slices: what varied.
        importance: ``importance.json``.
    """
    known = importance.get("importance")
    knobs = known.get("knobs") if isinstance(known, Mapping) else None
    named = [one.get("name") for one in knobs or () if isinstance(one, Mapping)]
    tried = sorted(slices, key=lambda one: -len(set(one.values)))
    names = [one.name for one in tried]
    return [*(name for name in named if name in names), *(name for name in names if name not in named)]


def study_of(slices: Sequence[Slice]) -> optuna.Study:
    """Return the trials as an Optuna study in memory, with a distribution of each setting over what was tried."""
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    scores: dict[int, float] = {}
    params: dict[int, dict[str, Any]] = {}
    distributions: dict[str, BaseDistribution] = {}
    for one in slices:
        if one.kind == "range":
            values = [float(value) for value in one.values]
            distributions[one.name] = FloatDistribution(min(values), max(values), log=one.log)
        else:
            values = [str(value) for value in one.values]
            distributions[one.name] = CategoricalDistribution(one.order)
        for trial, value, score in zip(one.trials, values, one.scores, strict=True):
            scores[trial] = score
            params.setdefault(trial, {})[one.name] = value
    study = optuna.create_study(direction="minimize")
    for trial in sorted(scores):
        own = {name: distributions[name] for name in params[trial]}
        study.add_trial(optuna.create_trial(value=scores[trial], params=params[trial], distributions=own))
    return study


def parallel_chart(slices: Sequence[Slice], names: Sequence[str]) -> Chart | None:
    """Draw every trial as a line over the score and its settings, the best quarter in colour.

    Args:
        slices: what varied.
        names: settings in the order of the axes; the first `MOST_AXES` are drawn.
    """
    if not slices or len(_trials(slices)) < LEAST_TRIALS:
        return None
    from optuna.visualization import plot_parallel_coordinate

    cap = _cap([score for one in slices for score in one.scores])
    study, shown = study_of([_capped(one, cap) for one in slices]), list(names)[:MOST_AXES]
    drawn = plot_parallel_coordinate(study, params=shown, target_name="MASE").to_plotly_json()
    layout = drawn["layout"]
    # Optuna sorts the settings by name, and draws a last trace for the colour bar alone.
    lines = [trace for trace in drawn["data"] if trace["mode"] == "lines"]
    trials, values = _trials(slices), [float(trial.value or 0.0) for trial in study.trials]
    order = sorted(range(len(lines)), key=lambda place: -values[place])
    best = max(1, round(BEST_SHARE * len(lines)))
    ticks = layout["xaxis"]
    chart = blank(
        400,
        x={**{name: ticks[name] for name in ("tickmode", "tickvals", "range")}, "showline": False,
           "ticktext": [plain(str(text)) for text in ticks["ticktext"]]},
        y={"visible": False, "range": layout["yaxis"]["range"]},
        hovermode="closest",
        shapes=[{**shape, "line": {"color": light("axis"), "width": 1}} for shape in layout["shapes"]],
        annotations=[_tick(note) for note in layout["annotations"]],
        margin={"l": 60, "r": 60, "t": 10, "b": 8},
    )  # fmt: skip
    for rank, place in enumerate(order):
        ours = rank >= len(order) - best
        chart.add_scatter(
            x=lines[place]["x"], y=lines[place]["y"], mode="lines", showlegend=False, opacity=0.95 if ours else 0.4,
            line={"color": light("accent" if ours else "slate"), "width": 3.0 if rank == len(order) - 1 else 1.3},
            name=f"trial {trials[place]}",
            customdata=[[plain(str(part)) for part in point] for point in lines[place]["customdata"]],
            hovertemplate="%{customdata[0]}: %{customdata[1]}",
        )  # fmt: skip
    left, over = len(names) - len(shown), sum(value >= cap for value in values)
    words = (
        f"Each line is a trial: its validation MASE on the left, then {listed(sorted(shown))}. In colour the best "
        f"{counted(best, 'trial')} of {len(lines)}, MASE {number(min(values))} the thickest."
        + (f" Left out: {counted(left, 'setting')} with less to say." if left > 0 else "")
        + (f" {counted(over, 'trial')} with a MASE of {number(cap)} or more stand at that." if over else "")
    )
    return Chart("parallel", "All trials at once", (View("", chart, words),), least_width=AXIS_WIDTH * (len(shown) + 1))


def pair_chart(slices: Sequence[Slice], names: Sequence[str]) -> Chart | None:
    """Draw two leading settings against each other, each trial coloured by its rank.

    Settings of few values, in which most trials fall on the same place, show nothing: the next ones are tried.

    Args:
        slices: what varied.
        names: settings, the leading ones first.
    """
    leading = [one for name in names[:LEADING] for one in slices if one.name == name]
    pair = next((pair for pair in combinations(leading, 2) if _stand_apart(*pair)), None)
    if pair is None:
        return None
    from optuna.visualization import plot_rank

    both = set(pair[0].trials) & set(pair[1].trials)
    drawn = plot_rank(study_of(slices), params=[one.name for one in pair], target_name="MASE").to_plotly_json()
    points, layout = drawn["data"][0], drawn["layout"]
    titles = (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"])
    of_x, of_y = (next(one for one in pair if one.name == title) for title in titles)
    scores = dict(zip(of_x.trials, of_x.scores, strict=True))
    chart = blank(
        360,
        x={"title": plain(of_x.name), "showgrid": True, **_axis(of_x)},
        y={"title": plain(of_y.name), **_axis(of_y)},
        hovermode="closest",
    )
    chart.add_scatter(
        x=[plain(x) if isinstance(x, str) else x for x in points["x"]],
        y=[plain(y) if isinstance(y, str) else y for y in points["y"]],
        mode="markers", name="trial", showlegend=False,
        marker={"color": points["marker"]["color"], "size": 12, "line": {"width": 1, "color": light("ink")}},
        text=[f"trial {trial}: MASE {number(scores[trial])}" for trial in sorted(both)],
        hovertemplate="%{text}<br>%{x}, %{y}<extra></extra>",
    )  # fmt: skip
    words = (
        f"{of_x.name} against {of_y.name} over {counted(len(both), 'trial')}. "
        "Colour is the rank of the trial's MASE: blue the lowest, red the highest. A pattern that follows neither axis "
        "means that the two work together."
    )
    return Chart("pair", "Two settings against each other", (View("", chart, words),))


def _stand_apart(a: Slice, b: Slice) -> bool:
    """Return whether at least half of the trials that have both settings have a place of their own."""
    at_a, at_b = dict(zip(a.trials, a.values, strict=True)), dict(zip(b.trials, b.values, strict=True))
    both = set(at_a) & set(at_b)
    places = {(at_a[trial], at_b[trial]) for trial in both}
    return len(both) >= LEAST_TRIALS and 2 * len(places) >= len(both)


def _cap(scores: Sequence[float]) -> float:
    """Return the score from which one is an outlier, which would press all others together; infinite for none.

    Example:
        >>> _cap([1.0, 1.5, 2.0, 2.0, 40.0]), _cap([1.0, 1.5, 2.0, 2.5])
        (4.0, inf)
    """
    best = min(scores)
    third = statistics.quantiles(scores, n=4, method="inclusive")[2] if len(scores) > 1 else best
    cap = best + OUTLIER * (third - best)
    return cap if max(scores) > cap > best else math.inf


def _capped(one: Slice, cap: float) -> Slice:
    return replace(one, scores=tuple(min(score, cap) for score in one.scores))


def _axis(one: Slice) -> dict[str, Any]:
    if one.kind == "range":
        return {"type": "log" if one.log else "linear"}
    return {"type": "category", "categoryorder": "array", "categoryarray": [plain(value) for value in one.order]}


def _trials(slices: Sequence[Slice]) -> list[int]:
    """Return the numbers of the trials, in the order in which the study has them."""
    return sorted({trial for one in slices for trial in one.trials})


def _tick(note: dict[str, Any]) -> dict[str, Any]:
    """Return a label along an axis in the page's style."""
    font = {"size": 11, "color": light("muted")}
    return {**note, "text": plain(str(note.get("text", ""))), "font": font, "bgcolor": light("paper")}

"""The sections on training and search: clipped steps, the best trials, what the knobs did, what diverged."""

from __future__ import annotations

from typing import Any

from gatewise.report.charts import Charts
from gatewise.report.markup import Column, Keyed, Markup, Row, figure, folded, keyed, paragraph, section, table
from gatewise.report.summary import Summary
from gatewise.report.trials import TrialRow
from gatewise.report.words import duration, number, percent, setting_value

__all__ = ["clipping_words", "knobs_section", "trials_section", "unusable_section"]


BEST_TRIALS, MOST_TRIALS = 5, 500
"""Trials in the table of the best ones, and in that of all."""


def clipping_words(summary: Summary) -> str:
    """Return how many steps were clipped, in words."""
    clipping = summary.clipping
    if clipping is None:
        return ""
    parts = []
    if clipping.best is not None:
        whose = "the best trial's" if summary.searched else "all"
        parts.append(f"Clipped steps: {percent(clipping.best)} of {whose}")
    if summary.searched:
        every = f"{percent(clipping.every)} on average over all {clipping.epochs:,} epochs of the search"
        parts.append(every if parts else f"Clipped steps: {every}")
    if clipping.largest_norm is not None:
        parts.append(f"the largest gradient norm before clipping was {number(clipping.largest_norm)}")
    return f"{'; '.join(parts)}." if parts else ""


def trials_section(summary: Summary, charts: Charts) -> Markup:
    """Return the history of the search and its best trials, nothing without a search."""
    if not summary.searched:
        return Markup("")
    ranked = sorted(
        (trial for trial in summary.trials if trial.score is not None), key=lambda trial: (trial.score, trial.number)
    )
    rows = [_trial_row(trial, summary) for trial in ranked[:MOST_TRIALS]]
    titles = [Column("trial"), *(Column(title, "right") for title in ("MASE", "best epoch", "epochs", "took"))]
    columns = [*titles, Column("ended", "short"), Column("differs from the start in", "long")]
    best = table("The best trials, by validation MASE", columns, rows[:BEST_TRIALS])
    every = table("Trials with a score, the best first", columns, rows) if len(rows) > BEST_TRIALS else Markup("")
    shown = "All trials with a score" if len(rows) == len(ranked) else f"The best {MOST_TRIALS} trials"
    more = (figure(charts.parallel), figure(charts.pair))
    return section("search", "The search", figure(charts.history), best, folded(shown, every), *more)


def _trial_row(trial: TrialRow, summary: Summary) -> Row:
    measured = [(words(value), value) for words, value in (
        (number, trial.score), (number, trial.best_epoch), (number, trial.epochs), (duration, trial.seconds)
    )]  # fmt: skip
    cells = [*(keyed(words, value) for words, value in measured), trial.status, _changes(trial, summary)]
    ours = summary.best is not None and trial.number == summary.best.trial
    return Row(Keyed(f"trial {trial.number}", trial.number), cells, kind="ours" if ours else "")


def _changes(trial: TrialRow, summary: Summary) -> str:
    """Return the settings in which a trial differs from the search's start, as ``run.toml`` has it."""
    start = {name: setting_value(value) for values in summary.settings.values() for name, value in values.items()}
    ours = {name: _alike(value) for name, value in trial.settings.items()}
    changed = [f"{name} {value}" for name, value in ours.items() if start.get(name) != value]
    return ", ".join(changed) or "nothing"


def _alike(value: Any) -> str:
    """Return a cell of ``trials.csv`` as the same value of ``run.toml`` is shown."""
    words = {"True": "yes", "False": "no"}
    return words.get(value, ", ".join(value.split(","))) if isinstance(value, str) else setting_value(value)


def knobs_section(summary: Summary, charts: Charts) -> Markup:
    """Return what batch size, hidden units and the other varied settings did."""
    knobs, parts = summary.knobs, list[str]()
    if knobs.batch_size is not None:
        parts += [Markup("<h3>Batch size: small against large</h3>"), paragraph(knobs.batch_size.sentence)]
        parts.append(_batch_table(summary))
    if knobs.hidden is not None:
        parts.append(figure(charts.hidden) or Markup("<h3>Hidden units</h3>"))
        shared = " and ".join(f"{name} {value}" for name, value in knobs.hidden.shared.items()) if charts.hidden else ""
        only = f"The chart compares only trials with {shared}: other losses have other units. The table has them all."
        parts += [paragraph(only if shared else "", "quiet"), _hidden_table(summary)]
    if charts.slices:
        parts.append(Markup("<h3>Score against each varied setting</h3>"))
        parts.append(Markup(f'<div class="slices">{"".join(figure(chart) for chart in charts.slices)}</div>'))
    if not parts:
        return Markup("")
    hint = "All of these varied together, so this shows what went along with what, and not what caused it."
    return section("knobs", "What the knobs did", paragraph(hint, "quiet"), *parts)


def _batch_table(summary: Summary) -> Markup:
    groups = summary.knobs.batch_size.groups if summary.knobs.batch_size else ()
    rows = [
        Row(
            group.label,
            [
                ", ".join(map(str, group.sizes)),
                str(group.trials),
                str(group.unusable),
                number(group.best),
                number(group.median),
                number(group.epochs),
                duration(group.seconds),
            ],
        )
        for group in groups
    ]
    titles = ("trials", "no score", "best MASE", "median MASE", "median epochs", "median time")
    columns = [Column("batch size"), Column("tried", "short"), *(Column(title, "right") for title in titles)]
    return table("Trials by batch size; MASE on the validation part", columns, rows)


def _hidden_table(summary: Summary) -> Markup:
    scores = summary.knobs.hidden.scores if summary.knobs.hidden else ()
    rows = [
        Row(
            f"{one.total:,}",
            ["; ".join(one.layers), str(one.trials), number(one.best), number(one.median)],
        )
        for one in scores
    ]
    columns = [Column("units in all"), Column("layers"), *(Column(t, "right") for t in ("trials", "best", "median"))]
    return table("Validation MASE by hidden units, from small to large", columns, rows)


def unusable_section(summary: Summary) -> Markup:
    """Return the trials that diverged or failed, with what they said."""
    if not summary.unusable and not (summary.searched and summary.trials):
        return Markup("")
    if not summary.unusable:
        return section("unusable", "Diverged trials", paragraph("No trial diverged or failed."))
    rows = [
        Row(f"trial {trial.number}", [trial.status, number(trial.epochs), trial.message, _suspects(trial)])
        for trial in summary.unusable
    ]
    columns = [
        Column("trial"),
        Column("ended", "short"),
        Column("epochs", "right"),
        Column("message", "long"),
        Column("with", "long"),
    ]
    return section("unusable", "Diverged trials", table("Trials without a usable model", columns, rows))


def _suspects(trial: TrialRow) -> str:
    names = ("optimizer", "learning_rate", "clip_norm", "batch_size", "hidden")
    return ", ".join(f"{name} {setting_value(trial.settings[name])}" for name in names if name in trial.settings)

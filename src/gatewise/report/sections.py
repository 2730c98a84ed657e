"""The page's sections that are words and tables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from gatewise.report.charts import Charts
from gatewise.report.markup import (
    Column,
    Markup,
    Row,
    bullets,
    code,
    figure,
    note,
    paragraph,
    section,
    table,
    text,
)
from gatewise.report.sizes import TrialRow
from gatewise.report.summary import Score, Summary
from gatewise.report.words import counted, duration, model_label, number, percent, setting_value
from gatewise.settings import settings_table

__all__ = [
    "clipping_words",
    "data_section",
    "key_numbers",
    "knobs_section",
    "leaderboard_section",
    "settings_section",
    "trials_section",
    "unusable_section",
]

METRICS = (("MASE", "mase"), ("sMAPE", "smape"), ("RMSE", "rmse"), ("MAE", "mae"))


# -- what it comes to -------------------------------------------------------------------------------------------------


def key_numbers(summary: Summary) -> Markup:
    """Return the few numbers that matter most, those that are known."""
    ours = next((score for score in summary.leaderboard if score.model == "gatewise"), None)
    cards: list[tuple[str, str, str]] = []
    if ours is not None and ours.mase is not None:
        cards.append(("Test MASE", f"{ours.mase:.3f}", _against(ours, summary.leaderboard)))
    if summary.best is not None and summary.best.score is not None:
        more = f"trial {summary.best.trial} of {len(summary.trials)}" if summary.searched else "the only trial"
        cards.append(("Validation MASE", f"{summary.best.score:.3f}", more))
    for one in summary.coverage[:1]:
        cards.append((f"{one.level}% interval held", percent(one.inside), f"of {one.truths:,} true values"))
    if summary.horizon is not None:
        season = f"season of {summary.season}" if summary.season and summary.season > 1 else "no season"
        cards.append(("Horizon", counted(summary.horizon, "step"), season))
    facts = summary.data.facts
    if isinstance(facts.get("rows"), int) and isinstance(facts.get("series"), int):
        cards.append(("Data", counted(facts["rows"], "row"), counted(facts["series"], "series", "series")))
    if summary.seconds is not None:
        usable = len(summary.trials) - len(summary.unusable)
        cards.append(("Took", duration(summary.seconds), f"{usable} of {counted(len(summary.trials), 'trial')} usable"))
    made = "".join(
        f'<div><dt>{text(name)}</dt><dd>{text(value)}</dd><dd class="more">{text(more)}</dd></div>'
        for name, value, more in cards
    )
    return Markup(f'<dl class="numbers">{made}</dl>' if made else "")


def _against(ours: Score, board: Sequence[Score]) -> str:
    others = [(score.mase, score.model) for score in board if score.model != "gatewise" and score.mase is not None]
    if not others:
        return ""
    mase, model = min(others)
    return f"{model_label(model)}: {mase:.3f}"


def leaderboard_section(summary: Summary) -> Markup:
    """Return the leaderboard, the best of each metric in bold."""
    board = summary.leaderboard
    lowest = {
        name: min((getattr(score, name) for score in board if getattr(score, name) is not None), default=None)
        for _, name in METRICS
    }
    rows = []
    for score in board:
        values = [getattr(score, name) for _, name in METRICS]
        bold = frozenset(
            place
            for place, (_, name) in enumerate(METRICS)
            if values[place] is not None and values[place] == lowest[name]
        )
        shown = [_fixed(values[0], 3), _fixed(values[1], 2), number(values[2]), number(values[3])]
        rows.append(Row(model_label(score.model), shown, bold, "ours" if score.model == "gatewise" else ""))
    columns = [Column("model"), *(Column(title, "right") for title, _ in METRICS)]
    words = (
        "Lower is better everywhere; the best of each column is bold. MASE is the mean absolute error divided by that of "
        "the seasonal naive forecast over the history: below 1 is better than that. sMAPE is in percent, RMSE and MAE in "
        "the data's units."
    )
    measured = table("Errors over the test origins", columns, rows)
    return section(
        "leaderboard", "Leaderboard", measured, paragraph(words if rows else "", "quiet"), bullets(summary.notes)
    )


def _fixed(value: float | None, digits: int) -> str:
    return number(None) if value is None else f"{value:,.{digits}f}"


# -- training and search ----------------------------------------------------------------------------------------------


def clipping_words(summary: Summary) -> str:
    """Return how many steps were clipped, in words."""
    clipping = summary.clipping
    if clipping is None:
        return ""
    parts = []
    if clipping.best is not None:
        parts.append(f"Clipped steps: {percent(clipping.best)} of the best trial's")
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
    )[:5]
    rows = [
        Row(
            f"trial {trial.number}",
            [
                number(trial.score),
                number(trial.best_epoch),
                number(trial.epochs),
                duration(trial.seconds),
                trial.status,
                ", ".join(f"{name} {setting_value(value)}" for name, value in trial.settings.items()),
            ],
            kind="ours" if summary.best and trial.number == summary.best.trial else "",
        )
        for trial in ranked
    ]
    columns = [Column("trial"), *(Column(title, "right") for title in ("MASE", "best epoch", "epochs", "took"))]
    best = table(
        "The best trials, by validation MASE", [*columns, Column("ended"), Column("varied settings", "long")], rows
    )
    return section("search", "The search", figure(charts.history), best)


def knobs_section(summary: Summary, charts: Charts) -> Markup:
    """Return what batch size, hidden units and the other varied settings did."""
    knobs, parts = summary.knobs, list[str]()
    if knobs.batch_size is not None:
        parts += [Markup("<h3>Batch size: small against large</h3>"), paragraph(knobs.batch_size.sentence)]
        parts.append(_batch_table(summary))
    if charts.hidden is not None and knobs.hidden is not None:
        parts.append(figure(charts.hidden))
        shared = " and ".join(f"{name} {value}" for name, value in knobs.hidden.shared.items())
        parts.append(
            paragraph(
                f"Only trials with {shared} are compared: other losses have other units." if shared else "", "quiet"
            )
        )
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
    columns = [Column("batch size"), Column("tried"), *(Column(title, "right") for title in titles)]
    return table("Trials by batch size; MASE on the validation part", columns, rows)


def unusable_section(summary: Summary) -> Markup:
    """Return the trials that diverged or failed, with what they said."""
    if not summary.trials:
        return Markup("")
    if not summary.unusable:
        return section("unusable", "Diverged trials", paragraph("No trial diverged or failed."))
    rows = [
        Row(f"trial {trial.number}", [trial.status, number(trial.epochs), trial.message, _suspects(trial)])
        for trial in summary.unusable
    ]
    columns = [
        Column("trial"),
        Column("ended"),
        Column("epochs", "right"),
        Column("message", "long"),
        Column("with", "long"),
    ]
    return section("unusable", "Diverged trials", table("Trials without a usable model", columns, rows))


def _suspects(trial: TrialRow) -> str:
    names = ("optimizer", "learning_rate", "clip_norm", "batch_size", "hidden")
    return ", ".join(f"{name} {setting_value(trial.settings[name])}" for name in names if name in trial.settings)


# -- data and settings ------------------------------------------------------------------------------------------------


def data_section(summary: Summary) -> Markup:
    """Return what the data doctor read, repaired and warns of."""
    data = summary.data
    facts = [Row(_label(name), [_shown(value)]) for name, value in data.facts.items() if value not in (None, "", [])]
    repairs = [Row(_label(name), [_shown(value)]) for name, value in data.repairs.items()]
    found = [
        Row(_label(name), [_shown(value)]) for name, value in data.diagnosis.items() if value not in (None, "", [])
    ]
    columns = [Column("what"), Column("value")]
    return section(
        "data",
        "What the data doctor says",
        note("Warnings", data.warnings),
        table("What was read", columns, facts),
        table("What was repaired", columns, repairs),
        bullets(data.notes),
        _folded("All that the doctor found", table("What the doctor found", columns, found)),
    )


def _label(name: str) -> str:
    return str(name).replace("_", " ")


def _shown(value: Any) -> str:
    """Return a value of a JSON document in words."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_label(name)} {_shown(inner)}" for name, inner in value.items() if inner not in (None, [], "")
        )
    if isinstance(value, list | tuple):
        return ("; " if any(isinstance(one, Mapping) for one in value) else ", ").join(map(_shown, value)) or "none"
    if isinstance(value, bool) or value is None:
        return "none" if value is None else setting_value(value)
    return number(value) if isinstance(value, int | float) else str(value)


def settings_section(summary: Summary) -> Markup:
    """Return every setting, why the preset chose as it did, and the command that repeats the run."""
    if not summary.settings and not summary.reasons:
        return Markup("")
    why = Markup(f"<h3>Why these</h3>{bullets(summary.reasons)}" if summary.reasons else "")
    return section(
        "settings",
        "Settings, and how to repeat this",
        *_repeat(summary),
        why,
        _settings_table(summary),
        _folded("run.toml as it stands", code(summary.settings_text) if summary.settings_text else Markup("")),
    )


def _repeat(summary: Summary) -> tuple[Markup, ...]:
    """Return the command; the table's own path is not in a run folder, so its place is marked."""
    command, values = summary.command, summary.settings.get("training", {}) | summary.settings.get("search", {})
    if command == "demo":
        flags = "".join(f" --{name} {values[name]}" for name in ("trials", "seed") if name in values)
        return paragraph("The same again:"), code(f"gatewise demo{flags}")
    if command not in ("fit", "tune") or not summary.settings_text:
        return ()
    folder = summary.run_folder.rstrip("/\\")
    lines = [f"gatewise {command} DATA --config {shlex.quote(f'{folder}/run.toml')}"]
    fingerprint = str(summary.data.facts.get("fingerprint") or "")
    table_name = f" named “{summary.data.name}”" if summary.data.name else ""
    proof = f" (fingerprint {fingerprint[:12]}…)" if fingerprint else ""
    said = [paragraph(f"The same again, with DATA for the path of the table{table_name}{proof}:"), code(lines[0])]
    if summary.best_file and command == "tune":
        said.append(paragraph("The best trial's settings alone, without a search:"))
        said.append(code(f"gatewise fit DATA --config {shlex.quote(f'{folder}/best.toml')}"))
    return tuple(said)


def _settings_table(summary: Summary) -> Markup:
    best = summary.best.settings if summary.best and summary.searched else {}
    help_texts = {row.name: f"{row.help} ({row.unit})" if row.unit else row.help for row in settings_table()}
    parts = []
    for group, values in summary.settings.items():
        rows = []
        for name, value in values.items():
            start, chosen = setting_value(value), setting_value(best[name]) if name in best else ""
            differs = frozenset({1}) if chosen and chosen != start else frozenset[int]()
            cells = [start, chosen] if best else [start]
            rows.append(Row(name, [*cells, help_texts.get(name, "")], differs))
        columns = [Column("setting"), Column("start" if best else "value"), *([Column("best trial")] if best else [])]
        parts.append(table(f"[{group}]", [*columns, Column("what it is", "long")], rows, "code"))
    return _folded("Every setting", Markup("".join(parts)), opened=True)


def _folded(title: str, body: Markup, *, opened: bool = False) -> Markup:
    state = " open" if opened else ""
    return Markup(f"<details{state}><summary>{text(title)}</summary>{body}</details>" if body else "")

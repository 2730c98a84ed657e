"""The sections on the result, the data and the settings: words and tables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from gatewise.report.charts import Charts
from gatewise.report.evaluation_sections import evaluation_parts
from gatewise.report.markup import (
    Column,
    Markup,
    Row,
    bullets,
    code,
    folded,
    keyed,
    note,
    paragraph,
    section,
    table,
    text,
)
from gatewise.report.summary import Score, Summary
from gatewise.report.words import counted, duration, model_label, number, percent, setting_value
from gatewise.table import settings_table

__all__ = ["data_section", "key_numbers", "leaderboard_section", "settings_section"]

METRICS = (("MASE", "mase"), ("sMAPE", "smape"), ("RMSE", "rmse"), ("MAE", "mae"))


def key_numbers(summary: Summary) -> Markup:
    """Return the few numbers that matter most, those that are known."""
    ours = next((score for score in summary.leaderboard if score.model == "gatewise"), None)
    cards: list[tuple[str, str, str]] = []
    if summary.evaluation is not None and summary.evaluation.recommended:
        cards.append(("Recommended", model_label(summary.evaluation.recommended), "for this table"))
    if ours is not None and ours.mase is not None:
        cards.append(("Test MASE", f"{ours.mase:.3f}", _against(ours, summary.leaderboard)))
    if summary.best is not None and summary.best.score is not None:
        more = f"trial {summary.best.trial}" + (f" of {len(summary.trials)}" if summary.trials else "")
        more = more if summary.searched else "of the one training"
        cards.append(("Validation MASE", f"{summary.best.score:.3f}", more))
    for one in summary.coverage[:1]:
        cards.append((f"{one.level}% interval held", percent(one.inside), f"of {one.truths:,} true values"))
    if summary.horizon is not None:
        season = f"season of {summary.season}" if summary.season and summary.season > 1 else "no season"
        cards.append(("Horizon", counted(summary.horizon, "step"), season))
    facts = summary.data.facts
    if isinstance(facts.get("rows"), int) and isinstance(facts.get("series"), int):
        cards.append(("Rows", number(facts["rows"]), counted(facts["series"], "series", "series")))
    if summary.seconds is not None:
        usable = len(summary.trials) - len(summary.unusable)
        more = (
            f"{usable} of {counted(len(summary.trials), 'trial')} usable" if summary.searched and summary.trials else ""
        )
        cards.append(("Took", duration(summary.seconds), more))
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


def leaderboard_section(summary: Summary, charts: Charts) -> Markup:
    """Return the leaderboard: all models and metrics of the evaluation, or what an older run measured."""
    parts = evaluation_parts(summary.evaluation, charts) if summary.evaluation else _board(summary)
    notes = Markup(f"<h3>How it came about</h3>{bullets(summary.notes)}" if summary.notes else "")
    return section("leaderboard", "Leaderboard", *parts, notes)


def _board(summary: Summary) -> tuple[Markup, ...]:
    """Return the leaderboard of a run without an evaluation, the best of each metric in bold."""
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
        cells = [keyed(words, value) for words, value in zip(shown, values, strict=True)]
        rows.append(Row(model_label(score.model), cells, bold, "ours" if score.model == "gatewise" else ""))
    columns = [Column("model"), *(Column(title, "right") for title, _ in METRICS)]
    words = (
        "Lower is better everywhere; the best of each column is bold. MASE is the mean absolute error divided by that "
        "of the seasonal naive forecast over the history: below 1 is better than that. sMAPE is in percent, RMSE and "
        "MAE in the data's units."
    )
    return table("Errors over the test origins", columns, rows), paragraph(words if rows else "", "quiet")


def _fixed(value: float | None, digits: int) -> str:
    return number(None) if value is None else f"{value:,.{digits}f}"


def data_section(summary: Summary) -> Markup:
    """Return what the data doctor read, repaired and warns of."""
    data = summary.data
    # The fingerprint is long and told least: it comes last.
    told = sorted(data.facts.items(), key=lambda fact: fact[0] == "fingerprint")
    facts = [Row(_label(name), [_shown(value)]) for name, value in told if value not in (None, "", [])]
    repairs = [Row(_label(name), [_shown(value)]) for name, value in data.repairs.items()]
    found = [
        Row(_label(name), [_shown(value)]) for name, value in data.diagnosis.items() if value not in (None, "", [])
    ]
    columns = [Column("what"), Column("value")]
    return section(
        "data",
        "What the data doctor says",
        note("Warnings", data.warnings),
        Markup(
            f'<div class="pair">{table("What was read", columns, facts, sortable=False)}'
            f"{table('What was repaired', columns, repairs, sortable=False)}</div>"
            if facts or repairs
            else ""
        ),
        bullets(data.notes),
        folded("All that the doctor found", table("What the doctor found", columns, found, sortable=False)),
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
        folded("run.toml as it stands", code(summary.settings_text) if summary.settings_text else Markup("")),
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
        chosen = {name: setting_value(best[name]) for name in values if name in best}
        rows = []
        for name, value in values.items():
            start, ours = setting_value(value), chosen.get(name, "")
            cells = [start, ours] if chosen else [start]
            differs = frozenset({1}) if ours and ours != start else frozenset[int]()
            rows.append(Row(name, [*cells, help_texts.get(name, "")], differs))
        columns = [Column("setting"), *map(Column, ("start", "best trial") if chosen else ("value",))]
        parts.append(table(f"[{group}]", [*columns, Column("what it is", "long")], rows, "code", sortable=False))
    return folded("Every setting", Markup("".join(parts)))

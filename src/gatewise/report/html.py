"""The page: one HTML file that needs nothing beside it and asks the network for nothing."""

from __future__ import annotations

from html import escape
from pathlib import Path

from gatewise.errors import RunFolderError
from gatewise.report.charts import Charts, draw
from gatewise.report.document import document
from gatewise.report.evaluation_sections import (
    audit_section,
    calibration_section,
    evaluation_warnings,
    origins_section,
    series_section,
)
from gatewise.report.export import report_json
from gatewise.report.health import findings_list, findings_of_trials, marked_curves
from gatewise.report.importance import importance_section
from gatewise.report.markup import Markup, bullets, figure, note, paragraph, section
from gatewise.report.pictures import pictures
from gatewise.report.search_sections import clipping_words, knobs_section, trials_section, unusable_section
from gatewise.report.sections import data_section, key_numbers, leaderboard_section, settings_section
from gatewise.report.summary import Summary, summarise
from gatewise.report.words import percent
from gatewise.runs.store import replace_text

__all__ = ["write_report"]


def write_report(run_dir: str | Path) -> Path:
    """Write ``report.html``, ``report.json`` and ``figures/`` into a run folder, from what lies in it.

    The files before the page, and each as a whole: a page that is there has the rest beside it.

    Args:
        run_dir: a run folder, finished, interrupted or still under way.

    Returns:
        The page's path.

    Raises:
        RunFolderError: when it is not a run folder, or cannot be written.
    """
    folder = Path(run_dir)
    summary = summarise(folder)
    try:
        replace_text(folder / "report.json", report_json(summary))
        drawn = pictures(summary)
        if drawn:
            (folder / "figures").mkdir(exist_ok=True)
        for name, svg in drawn.items():
            replace_text(folder / "figures" / name, svg)
        return replace_text(folder / "report.html", page(summary, draw(summary)))
    except OSError as error:
        raise RunFolderError(
            f"the report is written into the run folder, but '{folder}' cannot be written: {error.strerror}. "
            "Make it writable, or copy it and name the copy."
        ) from None


def page(summary: Summary, charts: Charts) -> str:
    """Return the whole page as HTML."""
    title = summary.data.name or "Gatewise run"
    parts = _sections(summary, charts)
    body = "".join(part for _, _, part in parts)
    return document(
        f"{title} · Gatewise report", summary.version, _header(summary, title, parts), body, _footer(summary)
    )


def _header(summary: Summary, title: str, parts: list[tuple[str, str, Markup]]) -> str:
    links = "".join(f'<li><a href="#{name}">{escape(short)}</a></li>' for name, short, _ in parts)
    verdict = summary.verdict or "This run has no verdict yet."
    audited = paragraph(summary.audit.line if summary.audit else "", "audited")
    return (
        f'<header><h1>{escape(title)} · Gatewise report</h1><p class="verdict">{escape(verdict)}</p>{audited}'
        f"{_state(summary)}{evaluation_warnings(summary.evaluation)}{key_numbers(summary)}"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>'
    )


def _state(summary: Summary) -> Markup:
    """Return what a reader must know before anything else: the run did not end, or files are damaged."""
    said = []
    so_far = "What it wrote so far stands here; 'gatewise report' draws it anew."
    if summary.interrupted:
        said.append("The run was interrupted: what stands here is the best of what had finished by then.")
    if summary.phase in ("starting", "searching", "training anew"):
        said.append(f"The run is still under way ({summary.phase}). {so_far}")
        if summary.finished:
            said.append("It goes on with an earlier run: verdict, forecast and backtest are still that one's.")
    elif summary.phase == "stopped":
        folder = summary.run_folder
        said.append(f"The run was stopped before its end: 'gatewise tune --resume {folder}' goes on with a search.")
    elif not summary.finished:
        said.append(f"The run has no summary.json: it is under way or was stopped. {so_far}")
    return note("Read this first", [*said, *summary.problems])


def _sections(summary: Summary, charts: Charts) -> list[tuple[str, str, Markup]]:
    """Return name, short title and HTML of every section that has something to say, in the page's order."""
    evaluation = summary.evaluation
    picked = paragraph(summary.drawn.picked if charts.forecast else "", "quiet")
    forecast = (figure(charts.forecast, titled=False), picked)
    training = (
        figure(marked_curves(summary, charts.curves), titled=False),
        paragraph(clipping_words(summary)),
        findings_list(summary),
        findings_of_trials(summary),
    )
    trained = "Training of the best trial" if summary.searched else "Training"
    made = [
        ("forecast", "Forecast", section("forecast", "Forecast", *forecast)),
        ("backtest", "Backtest", section("backtest", "Backtest", *_backtest(summary, charts))),
        ("leaderboard", "Leaderboard", leaderboard_section(summary, charts)),
        ("calibration", "Intervals", calibration_section(evaluation, charts)),
        ("steps", "Error by step", section("steps", "How far ahead it holds", figure(charts.steps, titled=False))),
        ("series", "By series", series_section(evaluation, charts)),
        ("origins", "By origin", origins_section(evaluation, charts)),
        ("audit", "Audit", audit_section(summary.audit)),
        ("training", "Training", section("training", trained, *training)),
        ("search", "Search", trials_section(summary, charts)),
        ("importance", "What next", importance_section(summary.importance)),
        ("knobs", "Knobs", knobs_section(summary, charts)),
        ("unusable", "Diverged", unusable_section(summary)),
        ("data", "Data", data_section(summary)),
        ("settings", "Settings", settings_section(summary)),
    ]
    return [(name, short, part) for name, short, part in made if part]


def _backtest(summary: Summary, charts: Charts) -> tuple[Markup, ...]:
    if charts.backtest is None:
        return ()
    held = [
        f"The {one.level}% interval held {percent(one.inside)} of {one.truths:,} true values."
        for one in summary.coverage
    ]
    return (
        paragraph("Forecasts from origins in the test part, each made without a look past its origin.", "quiet"),
        figure(charts.backtest, titled=False),
        paragraph("" if charts.forecast else summary.drawn.picked, "quiet"),
        bullets(() if summary.evaluation and summary.evaluation.intervals else held),
    )


def _footer(summary: Summary) -> str:
    version = f" {summary.version}" if summary.version else ""
    return (
        f"<footer>Written by Gatewise{escape(version)} from the run folder {escape(summary.run_folder)}. "
        "It works offline. "
        "<noscript>The charts need JavaScript; the words below each of them say what it shows.</noscript></footer>"
    )

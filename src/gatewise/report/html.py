"""The page: one HTML file that needs nothing beside it and asks the network for nothing."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from gatewise.report.canvas import PALETTE
from gatewise.report.charts import Charts, draw
from gatewise.report.document import document, resource
from gatewise.report.markup import Markup, bullets, figure, inert, note, paragraph, section
from gatewise.report.search_sections import clipping_words, knobs_section, trials_section, unusable_section
from gatewise.report.sections import data_section, key_numbers, leaderboard_section, settings_section
from gatewise.report.summary import Summary, summarise
from gatewise.report.words import percent

__all__ = ["write_report"]


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a run folder, from what lies in it.

    Args:
        folder: a run folder, finished or not.

    Returns:
        The page's path.

    Raises:
        RunFolderError: when it is not a run folder.
    """
    summary = summarise(folder)
    path = folder / "report.html"
    path.write_text(page(summary, draw(summary)), encoding="utf-8", newline="\n")
    return path


def page(summary: Summary, charts: Charts) -> str:
    """Return the whole page as HTML."""
    from plotly.offline import get_plotlyjs

    title = summary.data.name or "Gatewise run"
    parts = _sections(summary, charts)
    palette = inert(json.dumps(dict(PALETTE.values())))
    return document(
        f"{title} · Gatewise report",
        summary.version,
        f"{_header(summary, title, parts)}\n",
        f"<main>\n{''.join(part for _, _, part in parts)}\n</main>\n",
        f"{_footer(summary)}\n",
        f'<script type="application/json" id="palette">{palette}</script>\n',
        f'<script id="plotly">{get_plotlyjs()}</script>\n',
        f"<script>\n{resource('page.js')}</script>\n",
    )


def _header(summary: Summary, title: str, parts: list[tuple[str, str, Markup]]) -> str:
    links = "".join(f'<li><a href="#{name}">{escape(short)}</a></li>' for name, short, _ in parts)
    verdict = summary.verdict or "This run has no verdict yet."
    return (
        f'<header><h1>{escape(title)} · Gatewise report</h1><p class="verdict">{escape(verdict)}</p>'
        f'{_state(summary)}{key_numbers(summary)}<nav aria-label="Sections"><ul>{links}</ul></nav></header>'
    )


def _state(summary: Summary) -> Markup:
    """Return what a reader must know before anything else: the run did not end, or files are damaged."""
    said = []
    if summary.interrupted:
        said.append("The run was interrupted: what stands here is the best of what had finished by then.")
    if not summary.finished:
        said.append("The run has no summary.json: it is under way or was stopped. What it wrote so far stands here.")
    return note("Read this first", [*said, *summary.problems])


def _sections(summary: Summary, charts: Charts) -> list[tuple[str, str, Markup]]:
    """Return name, short title and HTML of every section that has something to say, in the page's order."""
    picked = paragraph(summary.drawn.picked if charts.forecast else "", "quiet")
    forecast = (figure(charts.forecast, titled=False), picked)
    training = (figure(charts.curves, titled=False), paragraph(clipping_words(summary)))
    trained = "Training of the best trial" if summary.searched else "Training"
    made = [
        ("forecast", "Forecast", section("forecast", "Forecast", *forecast)),
        ("backtest", "Backtest", section("backtest", "Backtest", *_backtest(summary, charts))),
        ("leaderboard", "Leaderboard", leaderboard_section(summary)),
        ("steps", "Error by step", section("steps", "How far ahead it holds", figure(charts.steps, titled=False))),
        ("training", "Training", section("training", trained, *training)),
        ("search", "Search", trials_section(summary, charts)),
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
        bullets(held),
    )


def _footer(summary: Summary) -> str:
    version = f" {summary.version}" if summary.version else ""
    return (
        f"<footer>Written by Gatewise{escape(version)} from the run folder {escape(summary.run_folder)}. "
        "It works offline. "
        "<noscript>The charts need JavaScript; the words below each of them say what it shows.</noscript></footer>"
    )

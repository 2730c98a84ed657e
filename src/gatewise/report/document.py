"""The frame of every page: style, colours, Plotly and the script in one file that asks the network for nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from importlib.resources import files

from gatewise.report.canvas import PALETTE
from gatewise.report.markup import inert

__all__ = ["document", "study_document"]

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""What the browser may load for the page: nothing from outside, whatever a file in the run folder says."""


def document(title: str, used: str, header: str, body: str, footer: str, *, charts: bool = True) -> str:
    """Return a whole page as HTML.

    Args:
        title: of the browser's tab.
        used: the version of Gatewise behind it.
        header: HTML of the header.
        body: HTML of the sections.
        footer: HTML of the footer.
        charts: False for a page of pictures alone, which needs no script.
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="gatewise {escape(used)}">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{_resource("page.css")}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
{header}
<main id="main" tabindex="-1">
{body}
</main>
{footer}
{_scripts() if charts else ""}</body>
</html>
"""


def study_document(title: str, verdict: str, sections: Sequence[str], took: str = "") -> str:
    """Return the page of a study: a title, one sentence, and sections of pictures, without a script.

    Args:
        title: of the page, as text.
        verdict: one sentence, as text.
        sections: HTML.
        took: " in 3 s", or nothing.
    """
    used = version("gatewise")
    return document(
        f"{title} · Gatewise",
        used,
        f'<header><h1>{escape(title)}</h1><p class="verdict">{escape(verdict)}</p></header>',
        "".join(sections),
        f"<footer>Written by Gatewise {escape(used)}{took}. It works offline.</footer>",
        charts=False,
    )


def _scripts() -> str:
    """Return Plotly, the script that draws with it, and the one that sorts tables."""
    from plotly.offline import get_plotlyjs

    palette = inert(json.dumps(dict(PALETTE.values())))
    return f"""<script type="application/json" id="palette">{palette}</script>
<div id="spoken" class="unseen" aria-live="polite"></div>
<script id="plotly">{get_plotlyjs()}</script>
<script>
{_resource("page.js")}</script>
<script>
{_resource("table.js")}</script>
"""


def _resource(name: str) -> str:
    return (files("gatewise.report") / name).read_text(encoding="utf-8")

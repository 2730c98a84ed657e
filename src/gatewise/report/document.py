"""The frame of every page: style, colours, Plotly and the script in one file that asks the network for nothing."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files

from gatewise.report.canvas import PALETTE
from gatewise.report.markup import inert

__all__ = ["document"]

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""What the browser may load for the page: nothing from outside, whatever a file in the run folder says."""


def document(title: str, version: str, header: str, body: str, footer: str, *, charts: bool = True) -> str:
    """Return a whole page as HTML.

    Args:
        title: of the browser's tab.
        version: of the Gatewise behind it.
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
<meta name="generator" content="gatewise {escape(version)}">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{_resource("page.css")}</style>
</head>
<body>
{header}
<main>
{body}
</main>
{footer}
{_scripts() if charts else ""}</body>
</html>
"""


def _scripts() -> str:
    """Return Plotly, and the script that draws with it."""
    from plotly.offline import get_plotlyjs

    palette = inert(json.dumps(dict(PALETTE.values())))
    return f"""<script type="application/json" id="palette">{palette}</script>
<script id="plotly">{get_plotlyjs()}</script>
<script>
{_resource("page.js")}</script>
"""


def _resource(name: str) -> str:
    return (files("gatewise.report") / name).read_text(encoding="utf-8")

"""An HTML document in the house style that needs nothing beside it and asks the network for nothing."""

from __future__ import annotations

from html import escape
from importlib.resources import files

__all__ = ["document", "resource"]

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""What the browser may load for the page: nothing from outside, whatever a file in the run folder says."""


def document(title: str, version: str, *parts: str) -> str:
    """Return a whole document.

    Args:
        title: as text.
        version: of Gatewise.
        *parts: of its body, as HTML.
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
{resource("page.css")}</style>
</head>
<body>
{"".join(parts)}</body>
</html>
"""


def resource(name: str) -> str:
    """Return a file of this folder as text."""
    return (files("gatewise.report") / name).read_text(encoding="utf-8")

"""Open the reports of run folders in headless Chromium, and say what a reader would stumble over.

    python benchmarks/report_check.py runs/sales-… runs/other-… --shots shots/

Each ``report.html`` is opened wide in light, wide in dark, and as on a phone (375 pixels). Looked for are messages on
the console, requests to anything but the page itself, charts that were not drawn, and a page wider than its window.
With ``--shots`` the pages are photographed. The exit status is 1 when anything was found.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, Route, sync_playwright

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--no-pings",
)  # fmt: skip
"""What keeps Chromium from asking the network for things of its own."""

PHONE, DESK = 375, 1200
"""Widths of the window, in pixels."""

DRAWN = "() => [...document.querySelectorAll('figure.chart .plot')].every((one) => one.querySelector('.main-svg'))"
"""Whether every chart has been begun."""

UNDRAWN = """() => [...document.querySelectorAll("figure.chart")].filter((figure) => {
  const plot = figure.querySelector(".plot");
  const wanted = (plot.data ?? []).filter((trace) => trace.visible !== "legendonly" && trace.x?.length);
  const marks = plot.querySelectorAll(".js-line, .points path, .fills path");
  const drawn = plot.querySelectorAll(".scatterlayer .trace, .barlayer .trace").length;
  const seen = [...marks].some((mark) => (mark.getAttribute("d") ?? "").length > 4);
  return wanted.length === 0 || drawn < wanted.length || !seen || plot.querySelector(".main-svg") === null;
}).map((figure) => figure.id)"""
"""Names of the charts of which a trace, or every mark, is missing."""

WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""Pixels by which the page is wider than its window."""


@dataclass
class Visit:
    """A page that is open.

    Attributes:
        page: the page.
        messages: errors and warnings of the console, and exceptions.
        requests: addresses that the page asked for, beside its own.
    """

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return what a reader would stumble over, a sentence each."""
        undrawn, wide = self.page.evaluate(UNDRAWN), self.page.evaluate(WIDE)
        return [
            *(f"the console says: {message}" for message in self.messages),
            *(f"the page asks for {address}" for address in self.requests),
            *(f"{name} is not drawn" for name in undrawn),
            *([f"the page is {wide} pixels wider than its window"] if wide > 0 else []),
        ]


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, None without one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium without a window.

    Raises:
        FileNotFoundError: when none is installed.
    """
    path = chromium()
    if path is None:
        raise FileNotFoundError(
            "the reports are opened in Chromium, but none is installed. Try 'apt install chromium'."
        )
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield made
        made.close()


@contextmanager
def visit(
    browser: Browser, path: Path, *, width: int = DESK, scheme: Literal["light", "dark"] = "light", **options: Any
) -> Iterator[Visit]:
    """Open a file with the network blocked, and wait until its charts are drawn.

    Args:
        browser: the browser.
        path: an HTML file.
        width: of the window, in pixels.
        scheme: the reader's theme.
        **options: of the context, such as ``java_script_enabled=False``.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **options
    )
    address = path.resolve().as_uri()
    seen = Visit(context.new_page())

    def refuse(route: Route) -> None:
        url = route.request.url
        if url.split("#")[0] == address or url.startswith("data:"):
            route.continue_()
        else:
            seen.requests.append(url)
            route.abort()

    context.route("**/*", refuse)
    seen.page.on("console", lambda said: seen.messages.append(said.text) if said.type in ("error", "warning") else None)
    seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
    seen.page.goto(address)
    if options.get("java_script_enabled", True):
        seen.page.wait_for_function(DRAWN)
    yield seen
    context.close()


def main(arguments: list[str] | None = None) -> int:
    """Check the reports that the arguments name, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN_DIR")
    parser.add_argument("--shots", type=Path, metavar="FOLDER", help="where to put photographs of the pages")
    asked = parser.parse_args(arguments)
    shots = asked.shots or Path(tempfile.gettempdir())
    shots.mkdir(parents=True, exist_ok=True)
    found = 0
    with browser() as opened:
        for folder in asked.folders:
            for name, width, scheme in (("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", PHONE, "light")):
                with visit(opened, folder / "report.html", width=width, scheme=scheme) as seen:
                    problems = seen.problems()
                    charts = seen.page.locator("figure.chart").count()
                    if asked.shots:
                        seen.page.screenshot(path=shots / f"{folder.name}-{name}.png", full_page=True)
                found += len(problems)
                print(f"{folder} {name}: {charts} charts, {len(problems)} problems")
                print(*(f"  {problem}" for problem in problems), sep="\n", end="\n" if problems else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""The page in a browser: drawn without errors or requests, usable by keyboard, in the dark, on a phone, on paper.

Opening a page takes seconds, so the tests that only use it share one of each run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.report_check import PHONE, Visit, browser, chromium, visit
from gatewise.data.example import co2_panel
from gatewise.report.html import write_report
from gatewise.tuning import tune
from tests.report.evaluations import audit, evaluation

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="needs Chromium: no chromium, chromium-browser or google-chrome is installed"
)

QUICK = {"epochs": 2, "hidden": (8,), "windows_per_epoch": 64, "members": 1, "refit": "none", "val_windows": 3}


def finished(folder: Path, document: dict) -> Path:
    """Add an evaluation and an audit to a run, and return its page."""
    (folder / "evaluation.json").write_text(json.dumps(document))
    (folder / "audit.json").write_text(json.dumps(audit()))
    return write_report(folder)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def searched(tmp_path_factory) -> Path:
    """The page of a small search over weekly CO2."""
    folder, weeks = tmp_path_factory.mktemp("co2"), co2_panel().series[0]
    table = pd.DataFrame({"ds": weeks.index, "y": weeks.values}).tail(400)
    tune(table, horizon=8, season=52, trials=5, test_windows=3, vary="learning_rate,dropout", seed=1, base="season",
         window=52, patch=4, out=folder, **QUICK)  # fmt: skip
    return finished(folder, evaluation(origins=3, horizon=8))


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Path:
    """The page of a small search over hourly series with a daily cycle."""
    folder, time = tmp_path_factory.mktemp("hourly"), np.arange(24 * 12)
    draw = np.random.default_rng(0)
    table = pd.concat(
        pd.DataFrame({
            "unique_id": f"H{number}",
            "ds": time,
            "y": 10 * number + 3 * np.sin(2 * np.pi * time / 24) + draw.standard_normal(len(time)),
        })
        for number in range(1, 15)
    )  # fmt: skip
    tune(table, horizon=12, season=24, trials=1, test_windows=2, base="season", window=48, patch=4, out=folder, **QUICK)
    return finished(folder, evaluation(series=30, origins=2, horizon=12))


@pytest.fixture(scope="module")
def desk(chrome, searched) -> Iterator[Visit]:
    """The search's page, wide and light, as earlier tests left it."""
    with visit(chrome, searched) as seen:
        yield seen


@pytest.fixture(scope="module")
def panel_desk(chrome, panel) -> Iterator[Visit]:
    """The panel's page, wide and light, as earlier tests left it."""
    with visit(chrome, panel) as seen:
        yield seen


@pytest.mark.parametrize("name", ["desk", "panel_desk"])
def test_every_chart_is_drawn_with_no_error_and_no_request(request, name):
    seen = request.getfixturevalue(name)
    assert seen.problems() == []
    assert seen.page.locator("figure.chart").count() >= 8


@pytest.mark.parametrize("name", ["searched", "panel"])
def test_so_they_are_on_a_phone_in_the_dark_with_no_sideways_scroll(chrome, request, name):
    with visit(chrome, request.getfixturevalue(name), width=PHONE, scheme="dark") as seen:
        assert seen.problems() == []
        assert seen.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(23, 27, 33)"


def test_the_check_finds_what_is_broken(chrome, panel, tmp_path):
    broken = panel.read_text(encoding="utf-8").replace(
        '<main id="main"', '<img src="https://example.org/a.png"><main id="main"'
    )
    broken = broken.replace("</body>", "<div style='width:3000px'>wide</div><script>nothing.there()</script></body>")
    broken = broken.replace("default-src 'none'", "default-src *").replace("img-src data: blob:", "img-src *")
    (tmp_path / "report.html").write_text(broken, encoding="utf-8")
    with visit(chrome, tmp_path / "report.html") as seen:
        seen.page.evaluate("Plotly.react(document.querySelector('#chart-steps .plot'), [])")
        said = " ".join(seen.problems())
    for words in ("nothing is not defined", "asks for https://example.org", "chart-steps is not drawn", "wider than"):
        assert words in said, said


def column(page: Page, table: str, place: int) -> list[str]:
    return page.locator(f"{table} tbody tr > :nth-child({place + 1})").all_inner_texts()


BOARD = "#leaderboard table[data-sortable]"


def test_a_table_is_sorted_by_mouse_and_keyboard(desk):
    seen, page = desk, desk.page
    best_first = column(page, BOARD, 0)
    button = page.locator(f"{BOARD} thead button").nth(1)
    button.click()
    assert column(page, BOARD, 0) == best_first
    title = page.locator(f"{BOARD} thead th").nth(1)
    assert title.get_attribute("aria-sort") == "ascending"
    button.press("Enter")
    assert title.get_attribute("aria-sort") == "descending" and column(page, BOARD, 0) == best_first[::-1]
    page.locator(f"{BOARD} thead button").nth(0).press("Space")
    assert title.get_attribute("aria-sort") is None
    assert column(page, BOARD, 0) == sorted(best_first, key=str.lower)
    assert seen.messages == []


def test_durations_and_missing_numbers_sort_as_numbers(panel_desk):
    page = panel_desk.page
    button = page.locator(f"{BOARD} thead button").last
    last = page.locator(f"{BOARD} thead th").count() - 1
    button.click()
    rising = column(page, BOARD, last)
    assert rising == ["0.50 s", "3.0 s", "10.0 s", "59.0 s", "1 min 1 s", "3 min 20 s", "1 h 6 min", "–"]
    button.click()
    assert column(page, BOARD, last) == [*rising[-2::-1], "–"]


def focus(page: Page) -> str:
    return page.evaluate(
        "() => { const at = document.activeElement; return `${at.tagName} ${at.className} ${at.id}`.trim(); }"
    )


def test_tab_leads_from_the_skip_link_through_the_sections_to_the_charts(chrome, searched):
    with visit(chrome, searched) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        assert focus(page) == "A skip"
        assert page.locator(".skip").bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert focus(page) == "MAIN  main"
        page.keyboard.press("Tab")
        assert focus(page).startswith("DIV plot") and "Forecast" in (
            page.locator(":focus").get_attribute("aria-label") or ""
        )
        assert page.locator(":focus").evaluate("(at) => getComputedStyle(at).outlineStyle") == "solid"
        stops = []
        for _ in range(400):
            stops.append(
                page.evaluate("() => document.activeElement.closest('figure')?.id ?? document.activeElement.tagName")
            )
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement === document.body"):
                break
        charts = page.locator("figure.chart").evaluate_all("(all) => all.map((one) => one.id)")
        assert [name for name in dict.fromkeys(stops) if name in charts] == charts
        assert "BUTTON" in stops and "SUMMARY" in stops


def test_the_arrows_walk_along_a_chart_and_say_its_numbers(desk):
    seen, page = desk, desk.page
    plot = page.locator("#chart-steps .plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#spoken").inner_text()
    page.keyboard.press("End")
    last = page.locator("#spoken").inner_text()
    assert first.startswith("1: ") and last.startswith("8: ") and "Gatewise 0.8" in first
    assert page.locator("#chart-steps .hoverlayer text").count() > 0
    page.keyboard.press("Escape")
    assert page.locator("#chart-steps .hoverlayer text").count() == 0
    page.locator("#chart-models .plot").focus()
    page.keyboard.press("Home")
    assert "last value 1.5" in page.locator("#spoken").inner_text()
    assert seen.messages == []


def test_a_charts_numbers_stand_in_a_table_for_whoever_asks(panel_desk):
    seen, page = panel_desk, panel_desk.page
    assert page.locator(".numbers-of table").count() == 0
    page.locator("#chart-forecast .numbers-of summary").press("Enter")
    page.locator("#chart-forecast .numbers-of th").first.wait_for()
    titles = page.locator("#chart-forecast .numbers-of th").all_inner_texts()
    assert titles[1:6] == ["95% interval, low", "95% interval, high", "80% interval, low", "80% interval, high",
                           "history"]  # fmt: skip
    assert len(titles) == 8 and titles[7] == "Gatewise"  # beside the best baseline
    figure = json.loads(page.locator("#chart-forecast script").text_content() or "")[0]["figure"]
    forecast = next(trace for trace in figure["data"] if trace["name"] == "Gatewise")
    cells = page.locator("#chart-forecast .numbers-of tbody tr").last.locator("td").all_inner_texts()
    assert cells[0] == str(forecast["x"][-1]) and float(cells[-1]) == pytest.approx(forecast["y"][-1], rel=1e-5)
    page.locator("#chart-forecast select").select_option("1")
    again = page.locator("#chart-forecast .numbers-of tbody tr").last.locator("td").all_inner_texts()
    assert again[-1] != cells[-1]
    for details in page.locator("figure.chart:not(#chart-forecast) .numbers-of summary").all():
        details.click()
    # A table is made when the browser tells of its opening, which may be a moment after the click.
    expect(page.locator(".numbers-of table")).to_have_count(page.locator("figure.chart").count())
    shown = page.locator(".numbers-of table").evaluate_all("(all) => all.map((one) => one.tBodies[0].rows.length)")
    assert min(shown) > 0
    assert seen.problems() == []


def test_picking_a_series_changes_both_charts_and_their_words(panel_desk):
    page = panel_desk.page
    page.locator("#chart-backtest select").select_option("2")
    for name in ("forecast", "backtest"):
        plot = page.locator(f"#chart-{name} .plot")
        assert page.locator(f"#chart-{name} figcaption").inner_text().startswith("H3:")
        assert "H3:" in (plot.get_attribute("aria-label") or "")


def test_the_theme_follows_the_reader(desk):
    page, label = desk.page, "() => getComputedStyle(document.querySelector('#chart-steps .legendtext')).fill"
    light = page.evaluate(label)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(before) => ({label})() !== before", arg=light)
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light", media="screen")
    page.wait_for_function(f"(before) => ({label})() === before", arg=light)


def test_it_prints_with_every_chart_within_the_paper(desk, tmp_path):
    page = desk.page
    widths = "window.widths = [...document.querySelectorAll('.plot')].map((plot) => plot._fullLayout.width)"
    page.evaluate(f"() => addEventListener('beforeprint', () => {{ {widths}; }})")
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") >= 5
    printed = page.evaluate("() => window.widths")
    assert len(printed) == page.locator("figure.chart").count() and max(printed) <= 680
    assert desk.messages == []


def test_without_scripts_the_words_and_tables_are_there(chrome, searched):
    with visit(chrome, searched, java_script_enabled=False) as seen:
        page = seen.page
        assert "forecast of 8 steps" in page.locator("#chart-forecast figcaption").inner_text()
        assert page.locator(f"{BOARD} tbody tr").count() == 8
        assert page.locator("noscript").inner_text() != "" and page.locator("thead button").count() == 0

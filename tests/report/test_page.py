"""The page: every section is there, nothing leaks out of a user's text, and nothing is asked of the network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gatewise.report import canvas
from gatewise.report.charts import draw
from gatewise.report.html import page, write_report
from gatewise.report.summary import summarise

EVIL = "<script>alert('x')</script>\"&"
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Collects what a browser would see: elements in order, ids, links, words, and tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.mismatches: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        for name, value in attrs:
            self.ids += [value or ""] if name == "id" else []
            self.addresses += [value or ""] if name in ("src", "href", "srcset", "action", "poster", "data") else []

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mismatches.append(tag)

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """The page's words."""
        return " ".join(" ".join(self.words).split())


def without_plotly(html: str) -> str:
    """Return the page without the library's own code."""
    made = re.sub(r'<script id="plotly">.*?</script>', "<script></script>", html, flags=re.DOTALL)
    assert len(made) < len(html) - 1_000_000
    return made


def read(folder: Path) -> tuple[Reader, str]:
    """Write a folder's report and return it as read, and its HTML without Plotly."""
    html = without_plotly(write_report(folder).read_text(encoding="utf-8"))
    reader = Reader()
    reader.feed(html)
    assert reader.mismatches == [] and reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    return reader, html


def sections(reader: Reader) -> list[str]:
    """Return the ids of the page's sections."""
    return [name.removesuffix("-title") for name in reader.ids if name.endswith("-title")]


def test_a_search_has_every_section_in_order(build):
    reader, _ = read(build(model=True))
    assert sections(reader) == [
        "forecast",
        "backtest",
        "leaderboard",
        "steps",
        "training",
        "search",
        "knobs",
        "unusable",
        "data",
        "settings",
    ]
    for words in (
        "shop · Gatewise report",
        "Gatewise beats seasonal naive, the best baseline, by 17 % on 3 origins.",
        "The 80% interval held 50% of 12 true values.",
        "small (16–64)",
        "large (128 and more)",
        "diverged at epoch 2 with learning_rate 0.03: try learning_rate 0.003",
        "Clipped steps: 10% of the best trial's; 20% on average over all 25 epochs of the search",
        "Only 60 rows.",
        "filled values 3",
        "gatewise tune DATA --config runs/shop/run.toml",
        "gatewise fit DATA --config runs/shop/best.toml",
        "window 14: 2 seasons",
        "the test rows were never seen by training, scaling or search.",
    ):
        assert words in reader.text, words


def test_the_verdict_and_the_key_numbers_come_first(build):
    reader, _ = read(build())
    places = [reader.text.index(words) for words in ("Gatewise beats", "Test MASE", "1 min 16 s", "north: forecast of")]
    assert places == sorted(places)


def test_a_fit_leaves_the_search_out(build):
    reader, _ = read(build("fit"))
    assert sections(reader) == ["forecast", "backtest", "leaderboard", "steps", "training", "data", "settings"]
    assert "gatewise fit DATA --config runs/shop/run.toml" in reader.text
    assert "best.toml" not in reader.text and "best trial" not in reader.text


def test_a_demo_repeats_itself(build):
    reader, _ = read(build("demo"))
    assert "gatewise demo --trials 20 --seed 0" in reader.text


def test_the_best_of_each_metric_is_bold(build):
    _, html = read(build())
    rows = re.findall(r"<tr[^>]*><th scope=\"row\">(Gatewise|seasonal naive)</th>(.*?)</tr>", html)
    bold = {name: re.findall(r"<strong>(.*?)</strong>", cells) for name, cells in rows}
    assert bold == {"Gatewise": ["0.850", "1.5", "1.25"], "seasonal naive": ["11.00"]}


def test_a_users_text_is_only_text(build):
    folder = build(ids=(EVIL, "plain"), model=True, verdict=EVIL, reasons=[EVIL], notes=[EVIL], run_folder=EVIL)
    data = json.loads((folder / "data.json").read_text())
    data |= {"name": EVIL, "columns": {"target": [EVIL]}, "diagnosis": {EVIL: EVIL, "warnings": [EVIL]}}
    (folder / "data.json").write_text(json.dumps(data))
    trials = (folder / "trials.csv").read_text().replace("constant", "<img src=x onerror=alert(1)>")
    (folder / "trials.csv").write_text(trials.replace("diverged at epoch 2", "<b>diverged</b>"))
    (folder / "run.toml").write_text("[data]\ntarget = '<script>alert(2)</script>'\n")
    reader, html = read(folder)
    assert "<script>alert" not in html and "<img" not in html and "<b>diverged" not in html
    assert reader.tags.count("script") == 4 + html.count('<figure class="chart"')
    assert reader.text.count(EVIL) >= 7


def test_plotly_shows_a_users_text_as_it_is(build):
    folder = build()
    trials = (folder / "trials.csv").read_text().replace("constant", "<a href='javascript:alert(1)'>constant</a>")
    (folder / "trials.csv").write_text(trials)
    (schedule,) = (one for one in draw(summarise(folder)).slices if one.name == "slice-schedule")
    assert "&lt;a href" in str(schedule.views[0].figure.to_plotly_json()["data"][0]["x"])


def test_nothing_is_loaded_from_elsewhere(build):
    reader, html = read(build(model=True))
    assert all(address.startswith(("#", "data:,")) for address in reader.addresses)
    assert "http://" not in html and "https://" not in html
    assert "url(" not in html and "@import" not in html and "@font-face" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ("forecast.csv", {"forecast"}),
        ("backtest.csv", {"backtest", "steps"}),
        ("leaderboard.csv", {"leaderboard"}),
        ("events.jsonl", {"training"}),
        ("trials.csv", {"search", "knobs", "unusable"}),
        ("data.json", {"data"}),
        ("run.toml", set()),
        ("summary.json", set()),
        ("best.toml", set()),
    ],
)
def test_a_missing_file_takes_its_section_along_and_no_other(build, missing, gone):
    folder = build(notes=[])
    everything = set(sections(read(folder)[0]))
    (folder / missing).unlink()
    assert everything - set(sections(read(folder)[0])) == gone


def test_an_unfinished_run_says_so(build):
    folder = build()
    (folder / "summary.json").unlink()
    reader, _ = read(folder)
    assert "This run has no verdict yet." in reader.text and "it is under way or was stopped" in reader.text


def test_an_interrupted_run_says_so(build):
    assert "The run was interrupted" in read(build(interrupted=True))[0].text


def test_a_damaged_file_is_said_at_the_top(build):
    folder = build()
    (folder / "data.json").write_text("{")
    assert "data.json could not be read" in read(folder)[0].text


def test_several_series_can_be_picked(build):
    reader, html = read(build(ids=("a", "b", "c")))
    assert reader.tags.count("select") == 2 and reader.tags.count("option") == 6
    views = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', html, flags=re.DOTALL)[0])
    assert [view["label"] for view in views] == ["a", "b", "c"]
    assert all(view["caption"].startswith(view["label"]) for view in views)


def test_every_chart_has_words_and_every_table_a_caption(build):
    reader, html = read(build(model=True))
    assert (
        html.count('role="img" tabindex="0" aria-label="')
        == reader.tags.count("figcaption")
        == reader.tags.count("figure")
        > 8
    )
    assert all(words.strip() for words in re.findall(r"<figcaption>(.*?)</figcaption>", html))
    assert reader.tags.count("caption") == reader.tags.count("table")
    assert html.count("<th>") == 0


def test_both_themes_have_every_colour_of_every_chart(build):
    charts = draw(summarise(build(model=True)))
    light = [one for one, _ in canvas.PALETTE.values()]
    assert len(set(light)) == len(light)
    assert len(charts.drawn) > 8
    # The ranks have a scale of colours of their own, the same in both.
    drawn = " ".join(view.figure.to_json() for chart in charts.drawn if chart.name != "pair" for view in chart.views)
    used = set(re.findall(r'"(#[0-9a-fA-F]{3,8}|rgba?\([^"]*\))"', drawn))
    assert used - set(light) <= {"rgba(0,0,0,0)"}


def test_the_page_is_the_same_every_time(build):
    summary = summarise(build(model=True))
    assert page(summary, draw(summary)) == page(summary, draw(summary))

"""report.json, the pictures and the command that writes them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import fields
from pathlib import Path

import pytest

from gatewise.cli.main import main
from gatewise.errors import RunFolderError
from gatewise.report import export
from gatewise.report.html import write_report
from gatewise.report.moments import moment_scale
from gatewise.report.pictures import pictures
from gatewise.report.summary import Summary, summarise
from tests.report.evaluations import empty_evaluation, evaluation

SVG = "{http://www.w3.org/2000/svg}"


def strict(text: str) -> dict:
    """Return JSON, refusing the NaN that Python alone would read."""

    def refuse(word: str) -> float:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def numbers_in(document: object) -> set[float]:
    if isinstance(document, dict):
        return set().union(*map(numbers_in, document.values()))
    if isinstance(document, list):
        return set().union(*map(numbers_in, document))
    return {float(document)} if isinstance(document, int | float) and not isinstance(document, bool) else set()


def test_it_has_every_key_in_the_order_of_its_description(build):
    write_report(folder := build(model=True))
    document = strict((folder / "report.json").read_text(encoding="utf-8"))
    described = re.findall(r"^``(\w+)``", export.__doc__ or "", flags=re.MULTILINE)
    assert list(document) == described == ["report_format", *(field.name for field in fields(Summary))]


def test_it_holds_the_numbers_of_every_drawn_line_and_table(build):
    folder = build(ids=("a", "b", "c"), model=True)
    (folder / "evaluation.json").write_text(json.dumps(evaluation(series=3)))
    html = write_report(folder).read_text(encoding="utf-8")
    known = numbers_in(strict((folder / "report.json").read_text(encoding="utf-8")))
    cells = re.findall(r'data-key="([^"]+)"', html)
    assert len(cells) > 50 and {float(cell) for cell in cells} <= known | {0.0, 1.0}
    charts = [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)]
    drawn = {view["label"]: view["figure"]["data"] for view in charts[0]}
    assert list(drawn) == ["a", "b", "c"]
    assert all(numbers_in(trace["y"]) <= known for trace in drawn["a"])


def test_it_is_the_same_every_time_and_strict_where_numbers_are_missing(build):
    folder = build(model=True)
    (folder / "evaluation.json").write_text(json.dumps(empty_evaluation()))
    first = (write_report(folder).with_name("report.json")).read_text()
    assert (write_report(folder).with_name("report.json")).read_text() == first
    assert strict(first)["evaluation"]["comparison"]["improvement"] is None


@pytest.mark.parametrize("index", ["daily", "zoned", "integer"])
def test_pictures_are_well_formed_and_within_their_frame(build, index):
    folder = build(ids=("<a&b>", "b", "c", "d", "e"), index=index, model=True)
    made = pictures(summarise(folder))
    assert set(made) == {
        "leaderboard.svg", "error_by_step.svg",
        *(f"{kind}{end}.svg" for kind in ("forecast", "backtest") for end in ("", "-2", "-3", "-4")),
    }  # fmt: skip
    for name, svg in made.items():
        root = ET.fromstring(svg)
        width, height = (float(root.get(side, 0)) for side in ("width", "height"))
        points = [
            tuple(map(float, point.split(",")))
            for shape in root.iter()
            if shape.tag in (f"{SVG}polyline", f"{SVG}polygon")
            for point in shape.get("points", "").split()
        ]
        assert len(points) > 3, name
        assert all(0 <= x <= width and -1 <= y <= height for x, y in points), name
        assert len({text.text for text in root.iter(f"{SVG}text")}) > 5
    assert "&lt;a&amp;b&gt;" in made["forecast.svg"]
    assert made["forecast.svg"].count("<polygon") == 2


def test_the_leaderboards_picture_follows_the_evaluation(build):
    folder = build()
    (folder / "evaluation.json").write_text(json.dumps(evaluation()))
    svg = pictures(summarise(folder))["leaderboard.svg"]
    labels = [text for text in ET.fromstring(svg).iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    ranked = sorted(labels, key=lambda text: float(text.get("y", 0)))
    assert [text.text for text in ranked][:2] == ["Gatewise", "AutoETS"] and ranked[-1].text == "last value"
    assert "AutoTheta: MASE 1" in svg


def test_a_run_without_results_has_no_pictures(build):
    folder = build()
    for name in ("forecast.csv", "backtest.csv", "leaderboard.csv", "summary.json"):
        (folder / name).unlink()
    write_report(folder)
    assert not (folder / "figures").exists()


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("1950-01-01", "2001-12-29", ("1950", "1960", "1970", "1980", "1990", "2000")),
        ("2001-11-20", "2002-02-10", ("Dec 2001", "Jan 2002", "Feb 2002")),
        ("2001-01-29", "2001-02-02", ("29 Jan", "30 Jan", "31 Jan", "1 Feb", "2 Feb")),
        ("2001-01-01 23:55", "2001-01-02 00:10", ("1 Jan 23:55", "2 Jan 00:00", "2 Jan 00:05", "2 Jan 00:10")),
        ("2001-01-01", "2001-01-01", ("2001-01-01",)),
    ],
)  # fmt: skip
def test_ticks_lie_where_the_calendar_has_them(first, last, words):
    scale = moment_scale([first, last])
    assert tuple(text for _, text in scale.ticks) == words
    assert all(scale.low <= at <= scale.high for at, _ in scale.ticks)


def test_an_axis_of_any_span_has_some_ticks():
    for days in range(1, 40_000, 97):
        scale = moment_scale(["1900-01-05", f"{1900 + days // 365:04d}-{1 + days % 365 // 31:02d}-28"])
        assert 2 <= len(scale.ticks) <= 8, days


def test_the_command_writes_page_numbers_and_figures(build, capsys):
    folder = build(model=True)
    assert main(["report", str(folder)]) == 0
    said = capsys.readouterr().out
    assert str(folder / "report.html") in said and "forecast.svg" in said
    assert (folder / "report.html").is_file() and not list(folder.rglob("*.partial"))
    assert main(["report", str(folder), "--json"]) == 0
    assert strict(capsys.readouterr().out)["verdict"].startswith("Gatewise beats")
    assert main(["report", str(folder), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "notes.txt"):
        assert main(["report", str(place)]) == 2
        assert "holds no summary.json" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_cannot_be_written_is_said(build):
    folder = build()
    (folder / "report.json").mkdir()
    (folder / "report.json" / "in the way").touch()
    with pytest.raises(RunFolderError, match="cannot be written"):
        write_report(folder)


def started(folder: Path) -> None:
    """Make a folder look like that of a run under way: no results yet, and what was asked for."""
    for name in ("summary.json", "forecast.csv", "backtest.csv", "leaderboard.csv", "best.toml"):
        (folder / name).unlink()
    (folder / "run.json").write_text(json.dumps({"command": "tune", "given": {}, "gatewise_version": "0.1.0"}))


def test_a_run_under_way_and_a_stopped_one_are_told_apart(build):
    from filelock import FileLock

    started(folder := build())
    with FileLock(folder / ".lock"):
        assert "still under way (training anew)" in write_report(folder).read_text(encoding="utf-8")
    html = write_report(folder).read_text(encoding="utf-8")
    assert "stopped before its end" in html and "tune --resume runs/shop" not in html
    assert f"tune --resume {folder}" in html and 'id="search"' in html


def test_a_run_that_has_only_begun_has_a_page(build):
    started(folder := build())
    for name in ("trials.csv", "events.jsonl"):
        (folder / name).unlink()
    html = write_report(folder).read_text(encoding="utf-8")
    assert 'id="settings"' in html and 'id="data"' in html and 'id="search"' not in html

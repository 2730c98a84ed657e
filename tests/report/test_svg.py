"""Pictures that stand alone: well-formed, within their frame, and safe with any text."""

import math
import xml.etree.ElementTree as ET

import pytest

from gatewise.report.svg import DOT, Panel, name_scale, picture, rate_scale, value_scale

SVG = "{http://www.w3.org/2000/svg}"


def drawn(panel: Panel, words: str = "words") -> ET.Element:
    return ET.fromstring(picture("title <&>", words, [panel], "knob", [("accent", DOT, "a & b")]))


def panel() -> Panel:
    return Panel("y <1>", 100, name_scale(["16", "64+32"]), value_scale([0.0, 1.0]))


def test_it_is_well_formed_and_names_what_it_shows():
    one = panel()
    one.dots([0, 1], [0.2, 0.8], "accent", ["seed <0>", "seed 1"])
    root = drawn(one, "all of it")
    assert root.find(f"{SVG}title").text == "title <&>" and root.find(f"{SVG}desc").text == "all of it"  # pyright: ignore
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"y <1>", "16", "64+32", "knob", "a & b"} <= set(texts)
    assert "http" not in ET.tostring(root, encoding="unicode").replace("http://www.w3.org/2000/svg", "")


def test_what_is_not_finite_or_off_the_axis_is_left_out_and_cuts_the_line():
    one = panel()
    one.line([0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.1, 0.2, math.nan, 0.4, 0.5, 9.0], "accent")
    one.dots([0, 1], [math.inf, 0.5], "accent", ["", ""])
    one.bars([0, 1], [0.1, math.nan], [0.3, math.nan], "accent")
    root = drawn(one)
    assert [len(line.get("points", "").split()) for line in root.iter(f"{SVG}polyline")] == [2, 2]
    assert len(list(root.find(f"{SVG}g").iter(f"{SVG}circle"))) == 1  # pyright: ignore


def test_points_lie_where_the_axes_say():
    one = Panel("loss", 100, rate_scale([1e-4, 1.0]), value_scale([0.0, 1.0]))
    one.dots([1e-4, 1e-2, 1.0], [0.0, 0.5, 1.0], "accent", ["", "", ""])
    dots = [
        (float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in drawn(one).find(f"{SVG}g").iter(f"{SVG}circle")
    ]  # pyright: ignore
    assert dots[1][0] == pytest.approx((dots[0][0] + dots[2][0]) / 2, abs=0.1)
    assert dots[1][1] == pytest.approx(50.0, abs=0.1) and dots[2][1] < dots[0][1]


@pytest.mark.parametrize("values", [[], [math.nan], [0.3, 0.3], [-5.0, 2.0], [1e-9, 2e-9], [1e9, 3e9]])
def test_every_axis_has_ends_and_ticks(values):
    scale = value_scale(values)
    assert scale.low < scale.high and 2 <= len(scale.ticks) <= 14
    assert all(scale.low <= tick <= scale.high for tick, _ in scale.ticks)

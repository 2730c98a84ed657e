"""The section on importance and the page of an ablation: what they show, and that a user's text is only text."""

import json
import math

from gatewise.effects import Effect
from gatewise.report.ablation import ablation_page, worth_chart
from gatewise.report.html import write_report
from gatewise.report.importance import importance_chart, importance_section
from gatewise.search.advice import insight_of
from tests.report.test_page import EVIL, read, sections
from tests.search.trials import SPACE, by_rate_and_loss, tried

INSIGHT = insight_of(tried(by_rate_and_loss, noise=0.01), SPACE.priors).to_dict()
EFFECTS = (
    Effect("dropout", True, "dropout 0.2", (1, 2, 3), (0.40, 0.41, 0.40), (0.43, 0.44, 0.43)),
    Effect("clipping", True, "clip_norm 1", (1, 2, 3), (0.43, 0.44, 0.43), (0.40, 0.41, 0.40)),
    Effect("augmentation", False, "off"),
    Effect("base", True, "base season", (1, 2), (0.4, 0.4), (math.inf, math.inf)),
)


def test_a_run_with_importance_has_the_section(build):
    folder = build()
    assert "importance" not in sections(read(folder)[0])
    (folder / "importance.json").write_text(json.dumps(INSIGHT))
    reader, _ = read(folder)
    assert sections(reader).index("importance") == sections(reader).index("search") + 1
    assert INSIGHT["importance"]["sentence"] in reader.text
    assert all(one["text"] in reader.text and one["flag"] in reader.text for one in INSIGHT["advice"])


def test_bars_are_the_shares_the_largest_on_top():
    chart = importance_chart(INSIGHT["importance"])
    (bars,) = chart.views[0].figure.to_plotly_json()["data"]
    shares = [100 * one["share"] for one in INSIGHT["importance"]["knobs"][: len(bars["x"])]]
    assert list(bars["x"]) == shares[::-1] and bars["y"][-1] == INSIGHT["importance"]["knobs"][0]["name"]
    assert len(set(bars["marker"]["color"])) == 2


def test_damaged_or_empty_importance_says_nothing_and_breaks_nothing(build):
    for said in ({}, {"importance": None, "advice": []}, {"importance": {"knobs": ["x", {"name": "y"}]}, "advice": 3}):
        assert importance_section(said) == ""
    folder = build()
    (folder / "importance.json").write_text("[")
    assert "importance.json could not be read" in read(folder)[0].text


def test_text_from_a_file_is_only_text(build):
    folder = build()
    knob = {"name": EVIL, "share": 1.0, "best": EVIL}
    said = {"importance": {"sentence": EVIL, "knobs": [knob]}, "advice": [{"text": EVIL, "flag": EVIL}]}
    (folder / "importance.json").write_text(json.dumps(said))
    write_report(folder)
    assert "<script>alert" not in (folder / "report.html").read_text(encoding="utf-8")


def test_the_ablation_page_has_bars_words_and_scores():
    html = ablation_page("co2 <b>", EFFECTS, ("never touched",), interrupted=True)
    assert "co2 &lt;b&gt;" in html and "never touched" in html and "The work was interrupted" in html
    assert all(one.sentence in html for one in EFFECTS if one.seeds)
    assert "Not used, and not tried: augmentation." in html and html.count("no model") >= 2
    (bars,) = worth_chart(EFFECTS).views[0].figure.to_plotly_json()["data"]
    assert list(bars["y"]) == ["clipping", "dropout"], "what has no worth has no bar"
    assert list(bars["x"]) == [EFFECTS[1].percent, EFFECTS[0].percent]
    assert list(bars["error_x"]["array"]) == [EFFECTS[1].percent_error, EFFECTS[0].percent_error]
    assert len(set(bars["marker"]["color"])) == 2
    assert worth_chart(EFFECTS[2:]) is None

"""The evaluation in the report: what its file says reaches data, charts and page, and nulls break nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gatewise.report.charts import draw
from gatewise.report.evaluation import Errors, Interval, calibration_words, ranked, wins
from gatewise.report.evaluation_file import audit_of, evaluation_of
from gatewise.report.html import page
from gatewise.report.summary import Summary, summarise
from tests.report.evaluations import audit, empty_evaluation, evaluation


def with_evaluation(folder: Path, document: dict) -> Summary:
    (folder / "evaluation.json").write_text(json.dumps(document))
    return summarise(folder)


def text_of(summary: Summary) -> str:
    html = re.sub(r"<script.*?</script>|<style.*?</style>", "", page(summary, draw(summary)), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_every_number_of_the_file_is_read():
    made = evaluation_of(evaluation(series=3))
    assert made is not None
    assert [score.model for score in made.models][:2] == ["gatewise", "AutoETS"]
    assert made.models[1].metrics["bias"] == pytest.approx(-0.009)
    assert made.intervals[0].coverage == pytest.approx(0.79) and made.intervals[0].by_step == (0.79,) * 4
    assert made.by_step["AutoETS"] == pytest.approx((0.9, 0.9 * 2**0.5, 0.9 * 3**0.5, 1.8))
    assert [row.name for row in made.by_series] == ["s0", "s1", "s2"]
    assert made.by_origin[1].models["gatewise"] == pytest.approx(0.81)
    assert made.comparison is not None and made.comparison.high == 0.18
    assert made.optimism is not None and made.optimism.configurations == 30
    assert made.lag_copy is None


@pytest.mark.parametrize("document", [{}, {"models": None}, {"models": []}, {"models": [{"MASE": 1.0}]}])
def test_no_models_are_no_evaluation(document):
    assert evaluation_of(document) is None


@pytest.mark.parametrize("name", sorted(set(evaluation()) - {"models"}))
@pytest.mark.parametrize("value", [None, 3, "text", [1, None], {"gatewise": 1}])
def test_a_part_of_another_kind_takes_only_itself_along(name, value):
    made = evaluation_of({**evaluation(), name: value})
    assert made is not None and len(made.models) == 8


def test_the_page_shows_the_whole_evaluation(build):
    folder = build()
    (folder / "audit.json").write_text(json.dumps(audit()))
    text = text_of(with_evaluation(folder, evaluation()))
    for words in (
        "Recommended for this table: Gatewise.",
        "AutoARIMA: It takes longer than a minute on &lt;this&gt; table.",
        "Gatewise&#x27;s error is 12% lower than that of AutoETS",
        "confidence interval of the saving: 5.0% to 18%; p = 0.01",
        "Gatewise is better than AutoETS here.",
        "Diebold-Mariano test with small-sample correction.",
        "The test is 7% worse than validation.",
        "chose among 30 configurations",
        "Gatewise held 79% of 80% (as promised) and 94% of 95% (as promised)",
        "AutoETS 80% 65% too narrow",
        "Audited: 1 of 2 checks failed.",
        "future shuffled failed evidence of future shuffled",
        "duplicates not checked",
        "MASE of the forecasts from 3 origins. Gatewise between 0.8 (from 2026-02-01) and 0.82 (from 2026-02-09).",
        "A click in the legend shows",
    ):
        assert words in text, words
    assert "Series by series" not in text


@pytest.mark.parametrize(
    ("decision", "improvement", "words"),
    [
        ("tie", 0.01, "take the two as equal"),
        ("worse", -0.2, "20% higher than that of AutoETS"),
        ("worse", -0.2, "use AutoETS here"),
    ],
)
def test_a_lost_comparison_is_said_as_plainly(build, decision, improvement, words):
    document = evaluation()
    document["comparison"] |= {"decision": decision, "improvement": improvement}
    assert words in text_of(with_evaluation(build(), document))


def test_a_panel_names_its_worst_and_best_series(build):
    summary = with_evaluation(build(ids=("a", "b")), evaluation(series=30))
    text = text_of(summary)
    assert "Gatewise is better than AutoETS on 30 of 30 series." in text
    assert "where Gatewise errs most and the 10 where it errs least, of 30" in text
    worst = text.index("s29"), text.index("s20"), text.index("s9 "), text.index("s0 ")
    assert list(worst) == sorted(worst) and "s15" not in text
    chart = draw(summary).series
    assert chart is not None and len(chart.views[0].figure.to_plotly_json()["data"][1]["x"]) == 30


def test_nulls_are_shown_as_missing_and_break_nothing(build):
    summary = with_evaluation(build(), empty_evaluation())
    assert summary.evaluation is not None and ranked(summary.evaluation) == "MAE"
    text = text_of(summary)
    assert "nan" not in text.lower().split() and "None" not in text
    assert "The forecast is the truth, one step late." in text
    assert "Recommended for this table: last value." in text
    assert "take the two as equal" in text


def test_an_older_run_has_none_of_it(build):
    summary = summarise(build())
    charts = draw(summary)
    assert summary.evaluation is None and summary.audit is None
    assert charts.models is charts.calibration is charts.comparison is charts.series is charts.origins is None
    assert "Do the intervals hold?" not in text_of(summary)


def test_steps_that_nothing_is_known_of_are_not_drawn(build):
    document = evaluation()
    document["by_step"] = {model: {"MAE": [None] * 4} for model in document["by_step"]}
    folder = build()
    (folder / "backtest.csv").unlink()
    assert with_evaluation(folder, document).steps is None


def test_errors_by_step_have_every_model(build):
    document = evaluation()
    several = with_evaluation(build(), document)
    assert several.steps is not None and set(several.steps.models) == set(document["by_step"])
    # Those of the backtest count every series of a panel alike, and are kept where they have all models.
    document["by_step"] = {"gatewise": {"MAE": [1.0] * 4}}
    few = with_evaluation(build(ids=("a", "b")), document)
    assert few.steps is not None and few.steps.reference == "seasonal naive"


def test_lines_of_many_models_start_with_the_best_ones(build):
    charts = draw(with_evaluation(build(), evaluation()))
    assert charts.steps is not None
    data = charts.steps.views[0].figure.to_plotly_json()["data"]
    hidden = [trace["name"] for trace in data if trace["visible"] == "legendonly"]
    assert hidden == ["drift", "window mean", "last value"]


def test_wins_count_what_both_models_have():
    rows = [Errors(name, {"gatewise": ours, "drift": theirs}) for name, ours, theirs in
            (("a", 1.0, 2.0), ("b", 2.0, 1.0), ("c", None, 1.0), ("d", 1.0, None), ("e", 1.0, 1.0))]  # fmt: skip
    assert wins(rows, "drift") == (1, 3)


@pytest.mark.parametrize(
    ("coverage", "truths", "words"),
    [(0.8, 1000, "as promised"), (0.76, 1000, "as promised"), (0.74, 1000, "too narrow"), (0.86, 1000, "too wide"),
     (0.6, 10, "as promised"), (None, 10, "unknown"), (0.8, 0, "unknown")],
)  # fmt: skip
def test_an_interval_is_judged_by_what_chance_allows(coverage, truths, words):
    assert calibration_words(Interval("gatewise", 80, coverage, 1.0, truths, ())) == words


def test_an_audit_is_read_as_it_stands():
    made = audit_of(audit())
    assert made is not None and [one.passed for one in made.checks] == [True, False, None]
    assert audit_of({}) is None and audit_of({"passed": "yes"}) is None


def test_a_damaged_evaluation_is_said_at_the_top(build):
    folder = build()
    (folder / "evaluation.json").write_text("[")
    assert "evaluation.json could not be read" in text_of(summarise(folder))

"""Optuna's charts of a search: the page's trials, whole and in its style."""

from __future__ import annotations

import optuna
import pytest

from gatewise.report.knobs import Slice
from gatewise.report.study_charts import leading_settings, pair_chart, parallel_chart, study_of

RATES = (0.001, 0.003, 0.01, 0.1, 0.02)
SCORES = (0.5, 0.6, 0.7, 0.8, 0.65)


def slices() -> tuple[Slice, ...]:
    """Five trials; decay means nothing to trial 0, and the markup of layers is a user's."""
    return (
        Slice("learning_rate", "", "range", True, (0, 1, 2, 3, 5), RATES, SCORES, ()),
        Slice("decay", "", "range", False, (1, 2, 3, 5), (0.1, 0.2, 0.3, 0.4), SCORES[1:], ()),
        Slice(
            "hidden", "", "values", False, (0, 1, 2, 3, 5), ("<b>8", "16", "16", "<b>8", "16"), SCORES, ("<b>8", "16")
        ),
    )


def data_of(chart):
    return chart.views[0].figure.to_plotly_json()["data"]


def test_the_study_has_the_trials_of_the_page():
    study = study_of(slices())
    assert [trial.value for trial in study.trials] == list(SCORES)
    assert study.trials[0].params == {"learning_rate": 0.001, "hidden": "<b>8"}
    assert study.trials[4].params == {"learning_rate": 0.02, "hidden": "16", "decay": 0.4}
    assert study.best_value == 0.5
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING


def test_what_mattered_comes_first_and_else_what_was_tried_most():
    assert leading_settings(slices(), {}) == ["learning_rate", "decay", "hidden"]
    said = {"importance": {"knobs": [{"name": "hidden"}, {"name": "gone"}, {"name": "decay"}]}}
    assert leading_settings(slices(), said) == ["hidden", "decay", "learning_rate"]


def test_every_trial_is_a_line_and_the_best_lies_on_top():
    chart = parallel_chart(slices(), ["hidden", "learning_rate"])
    assert chart is not None
    lines = data_of(chart)
    assert [line["name"] for line in lines] == ["trial 3", "trial 2", "trial 5", "trial 1", "trial 0"]
    assert lines[-1]["line"]["width"] == max(line["line"]["width"] for line in lines)
    assert [line["y"][0] for line in lines] == pytest.approx(
        [(score - 0.5) / 0.3 for score in (0.8, 0.7, 0.65, 0.6, 0.5)]
    )
    assert ["hidden", "&lt;b&gt;8"] in lines[-1]["customdata"] and "<b>" not in str(lines)
    assert "Left out" not in chart.views[0].caption


def test_an_outlier_does_not_press_the_others_together():
    far = tuple(Slice(one.name, one.unit, one.kind, one.log, one.trials, one.values,
                      tuple(40.0 if score == 0.8 else score for score in one.scores), one.order)
                for one in slices())  # fmt: skip
    chart = parallel_chart(far, ["hidden", "learning_rate", "decay"])
    assert chart is not None
    heights = {line["name"]: line["y"][0] for line in data_of(chart)}
    assert heights["trial 3"] == 1.0 and heights["trial 2"] == pytest.approx(0.2 / (3 * 0.2))
    assert "1 trial with a MASE of 1.1 or more" in chart.views[0].caption


def test_the_pair_is_of_settings_in_which_trials_stand_apart():
    chart = pair_chart(slices(), ["hidden", "learning_rate", "decay"])
    assert chart is not None
    (points,) = data_of(chart)
    assert sorted(points["x"]) == sorted(map(str, ("&lt;b&gt;8", "16", "16", "&lt;b&gt;8", "16")))
    assert points["text"][4] == "trial 5: MASE 0.65"
    assert len(set(points["marker"]["color"])) == 5
    same = [Slice(name, "", "values", False, tuple(range(9)), ("a",) * 9, (1.0,) * 9, ("a",)) for name in "xyz"]
    assert pair_chart(same, ["x", "y", "z"]) is None


@pytest.mark.parametrize("trials", [0, 1, 3])
def test_few_trials_say_nothing(trials):
    few = [Slice("lr", "", "range", True, tuple(range(trials)), RATES[:trials], SCORES[:trials], ())] if trials else []
    assert parallel_chart(few, ["lr"]) is None and pair_chart(few, ["lr"]) is None

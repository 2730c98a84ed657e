"""The coach in the report: what stands in findings.jsonl is marked, listed and counted."""

import json
from dataclasses import replace

import pytest

from gatewise.report.charts import draw
from gatewise.report.health import findings_list, findings_of_trials, marked_curves
from gatewise.report.html import page
from gatewise.report.summary import summarise
from gatewise.train.finding import Finding

RISING = Finding("overfitting", "warning", "validation loss rises <b>: try dropout 0.2", {"dropout": 0.2}, {}, 3)
NOTE = Finding("no-gain", "note", "hardly better than base season alone", {}, {"ratio": 1.0})
GOOD = Finding("sound", "good", "sound training", {}, {}, 2)
DIVERGED = Finding("diverged", "problem", "diverged at epoch 2", {"learning_rate": 0.01}, {}, 2)


@pytest.fixture
def folder(build):
    """Return a run folder whose best trial is 1, and whose last line was cut off."""
    made = build()
    lines = {0: [RISING, NOTE], 1: [replace(RISING, severity="note"), NOTE, GOOD], 3: [DIVERGED], 4: [GOOD]}
    text = "".join(
        json.dumps({"trial": trial, "findings": [one.to_dict() for one in found]}) + "\n"
        for trial, found in lines.items()
    )
    (made / "findings.jsonl").write_text(text + '{"trial": 2, "find')
    return made


def test_findings_are_read_by_trial(folder):
    summary = summarise(folder)
    assert sorted(summary.findings) == [0, 1, 3, 4] and summary.problems == ()
    assert summary.findings[0] == (RISING, NOTE)


def test_curves_are_marked_where_something_happened(folder):
    summary = summarise(folder)
    chart = marked_curves(summary, draw(summary).curves)
    assert chart is not None
    (mark,) = [trace for trace in chart.views[0].figure.data if trace.name == "finding"]
    assert (mark.x, mark.y, mark.text) == ((3,), (summary.epochs[2].val_loss,), ("overfitting",))
    assert chart.views[0].caption.endswith("Circles mark what the list below explains: overfitting at epoch 3.")
    assert marked_curves(summary, None) is None


def test_list_has_severity_and_words_of_the_best_trial(folder):
    made = findings_list(summarise(folder))
    assert made.count("<li>") == 3
    assert "<strong>note</strong>: validation loss rises &lt;b&gt;: try dropout 0.2" in made


def test_trials_are_counted_worst_first(folder):
    made = findings_of_trials(summarise(folder))
    rows = made.split("<tbody>")[1].split("</tr>")[:-1]
    assert [row.split("</th>")[0].rpartition(">")[2] for row in rows] == [
        "diverged",
        "overfitting",
        "no better than no network",
    ]
    assert "2 (50%)" in rows[1] and '<td class="short">warning</td>' in rows[1] and "trial 0: validation" in rows[1]
    assert "What the coach found in 4 trials" in made and "sound" not in made


def test_page_has_them_and_does_without(folder):
    summary = summarise(folder)
    assert "What the coach says" in page(summary, draw(summary))
    (folder / "findings.jsonl").unlink()
    summary = summarise(folder)
    assert summary.findings == {}
    assert findings_list(summary) == findings_of_trials(summary) == ""
    curves = draw(summary).curves
    assert marked_curves(summary, curves) is curves


def test_a_damaged_file_is_a_problem_and_no_crash(folder):
    (folder / "findings.jsonl").write_text('{"trial": 1, "findings": [{"code": "noisy"}]}\n')
    summary = summarise(folder)
    assert summary.findings == {} and "findings.jsonl could not be read" in summary.problems[0]

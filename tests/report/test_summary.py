"""The report's data: exact numbers from a folder whose numbers are known by construction."""

from __future__ import annotations

import json
import shutil

import pytest

from gatewise.errors import RunFolderError
from gatewise.report.summary import Score, summarise

LATE_FILES = (
    "summary.json",
    "data.json",
    "trials.csv",
    "events.jsonl",
    "forecast.csv",
    "backtest.csv",
    "leaderboard.csv",
    "best.toml",
)


def test_the_words_of_a_run(build):
    summary = summarise(build())
    assert (summary.command, summary.version, summary.run_folder) == ("tune", "0.1.0", "runs/shop")
    assert (summary.horizon, summary.season, summary.seconds) == (4, 7, 75.5)
    assert summary.finished and summary.searched and not summary.interrupted
    assert summary.reasons == ("window 14: 2 seasons",)
    assert summary.best is not None and (summary.best.trial, summary.best.best_epoch) == (1, 3)
    assert summary.problems == ()


def test_leaderboard_keeps_an_undefined_metric_undefined(build):
    assert summarise(build()).leaderboard == (
        Score("gatewise", 0.85, 12.5, 1.5, 1.25),
        Score("seasonal_naive", 1.02, 11.0, 2.5, 2.0),
        Score("last_value", None, 30.0, 5.0, 4.0),
    )


def test_error_by_step_of_one_series_is_in_its_units(build):
    steps = summarise(build()).steps
    assert steps is not None and steps.reference is None and steps.origins == 3
    assert steps.models == {
        "gatewise": (1.0, 2.0, 3.0, 4.0),
        "last_value": (4.0, 4.0, 4.0, 4.0),
        "seasonal_naive": (2.0, 2.0, 2.0, 2.0),
    }


def test_error_by_step_of_several_series_is_relative_to_the_baseline(build):
    steps = summarise(build(ids=("a", "b"))).steps
    assert steps is not None and steps.reference == "seasonal naive" and steps.origins == 6
    assert steps.models["gatewise"] == (0.5, 1.0, 1.5, 2.0)
    assert steps.models["last_value"] == (2.0, 2.0, 2.0, 2.0)


def test_an_origin_that_lacks_a_row_is_left_out_of_the_error_by_step(build):
    folder = build()
    lines = (folder / "backtest.csv").read_text().splitlines(keepends=True)
    (folder / "backtest.csv").write_text("".join(lines[:2] + lines[3:]))
    steps = summarise(folder).steps
    assert steps is not None and steps.origins == 2
    assert steps.models["gatewise"] == (1.0, 2.0, 3.0, 4.0)


def test_a_missing_truth_counts_nowhere(build):
    folder = build()
    lines = (folder / "backtest.csv").read_text().splitlines()
    cells = lines[4].split(",")
    cells[3] = ""
    lines[4] = ",".join(cells)
    (folder / "backtest.csv").write_text("\n".join(lines))
    summary = summarise(folder)
    assert summary.steps is not None and summary.steps.models["gatewise"] == (1.0, 2.0, 3.0, 4.0)
    assert summary.coverage[0].truths == 11


def test_interval_coverage(build):
    (only,) = summarise(build()).coverage
    assert (only.level, only.inside, only.truths) == (80, 0.5, 12)


def test_trials(build):
    trials = summarise(build()).trials
    assert [trial.number for trial in trials] == [0, 1, 2, 3, 4]
    assert [trial.score for trial in trials] == [1.0, 0.8, 0.9, None, 1.2]
    assert trials[1].settings == {
        "hidden": "64,32",
        "batch_size": 32,
        "learning_rate": 0.003,
        "schedule": "step",
        "decay_rate": 0.5,
        "dropout": 0.1,
    }
    (lost,) = summarise(build()).unusable
    assert (lost.number, lost.status, lost.train_loss) == (3, "diverged", None)
    assert lost.message == "diverged at epoch 2 with learning_rate 0.03: try learning_rate 0.003"


def test_batch_sizes_small_against_large(build):
    sizes = summarise(build()).knobs.batch_size
    assert sizes is not None
    small, large = sizes.groups
    assert (small.label, small.sizes, small.trials, small.unusable) == ("small (16–64)", (16, 32), 2, 0)
    assert (small.best, small.median, small.epochs, small.seconds) == (0.8, 0.9, 5.0, 3.0)
    assert (large.label, large.sizes, large.trials, large.unusable) == ("large (128 and more)", (128, 256), 2, 1)
    assert (large.best, large.median, large.epochs, large.seconds) == pytest.approx((0.9, 1.05, 5.0, 1.25))
    assert sizes.sentence == (
        "Small batches did better: median validation MASE 0.9 for small against 1.05 for large; a training took 3.0 s "
        "and 5 epochs with small batches, 1.2 s and 5 epochs with large ones (medians); the best trial used 32. "
        "With only 2 trials in a group this is a weak hint."
    )


def test_hidden_units_from_small_to_large(build):
    hidden = summarise(build()).knobs.hidden
    assert hidden is not None
    assert [(one.total, one.trials, one.train_loss, one.val_loss) for one in hidden.medians] == [
        (16, 1, 0.5, 0.6),
        (64, 1, 0.35, 0.65),
        (96, 2, 0.35, 0.525),
    ]
    assert [(one.total, one.layers, one.best) for one in hidden.scores] == [
        (16, ("16",), 1.0),
        (64, ("64",), 1.2),
        (96, ("64, 32",), 0.8),
    ]
    assert hidden.shared == {}
    assert "more units helped on new data too" in hidden.sentence
    assert "lowest median validation loss was at 96 units" in hidden.sentence


def test_losses_of_another_kind_are_not_compared(build):
    folder = build()
    lines = (folder / "trials.csv").read_text().splitlines()
    kinds = ["loss", "mae", "mae", "mae", "mae", "mse"]
    text = "\n".join(f"{line},{kind}" for line, kind in zip(lines, kinds, strict=True))
    (folder / "trials.csv").write_text(text)
    hidden = summarise(folder).knobs.hidden
    assert hidden is not None and hidden.shared == {"loss": "mae"}
    assert [one.total for one in hidden.medians] == [16, 96]
    assert [one.total for one in hidden.scores] == [16, 64, 96]


def test_slices_leave_out_what_a_trial_did_not_use(build):
    slices = {one.name: one for one in summarise(build()).knobs.slices}
    assert set(slices) == {"hidden", "batch_size", "learning_rate", "schedule", "decay_rate", "dropout"}
    # Trials 0 and 4 have a schedule without a decay rate; trial 3 has no score.
    assert slices["decay_rate"].trials == (1, 2)
    assert slices["batch_size"].order == ("16", "32", "128", "256")
    assert slices["hidden"].order == ("16", "64", "64,32")
    assert slices["schedule"].scores == (1.0, 0.8, 0.9, 1.2)


def test_a_drawn_learning_rate_has_a_logarithmic_axis(build):
    folder = build()
    text = (folder / "trials.csv").read_text().replace(",0.001,", ",0.0012345678901,")
    (folder / "trials.csv").write_text(text)
    (rate,) = (one for one in summarise(folder).knobs.slices if one.name == "learning_rate")
    assert (rate.kind, rate.log, rate.values[0]) == ("range", True, 0.0012345678901)


def test_clipping_leaves_the_refit_out(build):
    clipping = summarise(build()).clipping
    assert clipping is not None
    assert clipping.best == pytest.approx(0.1)
    assert clipping.every == pytest.approx(0.2)
    assert (clipping.epochs, clipping.largest_norm) == (25, 7.0)


def test_epochs_are_those_of_the_best_trial(build):
    epochs = summarise(build()).epochs
    assert [epoch.number for epoch in epochs] == [1, 2, 3, 4, 5]
    assert epochs[0].train_loss == 1.0 and epochs[2].clipped == pytest.approx(0.1)


def test_data_card(build):
    data = summarise(build()).data
    assert data.name == "shop" and data.warnings == ("Only 60 rows.",) and data.notes == ("guessed 'day'",)
    assert data.repairs["filled_values"] == 3 and "notes" not in data.repairs
    assert data.facts["rows"] == 60 and "warnings" not in data.diagnosis


def test_drawn_series(build):
    (one,) = summarise(build(model=True)).drawn.series
    assert one.forecast.x == ("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")
    assert one.forecast.y == (10.0, 11.0, 12.0, 13.0)
    assert [(band.level, band.low[0], band.high[0]) for band in one.bands] == [(80, 9.0, 11.0), (95, 8.0, 12.0)]
    assert one.history.x[-1] == "2026-03-01" and one.history.y[-2] is None
    assert one.backtest is not None and one.backtest.origin == (0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2)
    assert one.relative_error == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("index", "last", "first"),
    [("integer", 59, 60), ("zoned", "2026-03-30 12:00", "2026-03-30 13:00")],
)
def test_integer_and_zoned_time(build, index, last, first):
    (one,) = summarise(build(index=index, model=True)).drawn.series
    assert (one.history.x[-1], one.forecast.x[0]) == (last, first)


def test_without_a_model_the_history_is_the_backtests_truth(build):
    (one,) = summarise(build()).drawn.series
    assert one.history.x[-1] == "2026-03-01" and set(one.history.y) == {10.0}


def test_many_series_are_picked(build):
    ids = tuple(f"s{number:02}" for number in range(20))
    folder = build(ids=ids)
    # All are equally far off by construction; one late series is made far worse.
    text = (folder / "backtest.csv").read_text().splitlines()
    text = [line.replace(",10.0,", ",-500.0,") if line.startswith("s17") else line for line in text]
    for row, line in enumerate(text):
        if line.startswith("s17"):
            cells = line.split(",")
            text[row] = ",".join([*cells[:4], "9000", *cells[5:]])
    (folder / "backtest.csv").write_text("\n".join(text))
    drawn = summarise(folder).drawn
    assert drawn.total == 20 and len(drawn.series) == 12
    assert [one.unique_id for one in drawn.series[:9]] == [*ids[:8], "s17"]
    assert drawn.picked.startswith("Drawn are the first 8 of 20 series, and the 4 others with the largest")


def test_ids_stay_text(build):
    drawn = summarise(build(ids=("007", "NA", ""), model=True)).drawn
    assert [one.unique_id for one in drawn.series] == ["007", "NA", ""]
    assert all(one.history.x and one.backtest for one in drawn.series)


def test_a_fit_has_no_search(build):
    summary = summarise(build("fit"))
    assert not summary.searched and summary.knobs.slices == () and summary.knobs.batch_size is None


@pytest.mark.parametrize("missing", LATE_FILES)
def test_any_late_file_may_be_missing(build, missing):
    folder = build()
    (folder / missing).unlink()
    summary = summarise(folder)
    assert summary.problems == ()
    assert summary.finished == (missing != "summary.json")
    assert json.dumps(summary.to_dict(), allow_nan=False)


@pytest.mark.parametrize("empty", LATE_FILES)
def test_any_late_file_may_be_empty(build, empty):
    folder = build()
    (folder / empty).write_text("")
    assert json.dumps(summarise(folder).to_dict(), allow_nan=False)


def test_only_the_settings_are_enough(build):
    folder = build()
    for name in LATE_FILES:
        (folder / name).unlink()
    summary = summarise(folder)
    assert summary.best is None and summary.leaderboard == () and summary.steps is None and summary.clipping is None
    assert summary.horizon == 4


def test_of_a_run_under_way_the_best_so_far_stands(build):
    folder = build()
    (folder / "summary.json").unlink()
    summary = summarise(folder)
    assert summary.best is not None and (summary.best.trial, summary.best.score) == (1, 0.8)
    assert summary.searched


def test_a_cut_off_line_of_events_is_skipped(build):
    folder = build()
    text = (folder / "events.jsonl").read_text()
    (folder / "events.jsonl").write_text(text + '{"trial": 1, "epo')
    assert len(summarise(folder).epochs) == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [("summary.json", "{"), ("data.json", "[1]"), ("run.toml", "= 3"), ("forecast.csv", 'a,b\n"1,2\n3,4,5\n')],
)
def test_a_damaged_file_is_said_and_survived(build, name, text):
    folder = build()
    (folder / name).write_text(text)
    (problem,) = summarise(folder).problems
    assert problem.startswith(f"{name} could not be read")


def test_a_damaged_model_is_said_and_survived(build):
    folder = build(model=True)
    (folder / "model" / "model.json").write_text("{}")
    summary = summarise(folder)
    assert len(summary.problems) == 1 and summary.drawn.series[0].history.x


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match=r"holds no summary\.json"):
        summarise(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(RunFolderError, match="run folder"):
        summarise(tmp_path)

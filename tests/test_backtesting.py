"""Backtests of a run's model: which model forecasts from where, and that none looks behind its origin."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from utilsforecast.evaluation import evaluate
from utilsforecast.losses import mae

import gatewise
from gatewise import backtesting
from gatewise.cli.main import main
from gatewise.errors import DataError, RunFolderError, SettingsError, TrainingError
from gatewise.forecast import Forecaster
from gatewise.rolling import rolling_origins, seen_until
from tests.panels import panel_of_values, seasonal_values

VALUES = seasonal_values(180)
SMALL = {"season": 12, "window": 12, "hidden": (4,), "epochs": 2, "val_windows": 4, "members": 1, "baselines": "none"}


def frame(length: int) -> pd.DataFrame:
    return pd.DataFrame({"ds": pd.date_range("2000-01-01", periods=length, freq="MS"), "y": VALUES[:length]})


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backtesting")
    frame(160).to_csv(folder / "sales.csv", index=False)
    gatewise.tune(folder / "sales.csv", 3, trials=2, vary="dropout", test_windows=2, out=folder / "run", **SMALL)
    return folder / "run"


def test_on_the_data_of_the_run_it_repeats_the_backtest_of_the_run(run_dir):
    found = gatewise.backtest(run_dir)
    assert not found.rolling.saved and found.rolling.trainings == (0,)
    theirs = pd.read_csv(run_dir / "backtest.csv", parse_dates=["ds", "cutoff"])
    pd.testing.assert_frame_equal(found.table[theirs.columns], theirs, check_dtype=False, rtol=1e-4)
    assert found.verdict and set(found.leaderboard.model) == {"gatewise", "last_value", "seasonal_naive"}
    assert len(evaluate(found.table, [mae], models=["gatewise"])) == 2


def test_behind_the_data_of_the_run_the_saved_model_forecasts_as_it_is(run_dir):
    found = gatewise.backtest(run_dir, data=frame(180))
    assert found.rolling.saved and not found.rolling.trainings
    assert found.rolling.origins.distances == (18, 15, 12, 9, 6, 3) and "as it is" in found.notes[0]
    predicted = Forecaster.load(run_dir).predict(data=frame(165))
    last = found.table[found.table.cutoff == pd.Timestamp("2000-01-01") + pd.DateOffset(months=164)]
    np.testing.assert_allclose(last.gatewise, predicted.gatewise, rtol=1e-5)


def test_refits_see_nothing_behind_their_origin(run_dir):
    asked = {"windows": 4, "refit": 2, "step": 2}
    found = gatewise.backtest(run_dir, data=frame(180), **asked)
    assert found.rolling.origins.distances == (9, 7, 5, 3) and found.rolling.saved and found.rolling.trainings == (2,)
    scrambled = frame(180)
    scrambled.loc[180 - 5 :, "y"] = 1e4
    again = gatewise.backtest(run_dir, data=scrambled, **asked)
    cutoffs = sorted(found.table.cutoff.unique())
    for number, cutoff in enumerate(cutoffs):
        one, other = (made.table.gatewise[made.table.cutoff == cutoff].tolist() for made in (found, again))
        assert (one == other) == (number < 3)


def test_a_sliding_window_trains_on_fewer_rows(run_dir):
    wide, narrow = (gatewise.backtest(run_dir, windows=2, refit=1, rows=rows) for rows in (None, 60))
    assert wide.rolling.trainings == narrow.rolling.trainings == (0, 1)
    assert not np.allclose(wide.table.gatewise, narrow.table.gatewise, rtol=1e-9)
    assert "at most 60 rows" in narrow.notes[0]


def test_origins_in_rows_that_chose_the_settings_are_named(run_dir):
    assert any("2 of 4 origins lie in rows" in note for note in gatewise.backtest(run_dir, windows=4).notes)


def test_files_and_json(run_dir, tmp_path, capsys):
    out = tmp_path / "made"
    assert main(["backtest", str(run_dir), "--windows", "3", "--out", str(out), "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["origins"] == 3 and said["verdict"] and said["models"][0]["MASE"] > 0
    assert json.loads((out / "evaluation.json").read_text(encoding="utf-8")) == said
    assert {file.name for file in out.iterdir()} == {"backtest.csv", "leaderboard.csv", "evaluation.json"}


def test_a_person_reads_verdict_leaderboard_and_coverage(run_dir, capsys):
    assert main(["backtest", str(run_dir), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "Leaderboard on 2 origins" in said and "80% interval: held" in said and "Intervals rest on" in said
    assert (run_dir / "backtest" / "backtest.csv").is_file()


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"windows": 0}, SettingsError, "windows must be at least 1"),
        ({"windows": 60}, DataError, "Use fewer --windows"),
        ({"windows": 52}, DataError, "fewer --windows, a shorter --step or a longer --sliding"),
        ({"rows": 5}, DataError, "one on 5 rows of the longest series holds none"),
        ({"baselines": "AutoEST"}, SettingsError, "baselines must be"),
    ],
)
def test_bad_input(run_dir, asked, error, message):
    with pytest.raises(error, match=message):
        gatewise.backtest(run_dir, **asked)


@pytest.mark.parametrize("length", [160, 180])
def test_a_stopped_backtest_leaves_nothing_whether_it_trains_or_not(run_dir, tmp_path, length):
    with pytest.raises(TrainingError):
        gatewise.backtest(run_dir, data=frame(length), out=tmp_path / "made", should_stop=lambda: True)
    assert not (tmp_path / "made").exists()


def test_ctrl_c_leaves_130_and_nothing_written(run_dir, tmp_path, capsys, monkeypatch):
    def interrupted(*arguments, **named):
        os.kill(os.getpid(), signal.SIGINT)
        return roll(*arguments, **named)

    roll = backtesting.roll
    monkeypatch.setattr(backtesting, "roll", interrupted)
    assert main(["backtest", str(run_dir), "--out", str(tmp_path / "made")]) == 130
    said = capsys.readouterr()
    assert said.out == "" and "ending soon, without a result" in said.err and "nothing was written" in said.err
    assert not (tmp_path / "made").exists()


def test_no_run_folder(tmp_path):
    with pytest.raises(RunFolderError, match="has no model.json"):
        gatewise.backtest(tmp_path)


def test_who_forecasts_from_where():
    panel = panel_of_values(np.arange(100.0))

    def parts(unseen, **asked):
        made = rolling_origins(panel, 5, unseen=unseen, **{"windows": 4, "step": None, "usual": 2, **asked})
        return [(start, list(some)) for start, some in made.parts()]

    assert parts(20) == [(None, [0, 1, 2, 3])]
    assert parts(19) == [(0, [0, 1, 2, 3])]
    assert parts(20, refit=3) == [(None, [0, 1, 2]), (3, [3])]
    assert parts(0, refit=2) == [(0, [0, 1]), (2, [2, 3])]
    assert parts(4, windows=None) == [(0, [0, 1])]
    assert parts(11, windows=None, step=3) == [(None, [0, 1, 2])]


def test_what_a_model_has_seen_of_each_series():
    panel = panel_of_values(np.arange(30.0), np.arange(40.0))
    context = replace(panel, series=(panel.series[0].head(25), panel.series[1].head(38)))
    assert seen_until(panel, context) == 2 and seen_until(panel, panel) == 0
    assert seen_until(panel, replace(panel, series=(panel.series[0].head(25),))) == 5


def test_a_baseline_is_the_same_beside_any_network(run_dir, tmp_path):
    """The linear baseline's window is no setting of the networks: another one of theirs leaves it as it is."""
    frame(160).to_csv(tmp_path / "sales.csv", index=False)
    other = {**SMALL, "window": 36, "baselines": "linear"}
    wide = gatewise.tune(tmp_path / "sales.csv", 3, trials=1, vary="dropout", test_windows=2, **other)
    found = gatewise.backtest(run_dir, baselines="linear")
    np.testing.assert_array_equal(found.table["linear"], wide.outcome.backtest["linear"])

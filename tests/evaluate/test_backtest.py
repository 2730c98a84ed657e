"""Backtest and leaderboard against plain loops and another library's metrics."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from utilsforecast.losses import mae, mase, rmse, smape

from gatewise.data.panel import Panel
from gatewise.data.split import Split
from gatewise.ensemble import Ensemble, choose
from gatewise.evaluate.backtest import backtest, forecast_table, leaderboard
from gatewise.evaluate.baselines import last_value, seasonal_naive
from gatewise.evaluate.verdict import verdict
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=2
)
SPLIT = Split(horizon=3, validation=12, test=6)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return panel_of_values(seasonal_values(), 3 * seasonal_values(140, seed=1))


def trained(panel: Panel, settings: Settings) -> Ensemble:
    bench = Workbench.of(panel, settings)
    chosen = choose([bench.train(settings)], bench.truth, 1, "median")
    return chosen.of([one.fitted for one in chosen.members], bench)


@pytest.fixture(scope="module")
def fitted(panel):
    return trained(panel, SETTINGS)


@pytest.fixture(scope="module")
def table(panel, fitted):
    return backtest(fitted, panel, SPLIT, SETTINGS)


def test_backtest_holds_the_last_rows_of_every_series(table, panel):
    assert list(table.columns[:5]) == ["unique_id", "ds", "cutoff", "y", "gatewise"]
    for one in panel:
        mine = table[table.unique_id == one.unique_id]
        assert mine.y.tolist() == one.values[-6:].tolist() and mine.ds.tolist() == one.index[-6:].tolist()
        assert mine.cutoff.tolist() == [one.index[-7]] * 3 + [one.index[-4]] * 3


def test_forecast_of_an_origin_does_not_move_with_what_lies_behind_it(table, panel, fitted):
    cut = panel.map(lambda one: one.head(len(one) - 3))
    scrambled = panel.map(lambda one: replace(one, values=np.r_[one.values[:-3], [1e9] * 3]))
    again = backtest(fitted, scrambled, SPLIT, SETTINGS)
    first = table.cutoff < table.groupby("unique_id").cutoff.transform("max")
    np.testing.assert_array_equal(table.gatewise[first], again.gatewise[first])
    np.testing.assert_allclose(table[~first].gatewise, forecast_table(fitted, cut, 3, ()).gatewise, rtol=1e-5)


def test_metrics_agree_with_utilsforecast(table, panel):
    board = leaderboard(table, panel, SPLIT, 12).set_index("model")
    models = ["gatewise", "last_value", "seasonal_naive"]
    history = pd.concat(
        pd.DataFrame({"unique_id": one.unique_id, "ds": one.index, "y": one.values}) for one in panel.head(6)
    )
    frame = table.drop(columns=["cutoff"])
    for model in models:
        assert board.MASE[model] == pytest.approx(mase(frame, models, 12, history)[model].mean(), rel=1e-9)
        assert board.sMAPE[model] == pytest.approx(200 * smape(frame, models)[model].mean(), rel=1e-9)
        assert board.MAE[model] == pytest.approx(mae(frame, models)[model].mean(), rel=1e-9)
        assert board.RMSE[model] == pytest.approx(np.sqrt((rmse(frame, models)[model] ** 2).mean()), rel=1e-9)
    assert board.MASE.is_monotonic_increasing


def test_missing_truth_is_nan_and_does_not_count(fitted):
    values = seasonal_values()
    values[-2] = np.nan
    gap = panel_of_values(values, 3 * seasonal_values(140, seed=1))
    made = backtest(fitted, gap, SPLIT, SETTINGS)
    assert made.y.isna().sum() == 1 and made.gatewise.notna().all()
    assert leaderboard(made, gap, SPLIT, 12).notna().all(axis=None)


def test_inserted_rows_are_left_out(fitted):
    values = seasonal_values()
    values[-2] = np.nan
    panel = panel_of_values(values, 3 * seasonal_values(140, seed=1))
    marked = panel.map(lambda one: replace(one, inserted=~one.observed))
    assert len(backtest(fitted, marked, SPLIT, SETTINGS)) == 11


def test_baselines(panel):
    one = panel.series[0]
    assert last_value(one.values, 3, 12).tolist() == [one.values[-1]] * 3
    assert seasonal_naive(one.values, 14, 12).tolist() == [*one.values[-12:], *one.values[-12:-10]]
    assert seasonal_naive(one.values[:5], 2, 12).tolist() == [one.values[4]] * 2


def test_intervals_are_there_and_nest(table):
    assert (table["gatewise-lo-95"] <= table["gatewise-lo-80"]).all()
    assert (table["gatewise-lo-80"] <= table.gatewise).all() and (table.gatewise <= table["gatewise-hi-80"]).all()
    assert (table["gatewise-hi-80"] <= table["gatewise-hi-95"]).all()


def test_verdict_claims_no_victory_that_is_not_there():
    def say(ours, theirs):
        board = pd.DataFrame({"model": ["gatewise", "seasonal_naive"], "MASE": [ours, theirs], "MAE": [1.0, 1.0]})
        return verdict(board, origins=5, series=1)

    assert say(1.2, 1.0).startswith("Do not use the LSTM here: seasonal naive is better and free")
    assert say(1.0, 1.0).startswith("The LSTM is no better than seasonal naive")
    assert "by 50%" in say(0.5, 1.0)


def test_constant_series_have_a_leaderboard_without_mase():
    settings = SETTINGS.change(scaling="standard")
    panel = panel_of_values(np.full(80, 5.0))
    made = backtest(trained(panel, settings), panel, SPLIT, settings)
    board = leaderboard(made, panel, SPLIT, 12)
    assert board.MASE.isna().all() and board.MAE.notna().all()
    assert "MAE" in verdict(board, 2, 1)

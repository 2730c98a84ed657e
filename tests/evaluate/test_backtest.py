"""The tables of forecasts against plain loops, other libraries and the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from utilsforecast.evaluation import evaluate as evaluate_frame
from utilsforecast.losses import bias, mae, mase, rmse, rmsse, smape

from gatewise.data.panel import Panel
from gatewise.ensemble import Ensemble, choose
from gatewise.evaluate.backtest import backtest, forecast_table, with_baseline
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.rivals import Rivals
from gatewise.evaluate.scores import Scales, leaderboard
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=2
)
DISTANCES = (6, 3)


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


def backtested(model: Ensemble, panel: Panel, settings: Settings = SETTINGS) -> pd.DataFrame:
    origins = Origins.of(panel, DISTANCES, 3)
    made = model.forecast_from(origins.panel, DISTANCES, 3, settings.level)
    with Rivals(panel, origins, settings.change(baselines=("drift", "linear"))) as rivals:
        return backtest(origins, made, rivals.made(0).test)


@pytest.fixture(scope="module")
def table(panel, fitted):
    return backtested(fitted, panel)


def test_backtest_holds_the_last_rows_of_every_series(table, panel):
    assert list(table.columns[:5]) == ["unique_id", "ds", "cutoff", "y", "gatewise"]
    for one in panel:
        mine = table[table.unique_id == one.unique_id]
        assert mine.y.tolist() == one.values[-6:].tolist() and mine.ds.tolist() == one.index[-6:].tolist()
        assert mine.cutoff.tolist() == [one.index[-7]] * 3 + [one.index[-4]] * 3


def test_no_forecast_of_an_origin_moves_with_what_lies_behind_it(table, panel, fitted):
    cut = panel.map(lambda one: one.head(len(one) - 3))
    scrambled = panel.map(lambda one: replace(one, values=np.r_[one.values[:-3], [1e9] * 3]))
    again = backtested(fitted, scrambled)
    first = table.cutoff < table.groupby("unique_id").cutoff.transform("max")
    for model in ("gatewise", "last_value", "seasonal_naive", "drift", "linear"):
        np.testing.assert_array_equal(table[model][first], again[model][first])
    np.testing.assert_allclose(table[~first].gatewise, forecast_table(fitted, cut, 3, ()).gatewise, rtol=1e-5)


def test_nixtlas_evaluation_takes_the_table_as_it_is_and_finds_the_same(table, panel):
    models = ["gatewise", "last_value", "seasonal_naive", "drift", "linear"]
    history = pd.concat(
        pd.DataFrame({"unique_id": one.unique_id, "ds": one.index, "y": one.values}) for one in panel.head(6)
    )
    by_origin = evaluate_frame(table, metrics=[mae], models=models)
    assert {"unique_id", "cutoff", "metric", *models} == set(by_origin.columns) and len(by_origin) == 4
    # Over both origins at once, as the leaderboard has it.
    frame = table.drop(columns=["cutoff"])
    found = {
        "MASE": mase(frame, models, 12, history),
        "RMSSE": rmsse(frame, models, 12, history),
        "sMAPE": smape(frame, models),
        "MAE": mae(frame, models),
        "RMSE": rmse(frame, models),
        "bias": bias(frame, models),
    }
    board = leaderboard(table, Scales.of(panel.head(6), 12)).set_index("model")
    for model in models:
        assert board.MASE[model] == pytest.approx(found["MASE"][model].mean(), rel=1e-9)
        assert board.RMSSE[model] == pytest.approx(found["RMSSE"][model].mean(), rel=1e-9)
        assert board.sMAPE[model] == pytest.approx(200 * found["sMAPE"][model].mean(), rel=1e-9)
        assert board.MAE[model] == pytest.approx(found["MAE"][model].mean(), rel=1e-9)
        assert board.RMSE[model] == pytest.approx(np.sqrt((found["RMSE"][model] ** 2).mean()), rel=1e-9)
        size = np.abs(table.y).mean()
        assert board.bias[model] == pytest.approx(found["bias"][model].mean() / size, rel=1e-9)
        assert board.WAPE[model] == pytest.approx(found["MAE"][model].mean() / size, rel=1e-9)
    assert board.MASE.is_monotonic_increasing


def test_missing_truth_is_nan_and_does_not_count(fitted):
    values = seasonal_values()
    values[-2] = np.nan
    gap = panel_of_values(values, 3 * seasonal_values(140, seed=1))
    made = backtested(fitted, gap)
    assert made.y.isna().sum() == 1 and made.gatewise.notna().all()
    assert leaderboard(made, Scales.of(gap.head(6), 12)).notna().all(axis=None)


def test_inserted_rows_are_left_out(fitted):
    values = seasonal_values()
    values[-2] = np.nan
    panel = panel_of_values(values, 3 * seasonal_values(140, seed=1))
    marked = panel.map(lambda one: replace(one, inserted=~one.observed))
    assert len(backtested(fitted, marked)) == 11


def test_series_shorter_than_the_test_part_have_no_origin(fitted, panel):
    short = replace(panel.series[1], unique_id="short").head(5)
    assert set(backtested(fitted, replace(panel, series=(*panel.series, short))).unique_id) == {"s0", "s1"}


def test_intervals_are_there_and_nest(table):
    assert (table["gatewise-lo-95"] <= table["gatewise-lo-80"]).all()
    assert (table["gatewise-lo-80"] <= table.gatewise).all() and (table.gatewise <= table["gatewise-hi-80"]).all()
    assert (table["gatewise-hi-80"] <= table["gatewise-hi-95"]).all()


def test_a_baseline_beside_the_forecast_has_intervals_from_its_errors():
    forecast = pd.DataFrame({"unique_id": ["a", "a", "b", "b"], "ds": [1, 2, 1, 2], "gatewise": [1.0, 2.0, 3.0, 4.0]})
    ahead = np.array([[5.0, 5.0], [6.0, 6.0]])
    errors = np.stack([np.array([[1.0, -2.0], [-3.0, 4.0]]), np.full((2, 2), np.nan)])
    made = with_baseline(forecast, "drift", ahead, errors, (50,), "drift")
    assert made["recommended"].tolist() == made["drift"].tolist() == [5, 5, 6, 6]
    # Two origins carry a level of 50 %: the larger of the two errors of each step.
    assert made["drift-lo-50"].tolist()[:2] == [2, 1] and made["drift-hi-50"].tolist()[:2] == [8, 9]
    assert made["drift-lo-50"][2:].isna().all()
    assert with_baseline(forecast, "drift", ahead, errors, (50,), "gatewise")["recommended"].tolist() == [1, 2, 3, 4]


def test_constant_series_have_a_leaderboard_without_mase():
    panel = panel_of_values(np.full(80, 5.0))
    made = backtested(trained(panel, SETTINGS), panel)
    board = leaderboard(made, Scales.of(panel.head(6), 12))
    assert board.MASE.isna().all() and board.RMSSE.isna().all() and board.MAE.notna().all()

"""Covariates from the table to the forecast: they help, they are asked for by name and date, and they are saved."""

import json

import numpy as np
import pandas as pd
import pytest

from gatewise import Forecaster, tune
from gatewise.cli.main import main
from gatewise.errors import DataError, SettingsError

ROWS, HORIZON = 300, 6
SMALL = {
    "window": 12,
    "hidden": (16,),
    "epochs": 40,
    "season": 7,
    "base": "none",
    "val_windows": 3,
    "learning_rate": 0.01,
    "jobs": 1,
    "members": 1,
    "test_windows": 0,
}


def driven(seed: int = 0, **names) -> pd.DataFrame:
    """Return sales that follow a price and an event known ahead; the last rows hold only these."""
    draw = np.random.default_rng(seed)
    price, event = draw.normal(size=ROWS + HORIZON), draw.choice(["", "fair", "sale"], ROWS + HORIZON)
    sales = 20 - 3 * price + np.where(event == "sale", 5, 0) + 0.1 * draw.normal(size=ROWS + HORIZON)
    dates = pd.date_range("2020-01-01", periods=ROWS + HORIZON)
    table = {"ds": dates, "y": sales, "price": price, "event": event, "heat": draw.normal(size=ROWS + HORIZON)}
    return pd.DataFrame(table | names)


def without_truth(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(y=np.where(np.arange(len(table)) < ROWS, table.y, np.nan))


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    made = Forecaster(horizon=HORIZON, past="heat", future="price,event", **SMALL)
    return made.fit(driven()[:ROWS])


def plan(table: pd.DataFrame) -> pd.DataFrame:
    return table[ROWS:][["ds", "price", "event"]]


def error(made: pd.DataFrame) -> float:
    return float(np.abs(made.gatewise.to_numpy() - driven().y[ROWS:].to_numpy()).mean())


def test_what_is_known_ahead_is_used(fitted):
    blind = Forecaster(horizon=HORIZON, **SMALL).fit(driven()[:ROWS][["ds", "y"]])
    seeing = error(fitted.predict(future_data=plan(driven())))
    assert seeing < 0.4 * error(blind.predict())


def test_missing_future_values_are_named_with_series_and_date(fitted):
    with pytest.raises(
        DataError, match="'price', but those of series 'y' are missing from 2020-10-27 on.*future_data="
    ):
        fitted.predict()
    with pytest.raises(DataError, match="are missing from 2020-10-30 on"):
        fitted.predict(future_data=plan(driven())[:3])


def test_future_rows_in_the_table_and_a_table_of_their_own_say_the_same(fitted, tmp_path):
    apart = fitted.predict(future_data=plan(driven()))
    plan(driven()).to_csv(tmp_path / "plan.csv", index=False)
    pd.testing.assert_frame_equal(fitted.predict(future_data=tmp_path / "plan.csv"), apart)
    pd.testing.assert_frame_equal(fitted.predict(data=without_truth(driven())), apart)
    both = fitted.predict(data=driven()[:ROWS], future_data=plan(driven()))
    pd.testing.assert_frame_equal(both, apart)
    changed = fitted.predict(future_data=plan(driven()).assign(price=-2.0))
    assert (changed.gatewise - apart.gatewise).abs().max() > 1


def test_a_saved_model_keeps_the_covariates(tmp_path):
    roles = {"past": "heat", "future": "price,event", "static": "town,size"}
    table = pd.concat([without_truth(driven(shop=name, town=name, size=k)) for k, name in enumerate("ab")])
    made = Forecaster(horizon=HORIZON, id="shop", **roles, **{**SMALL, "epochs": 2}).fit(table)
    made.save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.predict(), made.predict())
    assert loaded._panel.covariates == made._panel.covariates
    for ours, theirs in zip(loaded._panel, made._panel, strict=True):
        np.testing.assert_array_equal(ours.future[len(ours) :], theirs.future[len(theirs) :])
        np.testing.assert_array_equal(ours.static, theirs.static)
    with pytest.raises(DataError, match="forecast of 7 steps"):
        loaded.predict(HORIZON + 1)


def test_several_targets_share_their_covariates():
    table = without_truth(driven())
    table["z"] = 2 * table.y
    made = Forecaster(horizon=HORIZON, target="y,z", future="price,event", **SMALL).fit(table).predict(level=[])
    assert made.unique_id.tolist() == ["y"] * HORIZON + ["z"] * HORIZON
    assert error(made[:HORIZON]) < 1.5 and error(made[HORIZON:].assign(gatewise=made.gatewise / 2)) < 1.5


def test_the_network_sees_nothing_of_a_past_covariate_behind_the_origin(fitted):
    table = without_truth(driven())
    scrambled = table.assign(heat=np.where(np.arange(len(table)) < ROWS - HORIZON, table.heat, 99.0))
    panels = [fitted.forecast_of(one)[1] for one in (table, scrambled)]
    made = [fitted.model_.forecast_from(panel, (HORIZON,), HORIZON).point for panel in panels]
    np.testing.assert_array_equal(made[0], made[1])
    encoder = fitted.model_.members[0].encoder
    ours, theirs = (encoder.encode(panel.head(HORIZON), HORIZON)[0] for panel in panels)
    np.testing.assert_array_equal(ours, theirs)


def test_calendar_and_holidays_need_no_future_data():
    dates = pd.date_range("2021-01-01", periods=ROWS)
    weekend = dates.day_of_week >= 5
    table = pd.DataFrame({"ds": dates, "y": np.where(weekend, 5.0, 20.0)})
    changes = {"calendar": ("weekday",), "holidays": "DE", "season": 1, "window": 4, "epochs": 60}
    made = Forecaster(horizon=7, **{**SMALL, **changes}).fit(table).predict()
    np.testing.assert_allclose(made.gatewise, np.where(made.ds.dt.day_of_week >= 5, 5, 20), atol=2)
    with pytest.raises(SettingsError, match="two-letter code"):
        Forecaster(horizon=7, **{**SMALL, "holidays": "XQ"}).fit(table)
    with pytest.raises(SettingsError, match="'hour' says nothing"):
        Forecaster(horizon=7, **{**SMALL, "calendar": "hour,weekday"}).fit(table)


def test_the_command_line_predicts_with_future_data(fitted, tmp_path, capsys):
    fitted.save(tmp_path / "model")
    plan(driven()).to_csv(tmp_path / "plan.csv", index=False)
    driven()[: ROWS - 2].to_csv(tmp_path / "older.csv", index=False)
    assert main(["predict", str(tmp_path / "model"), "--future-data", str(tmp_path / "plan.csv"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["forecast"]
    np.testing.assert_allclose(
        [row["gatewise"] for row in rows], fitted.predict(future_data=plan(driven())).gatewise, rtol=1e-6
    )
    assert main(["predict", str(tmp_path / "model"), "--data", str(tmp_path / "older.csv")]) == 2
    assert "are missing from 2020-10-25 on" in " ".join(capsys.readouterr().err.split())


def test_a_search_forecasts_with_future_data_and_goes_without():
    """Without what is known ahead there is all but a forecast, which the model makes as soon as it is told."""
    quick = {**SMALL, "epochs": 2, "hidden": (4,), "test_windows": 1, "trials": 2, "vary": ("dropout",)}
    roles = {"past": "heat", "future": "price,event"}
    seeing = tune(driven()[:ROWS], HORIZON, future_data=plan(driven()), **roles, **quick)
    assert len(seeing.forecast) == HORIZON and seeing.outcome.forecast is not None
    blind = tune(driven()[:ROWS], HORIZON, **roles, **quick)
    assert blind.forecast is None and blind.outcome.forecast is None and "No forecast.csv" in blind.outcome.notes[0]
    pd.testing.assert_frame_equal(blind.trials.drop(columns="seconds"), seeing.trials.drop(columns="seconds"))
    pd.testing.assert_frame_equal(blind.leaderboard, seeing.leaderboard)
    predicted = blind.forecaster.predict(future_data=plan(driven()))
    pd.testing.assert_frame_equal(predicted, seeing.forecast[predicted.columns])
    pd.testing.assert_frame_equal(seeing.forecaster.predict(), predicted)
    inside = tune(without_truth(driven()), HORIZON, **roles, **quick)
    pd.testing.assert_frame_equal(inside.forecast, seeing.forecast)
    with pytest.raises(DataError, match="are missing from 2020-10-27 on"):
        blind.forecaster.predict()

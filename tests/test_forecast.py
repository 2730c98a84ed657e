"""The Python interface: scikit-learn manners, the same frames out, and a model that loads anywhere."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from gatewise import Forecaster, Settings, tune
from gatewise.artifact import FORMAT
from gatewise.errors import RunFolderError, SettingsError, TrainingError
from gatewise.evaluate import rivals
from gatewise.forecast import NotFittedError
from tests.panels import seasonal_values

SMALL = {"window": 12, "hidden": (8,), "epochs": 2, "season": 12, "val_windows": 4, "members": 1}


def long_frame(**names) -> pd.DataFrame:
    dates = pd.date_range("2000-01-01", periods=160, freq="MS")
    parts = [
        pd.DataFrame({"unique_id": name, "ds": dates, "y": scale * seasonal_values()})
        for name, scale in (("a", 1), ("b", 3))
    ]
    return pd.concat(parts, ignore_index=True).rename(columns=names)


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return Forecaster(horizon=3, **SMALL).fit(long_frame())


def test_manners_of_scikit_learn():
    made = Forecaster(horizon=3, hidden=(8,), dropout=0.2)
    assert made.get_params() == {"horizon": 3, "preset": "auto", "hidden": (8,), "dropout": 0.2}
    copy = clone(made)
    assert copy is not made and copy.get_params() == made.get_params()
    assert made.set_params(dropout=0.5, horizon=6).get_params()["dropout"] == 0.5 and made.horizon == 6
    with pytest.raises(SettingsError, match="unknown setting 'droput'. Did you mean 'dropout'"):
        made.set_params(droput=1)
    with pytest.raises(SettingsError, match="unknown setting 'hiden'"):
        Forecaster(hiden=3)


def test_predict_gives_point_and_intervals(fitted):
    made = fitted.predict()
    assert list(made.columns) == [
        "unique_id", "ds", "gatewise", "gatewise-lo-80", "gatewise-hi-80", "gatewise-lo-95", "gatewise-hi-95",
    ]  # fmt: skip
    assert made.unique_id.tolist() == ["a"] * 3 + ["b"] * 3
    assert made.ds[:3].tolist() == list(pd.date_range("2013-05-01", periods=3, freq="MS"))
    np.testing.assert_allclose(made.gatewise[3:], 3 * made.gatewise[:3].to_numpy(), rtol=1e-3)
    for level in (50, [50], (50,)):
        assert list(fitted.predict(level=level).columns[3:]) == ["gatewise-lo-50", "gatewise-hi-50"]
    assert len(fitted.predict(horizon=5, level=[]).columns) == 3 and len(fitted.predict(5)) == 10


def test_polars_in_polars_out():
    frame = pl.from_pandas(long_frame(unique_id="shop", ds="month", y="sales"))
    made = Forecaster(horizon=3, **SMALL).fit(frame).predict()
    assert isinstance(made, pl.DataFrame) and made.columns[:3] == ["shop", "month", "gatewise"]
    assert made["month"].dtype.is_temporal() and made.height == 6


def test_a_single_series_needs_no_names():
    values = pd.Series(seasonal_values(), index=pd.date_range("2000-01-01", periods=160, freq="MS"), name="sales")
    made = Forecaster(horizon=3, **SMALL).fit(values).predict()
    assert len(made) == 3 and made.gatewise.between(120, 230).all()


def test_saved_model_forecasts_the_same_bits(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = Forecaster.load(tmp_path / "model")
    pd.testing.assert_frame_equal(loaded.predict(level=[80, 95, 99]), fitted.predict(level=[80, 95, 99]))
    assert loaded.get_params()["hidden"] == (8,) and loaded.settings_ == fitted.settings_
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors"}


def test_newer_data_moves_the_forecast_on(fitted, tmp_path):
    fitted.save(tmp_path)
    dates = pd.date_range("2013-05-01", periods=4, freq="MS")
    newer = pd.concat([long_frame(), pd.DataFrame({"unique_id": "a", "ds": dates, "y": 200.0})])
    made = Forecaster.load(tmp_path).predict(data=newer)
    assert made[made.unique_id == "a"].ds.iloc[0] == pd.Timestamp("2013-09-01")
    assert made[made.unique_id == "b"].ds.iloc[0] == pd.Timestamp("2013-05-01")


def test_a_history_shorter_than_the_window_is_forecast_all_the_same(fitted):
    made = fitted.predict(data=long_frame().groupby("unique_id").tail(5))
    assert len(made) == 6 and np.isfinite(made.drop(columns=["unique_id", "ds"])).all(axis=None)
    np.testing.assert_allclose(made.gatewise[3:], 3 * made.gatewise[:3].to_numpy(), rtol=1e-3)


def test_a_series_that_training_never_saw_is_forecast_in_its_own_units(fitted):
    new = pd.concat([long_frame(), long_frame().assign(unique_id="new", y=1000 * long_frame().y)[:160]])
    made = fitted.predict(data=new).set_index("unique_id")
    ratio = made.loc["new"].gatewise.to_numpy() / made.loc["a"].gatewise.to_numpy()
    np.testing.assert_allclose(ratio, 1000, rtol=0.02)


def test_before_fit():
    with pytest.raises(NotFittedError, match="Call fit first"):
        Forecaster().predict()
    with pytest.raises(NotFittedError, match="Call fit first"):
        Forecaster().save("nowhere")


def test_a_diverging_fit_is_an_error_with_a_remedy():
    with pytest.raises(TrainingError, match="diverged at epoch 1 with learning_rate 1e.09: try learning_rate"):
        Forecaster(horizon=3, **SMALL, optimizer="sgd", learning_rate=1e9, clip_norm=0, loss="mse").fit(long_frame())


def test_integer_steps_and_zones_survive_saving(tmp_path):
    steps = pd.DataFrame({"y": seasonal_values()})
    zoned = pd.DataFrame(
        {"ds": pd.date_range("2020-01-01", periods=160, freq="h", tz="Europe/Berlin"), "y": seasonal_values()}
    )
    for number, (frame, first) in enumerate([(steps, 160), (zoned, zoned.ds.iloc[-1] + pd.Timedelta("1h"))]):
        Forecaster(horizon=3, **SMALL).fit(frame).save(tmp_path / str(number))
        assert Forecaster.load(tmp_path / str(number)).predict().ds.iloc[0] == first


@pytest.mark.parametrize("zone", ["Europe/Berlin", "dateutil/Europe/Berlin", "UTC", "+02:00"])
def test_a_series_that_ends_in_the_hour_a_clock_is_set_back_loads_again(tmp_path, zone):
    stamps = pd.date_range(end=pd.Timestamp("2020-10-25 01:00", tz="UTC"), periods=160, freq="h").tz_convert(zone)
    made = Forecaster(horizon=3, **SMALL).fit(pd.DataFrame({"ds": stamps, "y": seasonal_values()}))
    made.save(tmp_path)
    assert (Forecaster.load(tmp_path).predict().ds == made.predict().ds).all()


def test_stopping_and_time_limit_reach_a_fit():
    slow = {**SMALL, "epochs": 100_000, "patience": 100_000}
    seen = []
    made = Forecaster(horizon=3, **slow).fit(long_frame(), observe=seen.append, should_stop=lambda: len(seen) >= 3)
    assert len(seen) == 3 and np.isfinite(made.predict().gatewise).all()
    heard = []
    limited = Forecaster(horizon=3, **{**slow, "time_limit": 0.2}).fit(long_frame(), observe=heard.append)
    assert 1 <= len(heard) < 100_000 and np.isfinite(limited.predict().gatewise).all()
    with pytest.raises(TrainingError, match="none finished an epoch"):
        Forecaster(horizon=3, **slow).fit(long_frame(), should_stop=lambda: True)


@pytest.fixture
def model_folder(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


def rewrite(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
@pytest.mark.parametrize("damage", [b"", b"{", b"garbage" * 100])
def test_a_damaged_model_folder_is_a_clear_error(model_folder, name, damage):
    (model_folder / name).write_bytes(damage)
    with pytest.raises(RunFolderError, match="is damaged.*Restore the folder or fit again"):
        Forecaster.load(model_folder)


def test_a_missing_part_is_a_clear_error(model_folder):
    (model_folder / "model.safetensors").unlink()
    with pytest.raises(RunFolderError, match="is damaged"):
        Forecaster.load(model_folder)
    with pytest.raises(RunFolderError, match=r"has no model.json"):
        Forecaster.load(model_folder / "nowhere")


def test_a_newer_format_is_refused(model_folder):
    rewrite(model_folder / "model.json", format=FORMAT + 1, gatewise="9.9")
    with pytest.raises(
        RunFolderError, match=rf"format {FORMAT + 1} \(written by gatewise 9.9\). Install a newer gatewise"
    ):
        Forecaster.load(model_folder)


def test_settings_that_do_not_match_the_weights_are_damage(model_folder):
    (member,) = json.loads((model_folder / "model.json").read_text())["members"]
    rewrite(model_folder / "model.json", members=[{**member, "settings": {**member["settings"], "hidden": [9]}}])
    with pytest.raises(RunFolderError, match="finite weights"):
        Forecaster.load(model_folder)


def test_tune_from_python():
    study = tune(
        pl.from_pandas(long_frame()), horizon=3, trials=3, **SMALL, test_windows=2, vary=("learning_rate", "dropout")
    )
    assert isinstance(study.best_settings, Settings) and len(study.trials) == 3
    assert study.best_score == study.trials.score.min()
    assert isinstance(study.forecast, pl.DataFrame) and study.forecast.height == 6
    assert set(study.leaderboard.model) == {"gatewise", *rivals._TRIED} and study.verdict
    assert repr(study).startswith("Study(3 trials, best MASE") and len(repr(study)) < 400
    assert len(study.backtest) == 12 and isinstance(study.forecaster.predict(), pl.DataFrame)


QUICK = {"horizon": 3, "hidden": (4,), "epochs": 1, "windows_per_epoch": 64, "season": 12, "val_windows": 4, "jobs": 1}


def test_a_fit_trains_the_whole_portfolio_and_forecasts_with_its_median(tmp_path, monkeypatch):
    monkeypatch.setattr("gatewise.ensemble.MUCH_WORSE", 100.0)
    heard = []
    made = Forecaster(**QUICK, window=24, base="season").fit(long_frame(), observe=heard.append)
    members = made.model_.members
    assert len(heard) == len(members) >= 3
    framings = [(one.settings.normalise, one.settings.rescale, one.settings.decoding) for one in members]
    assert len(set(framings)) == len(framings) and {one.settings.base for one in members} == {"season"}
    each = [one.forecast_from(made._panel, (0,), 3)[0, :, 0] for one in members]
    np.testing.assert_allclose(made.predict().gatewise, np.median(each, axis=0).ravel(), rtol=1e-9)
    assert any("framings" in reason for reason in made.reasons_)
    made.save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.predict(5), made.predict(5))


def test_members_are_the_first_of_the_portfolio(monkeypatch):
    monkeypatch.setattr("gatewise.ensemble.MUCH_WORSE", 100.0)
    heard = []
    made = Forecaster(**QUICK, base="season", members=2).fit(long_frame(), observe=heard.append)
    assert len(heard) == len(made.model_.members) == 2 and {one.settings.seed for one in made.model_.members} == {0}


def test_time_is_kept_back_for_the_training_on_every_row(monkeypatch):
    """When what is found will need all the time that is left, no further network is begun."""
    asked, heard = [], []

    def needs(candidates, *, panels, jobs):
        asked.append((len(candidates), panels, jobs))
        return 600.0

    monkeypatch.setattr("gatewise.forecast.refit_seconds", needs)
    limited = {**SMALL, "time_limit": 600, "jobs": 1, "members": 30, "lookahead": 2}
    made = Forecaster(horizon=3, **limited).fit(long_frame(), observe=heard.append)
    assert asked[0] == (1, 1, 1) and len(heard) <= 3 * SMALL["epochs"]
    assert np.isfinite(made.predict().gatewise).all()


def test_an_ensemble_combines_several_seeds_and_survives_saving(tmp_path, monkeypatch):
    monkeypatch.setattr("gatewise.ensemble.MUCH_WORSE", 100.0)
    changes = {"members": 3, "combine": "mean", "base": "last", "normalise": "last"}
    made = Forecaster(horizon=3, **{**SMALL, **changes}, rescale="std", decoding="direct").fit(long_frame())
    assert len({one.settings.seed for one in made.model_.members}) == len(made.model_.members) > 1
    each = [one.forecast_from(made._panel, (0,), 3)[0, :, 0] for one in made.model_.members]
    np.testing.assert_allclose(made.predict().gatewise, np.tensordot(made.model_.weights, each, 1).ravel(), rtol=1e-9)
    made.save(tmp_path)
    pd.testing.assert_frame_equal(Forecaster.load(tmp_path).predict(), made.predict())


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "quantile", "decoding": "segments", "embedding": 2},
        {"base": "linear", "transform": "boxcox", "loss": "mase"},
        {"base": "season-mean", "normalise": "median", "rescale": "mad", "sampling": "series", "averaging": 0.9},
    ],
)
def test_every_recipe_is_saved_whole(changes, tmp_path):
    made = Forecaster(horizon=3, **SMALL, **changes).fit(long_frame())
    made.save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    pd.testing.assert_frame_equal(loaded.predict(5), made.predict(5))
    pd.testing.assert_frame_equal(loaded.predict(data=long_frame()), made.predict(data=long_frame()))


def test_networks_stay_as_they_were_validated_without_a_refit():
    made = Forecaster(horizon=3, **SMALL, refit="none").fit(long_frame())
    assert made.model_.members[0].scaler.center[0] == pytest.approx(seasonal_values()[:-12].mean())

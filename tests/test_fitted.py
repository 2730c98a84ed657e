"""A fitted network forecasts from wherever a series ends, and sees nothing behind its origin."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.data.panel import Panel
from gatewise.errors import TrainingError
from gatewise.fitted import Fitted
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=3
)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return Workbench.of(panel_of_values(seasonal_values()), SETTINGS).train(SETTINGS).fitted


def renamed(panel: Panel, name: str = "new") -> Panel:
    return panel.map(lambda one: replace(one, unique_id=name + one.unique_id))


def ahead(fitted: Fitted, panel: Panel, horizon: int = 3) -> np.ndarray:
    """Return the point forecasts beyond the end, shape ``(series, horizon)``."""
    return fitted.forecast_from(panel, (0,), horizon)[0, :, 0]


def test_forecast_depends_on_the_last_window_alone(fitted):
    values = seasonal_values()
    other = values.copy()
    other[:-12] += 55
    forecasts = [ahead(fitted, panel_of_values(one)) for one in (values, other)]
    np.testing.assert_allclose(forecasts[0], forecasts[1], rtol=1e-6)
    assert forecasts[0].shape == (1, 3)


@pytest.mark.parametrize("known", [True, False])
def test_forecasts_from_several_origins_see_nothing_behind_themselves(fitted, known):
    def panel(values):
        one = panel_of_values(values)
        return one if known else renamed(one)

    values = seasonal_values()
    scrambled = values.copy()
    scrambled[-9:] = 1e6 * np.random.default_rng(1).standard_normal(9)
    made = fitted.forecast_from(panel(values), (9, 6, 0), 3)
    assert made.shape == (3, 1, 1, 3)
    np.testing.assert_array_equal(fitted.forecast_from(panel(scrambled), (9, 6), 3)[0], made[0])
    if known:
        alone = [fitted.forecast_from(panel(values).head(distance), (0,), 3)[0] for distance in (9, 6, 0)]
        np.testing.assert_array_equal(made, np.stack(alone))


def test_an_origin_in_a_gap_sees_nothing_behind_it(fitted):
    values = seasonal_values()
    values[-8:-4] = np.nan
    other = values.copy()
    other[-4:] *= 5
    made = [fitted.forecast_from(panel_of_values(one), (6,), 3) for one in (values, other)]
    np.testing.assert_array_equal(made[0], made[1])


def test_horizon_can_be_shorter_or_longer_than_trained(fitted):
    panel = panel_of_values(seasonal_values())
    long = ahead(fitted, panel, 8)
    np.testing.assert_array_equal(ahead(fitted, panel, 2), long[:, :2])
    assert np.isfinite(long).all() and (np.abs(long - 175) < 40).all()


def test_many_origins_are_forecast_in_parts(fitted, monkeypatch):
    panel = panel_of_values(seasonal_values())
    distances = tuple(range(40, -1, -1))
    whole = fitted.forecast_from(panel, distances, 3)
    monkeypatch.setattr("gatewise.fitted.MOST_VALUES", 15 * 12)
    np.testing.assert_allclose(fitted.forecast_from(panel, distances, 3), whole, rtol=1e-6)


def test_new_series_is_scaled_by_its_own_history(fitted):
    panel = panel_of_values(seasonal_values())
    new = renamed(panel.map(lambda one: replace(one, values=one.values * 1000)))
    assert fitted.scaler_for(new).scale[0] == pytest.approx(np.std(seasonal_values() * 1000))
    assert (ahead(fitted, new) > 100_000).all()


def test_known_and_new_series_side_by_side_each_keep_their_scaling():
    panel = panel_of_values(seasonal_values(), 7 * seasonal_values(seed=1))
    model = Workbench.of(panel, SETTINGS).train(SETTINGS).fitted
    mixed = replace(panel, series=(*renamed(panel).series[:1], panel.series[1], panel.series[0]))
    scaler = model.scaler_for(mixed)
    np.testing.assert_array_equal(scaler.center[1:], model.scaler.center[[1, 0]])
    assert scaler.center[0] == pytest.approx(seasonal_values().mean())
    together = ahead(model, mixed)
    np.testing.assert_allclose(together[1:], ahead(model, panel)[::-1], rtol=1e-6)


@pytest.mark.parametrize("length", [1, 5, 11, 13, 20])
def test_a_series_shorter_than_the_window_continues_its_season_into_the_past(length):
    """With a base of the last season, a season long enough, the padded series is forecast as its continuation is."""
    settings = SETTINGS.change(window=24, base="season", scaling="none")
    model = Workbench.of(panel_of_values(seasonal_values()), settings).train(settings).fitted
    values = seasonal_values()[-length:]
    stretched = values
    while len(stretched) < 24:
        front = stretched[11] if length >= 12 else values[0]
        stretched = np.concatenate([[front], stretched])
    short, long = (renamed(panel_of_values(one)) for one in (values, stretched))
    np.testing.assert_allclose(ahead(model, short), ahead(model, long), rtol=1e-6)


def test_a_series_that_training_never_saw_takes_the_mean_embedding():
    settings = SETTINGS.change(embedding=3, scaling="none")
    panel = panel_of_values(*(seasonal_values(seed=seed) for seed in range(3)))
    model = Workbench.of(panel, settings).train(settings).fitted
    rows = (model.architecture.step_features + 8 + 1) * 4 * 8
    table = model.parameters[rows : rows + 3 * 3].reshape(3, 3)
    averaged = model.parameters.copy()
    averaged[rows : rows + 9] = np.tile(table.mean(axis=0), 3)
    alike = replace(model, parameters=averaged)
    np.testing.assert_allclose(ahead(model, renamed(panel)), ahead(alike, panel), rtol=1e-6)
    assert np.abs(ahead(model, panel) - ahead(alike, panel)).max() > 1e-6


def test_quantiles_are_forecast_in_the_units_of_the_data_and_in_order():
    settings = SETTINGS.change(loss="quantile", transform="log", level=(80,))
    model = Workbench.of(panel_of_values(seasonal_values()), settings).train(settings).fitted
    median, low, high = model.forecast_from(panel_of_values(seasonal_values()), (0,), 5)[0, 0]
    assert (low < median).all() and (median < high).all() and (np.abs(median - 175) < 60).all()


def test_a_forecast_that_is_not_finite_is_an_error_that_names_the_series(fitted):
    wild = replace(fitted, parameters=np.full_like(fitted.parameters, 1e38))
    with pytest.raises(TrainingError, match="must be finite, but that of series 's0' is not"):
        ahead(wild, panel_of_values(seasonal_values()))

"""A fitted model never saw what lies behind its cut, and forecasts from wherever a series ends."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.errors import DataError, SettingsError
from gatewise.fitted import Workbench, refit
from gatewise.settings import Settings
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=3
)


@pytest.fixture(scope="module")
def candidate():
    return Workbench.of(panel_of_values(seasonal_values()), SETTINGS).train(SETTINGS)


@pytest.mark.parametrize("scaling", ["standard", "minmax", "robust"])
def test_no_value_of_the_test_part_reaches_the_model(scaling):
    settings, values = SETTINGS.change(scaling=scaling), seasonal_values()
    scrambled = values.copy()
    scrambled[-6:] = 1e6 * np.random.default_rng(1).standard_normal(6)
    made = [Workbench.of(panel_of_values(one), settings).train(settings) for one in (values, scrambled)]
    np.testing.assert_array_equal(made[0].fitted.parameters, made[1].fitted.parameters)
    np.testing.assert_array_equal(made[0].fitted.residuals, made[1].fitted.residuals)
    assert made[0].score == made[1].score


def test_no_value_of_the_validation_part_reaches_weights_or_scaling():
    settings, values = SETTINGS.change(patience=100), seasonal_values()
    scrambled = values.copy()
    scrambled[-18:-6] += np.random.default_rng(1).standard_normal(12) * 50
    made = [Workbench.of(panel_of_values(one), settings).train(settings) for one in (values, scrambled)]
    assert made[0].fitted.scaler.center == made[1].fitted.scaler.center
    losses = [[epoch.train_loss for epoch in one.training.epochs] for one in made]
    assert losses[0] == losses[1] and made[0].score != made[1].score


def test_forecast_depends_on_the_last_window_alone(candidate):
    values = seasonal_values()
    other = values.copy()
    other[:-12] += 55
    forecasts = [candidate.fitted.forecast(panel_of_values(one), 3) for one in (values, other)]
    np.testing.assert_allclose(forecasts[0], forecasts[1], rtol=1e-6)
    assert forecasts[0].shape == (1, 3)


@pytest.mark.parametrize("known", [True, False])
def test_forecasts_from_several_origins_see_nothing_behind_themselves(candidate, known):
    def panel(values):
        one = panel_of_values(values)
        return one if known else one.map(lambda series: replace(series, unique_id="new"))

    values = seasonal_values()
    scrambled = values.copy()
    scrambled[-9:] = 1e6 * np.random.default_rng(1).standard_normal(9)
    made = candidate.fitted.forecast_from(panel(values), (9, 6, 0), 3)
    assert made.shape == (3, 1, 3)
    np.testing.assert_array_equal(candidate.fitted.forecast_from(panel(scrambled), (9, 6), 3)[0], made[0])
    if known:
        alone = [candidate.fitted.forecast(panel(values).head(distance), 3) for distance in (9, 6, 0)]
        np.testing.assert_array_equal(made, np.stack(alone))


def test_horizon_can_be_shorter_or_longer_than_trained(candidate):
    panel = panel_of_values(seasonal_values())
    long = candidate.fitted.forecast(panel, 8)
    np.testing.assert_array_equal(candidate.fitted.forecast(panel, 2), long[:, :2])
    assert np.isfinite(long).all() and (np.abs(long - 175) < 40).all()
    widths = candidate.fitted.radius(panel, 80, 8)
    assert widths.shape == (1, 8) and (np.diff(widths[0, 3:]) > 0).all()


def test_new_series_is_scaled_by_its_own_history(candidate):
    panel = panel_of_values(seasonal_values())
    renamed = panel.map(lambda one: replace(one, unique_id="new", values=one.values * 1000))
    assert candidate.fitted.scaler_for(renamed).scale[0] == pytest.approx(np.std(seasonal_values() * 1000))
    assert (candidate.fitted.forecast(renamed, 3) > 100_000).all()
    known, new = (candidate.fitted.radius(one, 80, 3) for one in (panel, renamed))
    np.testing.assert_allclose(new, 1000 * known, rtol=0.2)


def test_too_short_a_history_is_an_error(candidate):
    with pytest.raises(DataError, match=r"at least window=12 rows.*'s0' has 11"):
        candidate.fitted.forecast(panel_of_values(seasonal_values()[:11]), 3)


def test_refit_uses_every_row_and_keeps_the_residuals(candidate):
    panel = panel_of_values(seasonal_values())
    final, exception = refit(panel, candidate)
    assert exception == "" and final.scaler.center[0] == pytest.approx(seasonal_values().mean())
    np.testing.assert_array_equal(final.residuals, candidate.fitted.residuals)
    assert (final.parameters != candidate.fitted.parameters).any()


def test_constant_series_gives_a_sound_forecast():
    settings = SETTINGS.change(scaling="standard")
    candidate = Workbench.of(panel_of_values(np.full(100, 42.0)), settings).train(settings)
    forecast = candidate.fitted.forecast(panel_of_values(np.full(100, 42.0)), 3)
    np.testing.assert_allclose(forecast, 42.0, atol=0.5)


def test_score_is_the_mean_absolute_scaled_error(candidate):
    values = seasonal_values()
    train, bench = values[:-18], panel_of_values(values)
    scale = np.abs(train[12:] - train[:-12]).mean()
    errors = []
    for origin in range(len(values) - 18, len(values) - 6 - 3 + 1):
        made = candidate.fitted.forecast(bench.head(len(values) - origin), 3)[0]
        errors.append(np.abs(made - values[origin : origin + 3]))
    assert candidate.score == pytest.approx(np.mean(errors) / scale, rel=1e-4)
    np.testing.assert_allclose(candidate.fitted.residuals * scale, errors, rtol=1e-3, atol=1e-3)


def test_intervals_keep_their_width_when_the_model_is_trained_anew(candidate):
    panel = panel_of_values(seasonal_values())
    final, _ = refit(panel, candidate)
    np.testing.assert_array_equal(final.radius(panel, 80, 3), candidate.fitted.radius(panel, 80, 3))


@pytest.mark.parametrize(
    "schedule", ["constant", "exponential", "step", "cosine", "warmup-cosine", "one-cycle", "plateau"]
)
def test_refit_follows_the_schedule_of_the_candidate(schedule):
    changes = {
        "schedule": schedule,
        "decay_steps": 1,
        "decay_rate": 0.3,
        "patience": 4,
        "epochs": 12,
        "learning_rate": 0.03,
    }
    settings, panel = SETTINGS.change(**changes), panel_of_values(seasonal_values())
    candidate = Workbench.of(panel, settings).train(settings)
    seen = []
    refit(panel, candidate, observe=seen.append)
    first = [epoch.learning_rate for epoch in candidate.training.epochs[: candidate.training.best_epoch]]
    assert len(seen) == len(first)
    np.testing.assert_allclose([epoch.learning_rate for epoch in seen], first, rtol=0.1, atol=1e-4)


def test_a_stopped_or_diverging_refit_leaves_the_candidates_model(candidate):
    panel = panel_of_values(seasonal_values())
    assert refit(panel, candidate, should_stop=lambda: True)[0] is candidate.fitted
    wild = SETTINGS.change(optimizer="sgd", learning_rate=1e12, clip_norm=0, loss="mse")
    fitted, exception = refit(panel, replace(candidate, fitted=replace(candidate.fitted, settings=wild)))
    assert (fitted.parameters == candidate.fitted.parameters).all() and "diverged at epoch 1" in exception


def test_a_constant_series_does_not_rule_the_score():
    flat = np.full(160, 1000.0)
    flat[-15:] = 1100
    alone, beside = (
        Workbench.of(panel_of_values(*values), SETTINGS).train(SETTINGS)
        for values in ([seasonal_values()], [seasonal_values(), flat])
    )
    assert beside.score < 3 * alone.score


def test_a_base_season_beyond_the_window_is_refused():
    settings = SETTINGS.change(base="season", window=6)
    with pytest.raises(
        SettingsError, match="window must be at least season with base season, but window=6 and season=12"
    ):
        Workbench.of(panel_of_values(seasonal_values()), settings).train(settings)


def test_no_usable_window_is_an_error_before_training():
    values = seasonal_values()
    values[-10:-6] = np.nan
    settings = SETTINGS.change(val_windows=1)
    with pytest.raises(DataError, match="the validation part must hold at least one window"):
        Workbench.of(panel_of_values(values), settings).check(settings)

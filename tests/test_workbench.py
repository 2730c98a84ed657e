"""A training never saw what lies behind its cut, and is judged by what another loop would find."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.errors import DataError, SettingsError
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=3
)
"""A validation part of 12 rows and a test part of 6."""


def trained(settings: Settings, *values: np.ndarray):
    return Workbench.of(panel_of_values(*values), settings).train(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"scaling": "standard"},
        {"scaling": "minmax"},
        {"scaling": "robust", "base": "linear"},
        {"transform": "boxcox", "loss": "mase"},
        {"loss": "quantile", "decoding": "segments"},
    ],
)
def test_no_value_of_the_test_part_reaches_the_model(changes):
    settings, values = SETTINGS.change(**changes), seasonal_values()
    scrambled = values.copy()
    scrambled[-6:] = 1e6 * np.abs(np.random.default_rng(1).standard_normal(6))
    made = [trained(settings, one) for one in (values, scrambled)]
    np.testing.assert_array_equal(made[0].fitted.parameters, made[1].fitted.parameters)
    np.testing.assert_array_equal(made[0].forecast, made[1].forecast)
    assert made[0].score == made[1].score


@pytest.mark.parametrize("changes", [{}, {"base": "linear", "transform": "log", "loss": "mase"}])
def test_no_value_of_the_validation_part_reaches_weights_scaling_or_linear_base(changes):
    settings, values = SETTINGS.change(patience=100, **changes), seasonal_values()
    scrambled = values.copy()
    scrambled[-18:-6] += np.random.default_rng(1).uniform(0, 50, 12)
    made = [trained(settings, one) for one in (values, scrambled)]
    assert made[0].fitted.scaler.center == made[1].fitted.scaler.center
    np.testing.assert_array_equal(made[0].fitted.linear, made[1].fitted.linear)
    losses = [[epoch.train_loss for epoch in one.training.epochs] for one in made]
    assert losses[0] == losses[1] and made[0].score != made[1].score


def test_score_is_the_mean_absolute_scaled_error_of_forecasts_from_every_origin():
    values = seasonal_values()
    candidate, panel = trained(SETTINGS, values), panel_of_values(values)
    train = values[:-18]
    scale = np.abs(train[12:] - train[:-12]).mean()
    forecasts, errors = [], []
    for origin in range(len(values) - 18, len(values) - 6 - 3 + 1):
        made = candidate.fitted.forecast_from(panel, [len(values) - origin], 3)[0, 0, 0]
        forecasts.append(made)
        errors.append(np.abs(made - values[origin : origin + 3]))
    np.testing.assert_allclose(candidate.forecast[:, 0], forecasts, rtol=1e-5)
    assert candidate.score == pytest.approx(np.mean(errors) / scale, rel=1e-4)


def test_each_series_counts_the_same_in_the_score():
    """The second series has fewer origins, as the first rows of its validation part are missing."""
    gappy = 3 * seasonal_values(160, seed=1)
    gappy[-18:-10] = np.nan
    bench = Workbench.of(panel_of_values(seasonal_values(), gappy), SETTINGS)
    truth = bench.truth
    counts = np.bincount(truth.series)
    assert counts[1] < counts[0]
    forecast = np.random.default_rng(0).standard_normal(truth.values.shape) * 10 + 150
    means = []
    for series in (0, 1):
        of_series = truth.series == series
        per_origin = [
            np.nanmean(np.abs(made - came)) / bench.error_scale[series]
            for made, came in zip(forecast[of_series], truth.values[of_series], strict=True)
        ]
        means.append(np.mean(per_origin))
    assert truth.score(forecast) == pytest.approx(np.mean(means), rel=1e-12)
    forecast[3, 1] = np.nan
    assert truth.score(forecast) == float("inf"), "a step without a number is no step without a truth"


def test_the_same_origins_judge_every_window():
    bench = Workbench.of(panel_of_values(seasonal_values()), SETTINGS)
    short, long = (bench.train(SETTINGS.change(window=window, epochs=1)) for window in (4, 36))
    assert short.forecast.shape == long.forecast.shape == (*bench.truth.values.shape[:1], 1, 3)


def test_weights_of_the_mase_loss_are_one_over_the_seasonal_naive_errors():
    """In scaled units, relative to the median series."""
    values = [seasonal_values(), 5 * seasonal_values(130, seed=1), np.random.default_rng(0).standard_normal(160)]
    panel = panel_of_values(*values)
    bench = Workbench.of(panel, SETTINGS)
    weight = bench._part.lessons(SETTINGS.change(loss="mase")).weight
    errors = []
    for one in values:
        train = one[:-18]
        scaled = (train - train.mean()) / train.std()
        errors.append(np.abs(scaled[12:] - scaled[:-12]).mean())
    np.testing.assert_allclose(weight, np.median(errors) / np.array(errors), rtol=1e-4)
    assert (bench._part.lessons(SETTINGS).weight == 1).all()


def test_weights_of_the_mase_loss_rest_on_the_training_part_where_it_ends_in_a_gap():
    settings, made = SETTINGS.change(loss="mase"), []
    for level in (100.0, 900.0):
        values = seasonal_values()
        values[-18:] += level
        values[-22:-16] = np.nan
        made.append(Workbench.of(panel_of_values(values, seasonal_values(seed=1)), settings).lessons(settings).weight)
    np.testing.assert_array_equal(*made)


def test_a_nearly_constant_series_does_not_outweigh_the_others():
    still = np.tile(seasonal_values(12), 14)[:160]
    bench = Workbench.of(panel_of_values(still, *(seasonal_values(seed=seed) for seed in range(4))), SETTINGS)
    weight = bench._part.lessons(SETTINGS.change(loss="mase")).weight
    assert weight[0] == pytest.approx(20, rel=1e-3) and (weight[1:] < 2).all()


def test_a_constant_series_does_not_rule_the_score():
    flat = np.full(160, 1000.0)
    flat[-15:] = 1100
    alone, beside = (trained(SETTINGS, *values) for values in ([seasonal_values()], [seasonal_values(), flat]))
    assert beside.score < 3 * alone.score


def test_series_too_short_for_a_validation_origin_take_no_part():
    panel = panel_of_values(seasonal_values(), seasonal_values(19), seasonal_values(20))
    bench = Workbench.of(panel, SETTINGS)
    assert [one.unique_id for one in bench.panel] == ["s0", "s2"]
    assert bench.train(SETTINGS).score < np.inf


@pytest.mark.parametrize(("level", "unit"), [(1e9, 1.0), (0.0, 1e60), (0.0, 1e-60)])
def test_neither_a_large_level_nor_the_unit_of_the_data_moves_the_score(level, unit):
    """Two such panels differ by less than the rounding of a number in single precision, in the scaled units."""
    plain, moved = (trained(SETTINGS, values) for values in (seasonal_values(), unit * (level + seasonal_values())))
    assert moved.score == pytest.approx(plain.score, rel=1e-2)


def test_constant_series_gives_a_sound_forecast():
    candidate = trained(SETTINGS.change(scaling="standard"), np.full(100, 42.0))
    np.testing.assert_allclose(candidate.forecast, 42.0, atol=0.5)


def test_preparations_are_made_once():
    bench = Workbench.of(panel_of_values(seasonal_values()), SETTINGS)
    part = bench._part
    first, second = (part.lessons(SETTINGS.change(hidden=(units,), dropout=0.1, seed=units)) for units in (4, 5))
    assert first.table.values is second.table.values and first.windows is second.windows
    assert part.lessons(SETTINGS.change(scaling="minmax")).table.values is not first.table.values
    linear = SETTINGS.change(base="linear")
    assert part.linear(linear) is part.linear(linear.change(hidden=(3,)))
    assert part.linear(linear) is not part.linear(linear.change(normalise="last"))


def test_a_base_season_beyond_the_window_is_refused():
    settings = SETTINGS.change(base="season", window=6)
    with pytest.raises(SettingsError, match="window must be at least 12 steps with base season.*but window=6"):
        trained(settings, seasonal_values())


def test_no_usable_window_is_an_error_before_training():
    values = seasonal_values()
    values[-10:-6] = np.nan
    settings = SETTINGS.change(val_windows=1)
    with pytest.raises(DataError, match="the validation part must hold at least one window"):
        Workbench.of(panel_of_values(values), settings).check(settings)


def test_data_that_carry_no_split_are_refused():
    with pytest.raises(DataError, match="at least season \\+ horizon rows .*'s0', has 30"):
        Workbench.of(panel_of_values(seasonal_values(30)), SETTINGS)


def test_identifiers_do_not_matter_to_the_numbers():
    panel = panel_of_values(seasonal_values(), 2 * seasonal_values(seed=4))
    renamed = panel.map(lambda one: replace(one, unique_id=one.unique_id * 3))
    settings = SETTINGS.change(embedding=3)
    first, second = (Workbench.of(one, settings).train(settings) for one in (panel, renamed))
    np.testing.assert_array_equal(first.fitted.parameters, second.fitted.parameters)

"""The intervals of an ensemble: conformal, nested around the forecast, above the floor, wider beyond the horizon."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.calibrate import radius, small_sample, unrest
from gatewise.data.panel import Panel
from gatewise.ensemble import Ensemble, choose
from gatewise.errors import DataError
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

LEVELS = (50, 80, 95)
BASE = Settings.of(
    window=12, horizon=3, season=12, val_windows=10, test_windows=2, hidden=(8,), normalise="mean", epochs=3,
    level=LEVELS,
)  # fmt: skip
KINDS = {
    "point": [BASE],
    "quantile": [BASE.change(loss="quantile")],
    "median of quantiles": [BASE.change(loss="quantile", seed=seed) for seed in (0, 1, 2)],
    "mixed": [BASE, BASE.change(loss="quantile")],
}
PANEL = panel_of_values(seasonal_values(), 3 * seasonal_values(seed=1))


def built(kind: str, panel: Panel = PANEL) -> Ensemble:
    """Return the ensemble of all configurations of a kind, with the residuals of their median."""
    bench = Workbench.of(panel, KINDS[kind][0])
    members = [bench.train(one) for one in KINDS[kind]]
    joint = choose(members, bench.truth, len(members), "median")
    # Whether or not the best is better alone, all of them are of interest here.
    joint = replace(joint, members=tuple(members)) if len(joint.members) < len(members) else joint
    return joint.of([one.fitted for one in joint.members], bench)


@pytest.fixture(scope="module", params=KINDS)
def model(request) -> Ensemble:
    return built(request.param)


@pytest.fixture(scope="module")
def point_model() -> Ensemble:
    return built("point")


@pytest.fixture(scope="module")
def quantile_model() -> Ensemble:
    return built("quantile")


def test_intervals_nest_around_the_forecast(model):
    made = model.forecast_from(PANEL, (6, 3, 0), 7, LEVELS)
    assert made.point.shape == (3, 2, 7) and list(made.low) == list(made.high) == sorted(LEVELS)
    order = [*(made.low[level] for level in (95, 80, 50)), made.point, *(made.high[level] for level in LEVELS)]
    assert (np.diff(order, axis=0) >= 0).all() and np.isfinite(order).all()


def test_a_point_model_adds_the_finite_sample_quantile_of_its_residuals(point_model):
    made = point_model.forecast(PANEL, 3, LEVELS)
    for level in LEVELS:
        count = point_model.origins
        rank = int(np.ceil((count + 1) * level / 100))
        for step in range(3):
            sizes = np.sort(point_model.residuals[0][:, step])
            wanted = sizes[rank - 1] * point_model.error_scale * point_model.widening[level - 1]
            np.testing.assert_allclose((made.high[level] - made.point)[0, :, step], wanted, rtol=1e-5)
            np.testing.assert_allclose((made.point - made.low[level])[0, :, step], wanted, rtol=1e-5)


def test_intervals_are_wider_for_few_residuals_and_for_a_calm_validation_part(point_model):
    """The origins of each of two series overlap: they say as much as ten that lie a horizon apart."""
    few = np.array([small_sample(level, 20) for level in range(1, 100)])
    np.testing.assert_allclose(point_model.widening, few * unrest(PANEL.head(6), 30, 12, 3))


def test_a_quantile_model_moves_the_bounds_of_its_head(quantile_model):
    """Conformalised quantile regression: the head's bounds, moved by the quantile of how far the truth lay beyond."""
    made = quantile_model.forecast(PANEL, 3, (80,))
    raw = quantile_model.members[0].forecast_from(PANEL, (0,), 3)[0]
    quantiles = quantile_model.members[0].architecture.quantiles
    low, high = raw[:, quantiles.index(0.1)], raw[:, quantiles.index(0.9)]
    spread, wider = (
        quantile_model.error_scale[:, None] * radius(quantile_model.residuals[2], 80),
        quantile_model.widening[79],
    )
    below, above = wider * (raw[:, 0] - low + spread), wider * (high + spread - raw[:, 0])
    np.testing.assert_allclose(made.low[80][0], raw[:, 0] - np.maximum(below, 0), rtol=1e-6)
    np.testing.assert_allclose(made.high[80][0], raw[:, 0] + np.maximum(above, 0), rtol=1e-6)


def test_a_level_that_the_head_does_not_forecast_comes_from_the_residuals(quantile_model):
    made = quantile_model.forecast(PANEL, 3, (90,))
    spread = quantile_model.error_scale[:, None] * radius(quantile_model.residuals[0], 90)
    np.testing.assert_allclose(made.high[90][0] - made.point[0], quantile_model.widening[89] * spread, rtol=1e-5)


def test_bounds_cover_the_errors_that_they_were_taken_from(point_model, quantile_model):
    """At least the level of them, at every step: that is what the finite-sample quantile is (less one, on its edge)."""
    distances = range(30, 2, -1)
    for model in (point_model, quantile_model):
        panel = PANEL.head(6)
        made = model.forecast_from(panel, distances, 3, LEVELS)
        came = np.stack([[one.values[len(one) - d :][:3] for one in panel] for d in distances])
        for level in LEVELS:
            inside = (came >= made.low[level]) & (came <= made.high[level])
            assert (inside.mean(axis=(0, 1)) >= level / 100 - 1 / inside[..., 0].size).all()
            assert inside.mean() < 1 or level == 95


def test_steps_beyond_the_calibrated_horizon_widen_with_the_square_root(model):
    made = model.forecast(PANEL, 9, (80,))
    for width in (made.point - made.low[80], made.high[80] - made.point):
        np.testing.assert_allclose(width[:, :, 3:], width[:, :, 2:3] * np.sqrt(np.arange(4, 10) / 3), rtol=1e-5)
    short = model.forecast(PANEL, 2, (80,))
    np.testing.assert_array_equal(short.low[80], made.low[80][:, :, :2])


def test_nothing_lies_below_the_floor(model):
    low = model.forecast(PANEL, 5, LEVELS)
    floor = float(low.low[95].max() + 1)
    made = replace(model, floor=floor).forecast(PANEL, 5, LEVELS)
    assert min(made.point.min(), *(one.min() for one in made.low.values())) == floor
    np.testing.assert_array_equal(made.high[95], np.maximum(low.high[95], floor))


def test_a_new_series_has_intervals_in_its_own_unit(point_model):
    new = panel_of_values(seasonal_values()).map(lambda one: replace(one, unique_id="new", values=one.values * 1000))
    wide, known = (point_model.forecast(one, 3, (80,)) for one in (new, PANEL))
    ratio = (wide.high[80] - wide.point)[0, 0] / (known.high[80] - known.point)[0, 0]
    np.testing.assert_allclose(ratio, 1000, rtol=0.2)


def test_the_unit_of_a_new_series_comes_from_before_the_first_origin(point_model):
    values = seasonal_values()
    scrambled = values.copy()
    scrambled[-6:] *= 1e3
    made = [
        point_model.forecast_from(
            panel_of_values(one).map(lambda series: replace(series, unique_id="new")), (6, 3), 3, (80,)
        )
        for one in (values, scrambled)
    ]
    np.testing.assert_array_equal(made[0].high[80][0], made[1].high[80][0])


def test_without_residuals_there_are_no_intervals(point_model):
    bare = replace(point_model, residuals=point_model.residuals[:, :0])
    made = bare.forecast(PANEL, 3, LEVELS)
    assert made.low == made.high == {}
    np.testing.assert_array_equal(made.point, point_model.forecast(PANEL, 3).point)


def test_members_forecast_as_their_median_or_weighted_mean():
    model = built("median of quantiles")
    each = np.stack([one.forecast_from(PANEL, (3, 0), 3)[:, :, 0] for one in model.members])
    np.testing.assert_allclose(model.forecast_from(PANEL, (3, 0), 3).point, np.median(each, axis=0), rtol=1e-12)
    weights = np.array([0.2, 0.3, 0.5])
    weighted = replace(model, weights=weights).forecast_from(PANEL, (3, 0), 3).point
    np.testing.assert_allclose(weighted, np.tensordot(weights, each, 1), rtol=1e-12)


def test_an_origin_before_a_series_begins_is_refused(point_model):
    short = replace(PANEL, series=(PANEL.series[0].head(6), PANEL.series[1]))
    with pytest.raises(DataError, match="series 's0' has 6 rows and the first origin lies 6 before its end"):
        point_model.forecast_from(short, (6, 3), 3)

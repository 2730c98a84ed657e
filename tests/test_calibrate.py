"""Conformal intervals: the finite-sample quantile, its coverage, and no crossing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.calibrate import FEWEST, LEVELS, enough_for, independent, radius, small_sample, unrest
from tests.panels import panel_of_values


def test_radius_is_the_finite_sample_quantile_of_each_step():
    residuals = np.arange(1.0, 20.0)[:, None] * np.array([[1.0, 10.0]])
    np.testing.assert_array_equal(radius(residuals, 80), [16, 160])
    np.testing.assert_array_equal(radius(residuals, 95), [19, 190])


@pytest.mark.parametrize("level", [50, 80, 95])
def test_coverage_on_exchangeable_errors(level):
    draws = np.abs(np.random.default_rng(0).standard_normal((2000, 40, 1)))
    covered = [one[-1, 0] <= radius(one[:-1], level)[0] for one in draws]
    assert np.mean(covered) == pytest.approx(level / 100, abs=0.03) and np.mean(covered) > level / 100 - 0.02


@given(origins=st.integers(1, 30), seed=st.integers(0, 50))
def test_higher_levels_are_never_narrower(origins, seed):
    residuals = np.abs(np.random.default_rng(seed).standard_normal((origins, 4)))
    widths = np.stack([radius(residuals, level) for level in (10, 50, 80, 90, 95, 99)])
    assert (np.diff(widths, axis=0) >= 0).all()


def test_too_few_origins_are_pooled_over_the_steps():
    residuals = np.abs(np.random.default_rng(0).standard_normal((5, 6))) * np.arange(1, 7)
    assert not enough_for(5, 95)
    pooled = radius(residuals, 95)
    assert (pooled >= residuals.max(axis=0)).all() and np.isfinite(pooled).all()


def test_one_origin_is_pooled_in_the_units_of_the_data():
    """A step that happened to be hit is not promised to be hit again."""
    np.testing.assert_array_equal(radius(np.array([[0.01, 1.0, 2.0, 3.0, np.nan]]), 80), [3.0] * 5)


def test_missing_truths_do_not_count():
    residuals = np.array([[1.0], [np.nan], [2.0], [3.0], [4.0]])
    assert radius(residuals, 50)[0] == 3.0
    assert np.isfinite(radius(np.full((3, 2), np.nan), 80)).all()


def test_a_step_that_was_never_observed_takes_the_width_of_its_neighbours():
    residuals = np.array([[1.0, np.nan, 3.0], [2.0, np.nan, 4.0]])
    widths = radius(residuals, 80)
    assert widths[0] <= widths[1] <= widths[2] and widths[1] > 1


def test_distances_inside_of_an_interval_make_it_narrower():
    """Every truth lay 1 to 5 within the bounds: with many origins or few, they may come in by 1 at least."""
    inside = -np.random.default_rng(0).uniform(1, 5, (40, 3))
    assert (radius(inside, 80) <= -1).all()
    few = radius(np.full((3, 2), -2.0), 95)
    np.testing.assert_allclose(few, -2.0)


@given(origins=st.integers(1, 30), seed=st.integers(0, 50), shift=st.floats(-3, 1))
def test_higher_levels_are_never_narrower_for_signed_residuals(origins, seed, shift):
    residuals = np.random.default_rng(seed).standard_normal((origins, 4)) + shift
    widths = np.stack([radius(residuals, level) for level in (10, 50, 80, 90, 95, 99)])
    assert (np.diff(widths, axis=0) >= 0).all()


def test_few_independent_residuals_widen_to_the_prediction_interval_of_a_normal_sample():
    """Of many samples, the share of new values inside is the level."""
    rng, count, level = np.random.default_rng(0), 6, 80
    samples, new = rng.normal(size=(40_000, count)), rng.normal(size=40_000)
    known = 1.2815515655446004 * small_sample(level, count) * samples.std(axis=1, ddof=1)
    assert np.mean(np.abs(new - samples.mean(axis=1)) <= known) == pytest.approx(0.8, abs=0.006)
    assert small_sample(80, 2) == small_sample(80, FEWEST) and small_sample(95, 5) > small_sample(80, 5)


def test_overlapping_origins_count_as_those_a_horizon_apart():
    assert independent(np.zeros(10, int), 1) == 10 and independent(np.zeros(1, int), 12) == 1
    assert independent(np.repeat([0, 3], [24, 25]), 12) == 3 + 3


def test_a_calm_validation_part_is_seen_and_a_wild_one_narrows_nothing():
    noise = np.random.default_rng(0).normal(size=600)
    calm, wild = noise.copy(), noise.copy()
    calm[-120:] *= 0.5
    wild[-120:] *= 2
    found = unrest(panel_of_values(calm), 100, 1, 12)
    assert found.shape == LEVELS.shape and 1.5 < found[79] < 2.2
    assert unrest(panel_of_values(wild), 100, 1, 12).max() < 1.1
    # Each series counts in its own unit, and a constant one not at all.
    both = unrest(panel_of_values(calm, 1e6 * calm, np.ones(600)), 100, 1, 12)
    np.testing.assert_allclose(both, found, rtol=0.05)


def test_unrest_does_not_look_at_missing_values_and_needs_some():
    values = np.random.default_rng(0).normal(size=300)
    gap = values.copy()
    gap[100:200] = np.nan
    assert np.isfinite(unrest(panel_of_values(gap), 50, 12, 24)).all()
    assert (unrest(panel_of_values(np.ones(50)), 10, 12, 3) == 1).all()
    assert (unrest(panel_of_values(values[:5]), 2, 12, 3) == 1).all()

"""Scaling is fitted on what it is given and undone exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.data.scaling import fit_scaler
from tests.panels import panel_of_values

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30)


@pytest.mark.parametrize("kind", ["minmax", "standard", "robust", "none"])
@given(values=VALUES)
def test_round_trip(kind, values):
    array = np.array(values)
    scaler = fit_scaler(panel_of_values(array), kind)
    back = scaler.undo(scaler.apply(array, 0)[None, :], np.array([0]))[0]
    np.testing.assert_allclose(back, array, rtol=1e-9, atol=1e-6 * max(1, np.abs(array).max()) * 1e-3)


def test_each_kind_does_what_it_says():
    values = np.array([1.0, 2.0, 3.0, 4.0, 90.0])
    scaled = {
        kind: fit_scaler(panel_of_values(values), kind).apply(values, 0) for kind in ("minmax", "standard", "robust")
    }
    assert scaled["minmax"].min() == 0 and scaled["minmax"].max() == 1
    assert scaled["standard"].mean() == pytest.approx(0) and scaled["standard"].std() == pytest.approx(1)
    assert scaled["robust"][2] == 0 and scaled["robust"][1] == pytest.approx(-1.3489795 / 2)


def test_filled_values_do_not_move_the_scaler():
    gap = np.array([1.0, np.nan, np.nan, np.nan, 5.0])
    scaler = fit_scaler(panel_of_values(gap), "standard")
    assert scaler.center[0] == 3 and scaler.scale[0] == 2


@pytest.mark.parametrize("kind", ["minmax", "standard", "robust"])
@pytest.mark.parametrize("level", [0.0, 7.0, 0.1 + 0.2])
def test_constant_series_keeps_its_scale(kind, level):
    scaler = fit_scaler(panel_of_values(np.full(9, level)), kind)
    assert scaler.scale[0] == 1 and scaler.center[0] == pytest.approx(level)


def test_every_series_has_its_own():
    scaler = fit_scaler(panel_of_values(np.arange(5.0), 100 * np.arange(5.0)), "minmax")
    np.testing.assert_array_equal(scaler.scale, [4, 400])


POSITIVE = st.lists(st.floats(1e-3, 1e5), min_size=2, max_size=30)


@pytest.mark.parametrize("transform", ["log", "boxcox", "asinh"])
@given(values=POSITIVE)
def test_transforms_come_back(transform, values):
    array = np.array(values)
    scaler = fit_scaler(panel_of_values(array), "standard", transform)
    back = scaler.undo(scaler.apply(array, 0)[None, :], np.array([0]))[0]
    np.testing.assert_allclose(back, array, rtol=1e-6, atol=1e-5 * np.abs(array).max())


def test_a_logarithm_makes_growth_a_line_and_lives_with_zeros():
    growth = np.exp(0.1 * np.arange(30.0))
    scaled = fit_scaler(panel_of_values(growth), "standard", "log").apply(growth, 0)
    np.testing.assert_allclose(np.diff(scaled), np.diff(scaled)[0])
    zeros = np.array([0.0, 3.0, 0.0, 5.0])
    scaler = fit_scaler(panel_of_values(zeros), "standard", "log")
    assert np.isfinite(scaler.apply(zeros, 0)).all()
    np.testing.assert_allclose(scaler.undo(scaler.apply(zeros, 0)[None, :], np.array([0]))[0], zeros, atol=1e-9)


def test_series_are_taken_and_put_by_number():
    scaler = fit_scaler(panel_of_values(np.arange(5.0), 100 * np.arange(5.0)), "minmax")
    assert scaler.take([1, 0]).scale.tolist() == [400, 4]
    fresh = fit_scaler(panel_of_values(np.arange(3.0)), "minmax")
    fresh.put(0, scaler, 1)
    assert fresh.scale.tolist() == [400]

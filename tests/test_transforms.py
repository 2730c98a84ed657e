"""A transform of the values is undone on the way back: through the network, its bounds and the file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.scaling import fit_scaler
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values

TRANSFORMS = ("none", "log", "boxcox", "asinh")


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("scaling", ["standard", "robust", "minmax", "none"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.floats(-1e3, 1e3), size=st.floats(1e-3, 1e3), spread=st.floats(0.01, 2))
def test_scaled_values_come_back(transform, scaling, seed, level, size, spread):
    generator = np.random.default_rng(seed)
    values = level + size * np.exp(spread * generator.standard_normal(30))
    scaler = fit_scaler(panel_of_values(values), scaling, transform)
    scaled = scaler.apply(values, 0)
    assert np.isfinite(scaled).all()
    assert (np.argsort(scaled, kind="stable") == np.argsort(values, kind="stable")).all(), "the order stays"
    back = scaler.undo(np.stack([scaled, scaled])[:, None], np.array([0, 0]))
    tolerance = 1e-6 * (np.abs(values).max() + np.ptp(values))
    np.testing.assert_allclose(back, np.stack([values, values])[:, None], atol=tolerance)


def test_transforms_are_their_formulas():
    values = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
    unit = np.abs(values).mean()
    logs = fit_scaler(panel_of_values(values), "none", "log").apply(values, 0)
    np.testing.assert_allclose(logs, np.log(values / unit))
    power = fit_scaler(panel_of_values(values), "none", "boxcox")
    x, exponent = values / unit, power.exponent[0]
    wanted = np.log(x) if exponent == 0 else (x**exponent - 1) / exponent
    np.testing.assert_allclose(power.apply(values, 0), wanted)
    middle = np.median(values)
    heavy = fit_scaler(panel_of_values(values), "none", "asinh").apply(values, 0)
    np.testing.assert_allclose(heavy, np.arcsinh((values - middle) / np.median(np.abs(values - middle))))


def test_the_exponent_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for seed, power in enumerate((0.25, 0.5, 1.0)):
        normal = 3 + 0.5 * np.random.default_rng(seed).standard_normal(2000)
        values = (power * normal + 1) ** (1 / power)
        _, wanted = stats.boxcox(values / np.abs(values).mean())
        made = fit_scaler(panel_of_values(values), "none", "boxcox").exponent[0]
        assert made == pytest.approx(np.clip(wanted, -0.5, 1), abs=0.06)


@pytest.mark.parametrize("transform", ["log", "boxcox"])
def test_forecasts_of_a_growing_series_stay_positive_and_of_its_size(transform):
    """Doubling every 12 steps: in logarithms the network's base of the last season needs no more than a constant."""
    time = np.arange(160)
    values = np.exp(np.log(2) * time / 12) * (1 + 0.2 * np.sin(2 * np.pi * time / 12))
    chosen = Settings.of(
        window=24, horizon=6, season=12, val_windows=2, test_windows=1, hidden=(8,), base="linear", normalise="last",
        transform=transform, loss="quantile", level=(80,), epochs=20,
    )  # fmt: skip
    panel = panel_of_values(values)
    model = Workbench.of(panel, chosen).train(chosen).fitted
    point, low, high = model.forecast_from(panel, (6,), 6)[0, 0]
    assert (low > 0).all() and (low < point).all() and (point < high).all()
    np.testing.assert_allclose(point, values[-6:], rtol=0.15)

"""What is read from a curve of losses over rising rates, on curves whose answer is known."""

import math

import numpy as np
import pytest

from gatewise.train.range_curve import diverges, read_curve

RATES = np.geomspace(1e-5, 1.0, 200)


def falling(at: float, low: float = 0.5) -> np.ndarray:
    """Return a loss that falls from 1 to `low` around a rate."""
    return 1 - (1 - low) / (1 + (at / RATES) ** 2)


def test_steepest_descent_minimum_and_divergence():
    found = read_curve(RATES, falling(1e-3) + (RATES / 0.1) ** 3, 1.0)
    # The exponential mean over ten steps lags by ten steps at most, a factor of 1.8 here.
    assert found.steepest is not None and 1e-3 <= found.steepest < 2e-3
    assert found.minimum is not None and 0.01 < found.minimum < 0.06
    assert found.diverges_at is not None and 0.1 < found.diverges_at < 0.4
    assert found.suggestion == pytest.approx(min(found.minimum / 3, found.diverges_at / 10))
    assert found.valley is not None and found.valley < found.minimum
    assert len(found.smoothed) < len(found.losses) == len(RATES)
    assert f"learning_rate {found.suggestion:.2g}" in found.advice and "diverges at" in found.evidence


def test_smoothing_has_its_bias_corrected():
    assert np.allclose(read_curve(RATES, np.full(200, 0.7), 0.0).smoothed, 0.7)


@pytest.mark.parametrize("losses", [np.ones(200), 1 + (RATES / 0.1) ** 3, 1 - 0.001 * (RATES > 1e-3)])
def test_a_curve_that_hardly_falls_suggests_nothing(losses):
    found = read_curve(RATES, losses, 0.0)
    assert found.suggestion is found.steepest is found.valley is None
    assert "no learning rate to suggest" in found.advice and "hardly falls" in found.evidence


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_not_a_number_is_a_divergence(broken):
    losses = falling(1e-3)
    losses[150:] = broken
    found = read_curve(RATES, losses, 0.0)
    assert found.diverges_at == pytest.approx(RATES[150]) and len(found.smoothed) == 150
    assert found.highest_stable == pytest.approx(RATES[150] / 10) and diverges(losses)
    assert not diverges(losses[:150])


def test_noise_moves_the_suggestion_little():
    generator = np.random.default_rng(0)
    curve = falling(1e-3) + (RATES / 0.1) ** 2
    clean = read_curve(RATES, curve, 0.0)
    noisy = [read_curve(RATES, curve * (1 + 0.03 * generator.standard_normal(200)), 0.0) for _ in range(20)]
    assert clean.suggestion is not None
    ratios = [one.suggestion / clean.suggestion for one in noisy if one.suggestion is not None]
    assert len(ratios) == 20 and min(ratios) > 1 / 4 and max(ratios) < 4


def test_the_table_has_a_row_per_step():
    found = read_curve(RATES, falling(1e-3) + (RATES / 0.1) ** 3, 0.0)
    assert list(found.table.columns) == ["learning_rate", "loss", "smoothed"]
    assert len(found.table) == 200 and found.table["smoothed"].isna().sum() == 200 - len(found.smoothed)

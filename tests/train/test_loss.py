"""Losses element by element, in NumPy and in JAX."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.train.loss import HUBER_DELTA, LOSSES, loss_of, pinball

ERRORS = np.array([-3.0, -1.0, -0.25, 0.0, 0.5, 2.0], np.float32)


def plain_huber(e):
    return 0.5 * e * e if abs(e) <= HUBER_DELTA else HUBER_DELTA * (abs(e) - 0.5 * HUBER_DELTA)


def plain_pinball(forecast, truth, quantile):
    """Twice ``q (y - f)`` where the truth lies above the forecast, twice ``(1 - q) (f - y)`` where below."""
    return 2 * (quantile * (truth - forecast) if truth >= forecast else (1 - quantile) * (forecast - truth))


WANTED = {"mse": lambda e: e * e, "mae": abs, "mase": abs, "huber": plain_huber}


@pytest.mark.parametrize("kind", LOSSES)
def test_losses(kind):
    wanted = [WANTED[kind](float(e)) for e in ERRORS]
    np.testing.assert_allclose(loss_of(kind)(ERRORS), wanted, rtol=1e-6)
    np.testing.assert_allclose(loss_of(kind)(jnp.asarray(ERRORS)), wanted, rtol=1e-6)


def test_quantile_loss_is_the_pinball_loss_of_each_level():
    quantiles = (0.5, 0.1, 0.9)
    generator = np.random.default_rng(0)
    forecast = generator.standard_normal((3, 4, 5)).astype(np.float32)
    truth = generator.standard_normal((4, 5)).astype(np.float32)
    wanted = [
        [[plain_pinball(forecast[q, h, b], truth[h, b], level) for b in range(5)] for h in range(4)]
        for q, level in enumerate(quantiles)
    ]
    for error in (forecast - truth, jnp.asarray(forecast - truth)):
        np.testing.assert_allclose(loss_of("quantile", quantiles)(error), wanted, rtol=1e-5, atol=1e-6)


def test_pinball_loss_is_smallest_at_the_quantile():
    drawn = np.random.default_rng(0).exponential(size=20_000)
    candidates = np.linspace(0, 5, 501)
    for level in (0.1, 0.5, 0.975):
        means = [pinball(candidate - drawn, level).mean() for candidate in candidates]
        assert candidates[int(np.argmin(means))] == pytest.approx(np.quantile(drawn, level), abs=0.03)


def test_the_medians_pinball_loss_is_the_absolute_error():
    np.testing.assert_array_equal(pinball(ERRORS, 0.5), np.abs(ERRORS))

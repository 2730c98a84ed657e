"""Schedules against their formulas."""

import math

import numpy as np
import pytest

from gatewise.settings import Settings
from gatewise.train.schedule import learning_rate, learning_rates, plateau_drops

EPOCHS = np.linspace(0, 40, 33)


def rates(**values):
    settings = Settings.of(learning_rate=0.1, epochs=40, **values)
    return np.array([learning_rate(settings, epoch) for epoch in EPOCHS])


def test_constant_stays():
    assert (rates() == 0.1).all()


def test_exponential_is_continuous_and_staircase_is_its_floor():
    smooth = rates(schedule="exponential", decay_rate=0.5, decay_steps=8)
    stairs = rates(schedule="exponential", decay_rate=0.5, decay_steps=8, staircase=True)
    np.testing.assert_allclose(smooth, 0.1 * 0.5 ** (EPOCHS / 8))
    np.testing.assert_allclose(stairs, 0.1 * 0.5 ** np.floor(EPOCHS / 8))
    np.testing.assert_array_equal(stairs, rates(schedule="step", decay_rate=0.5, decay_steps=8))


def test_cosine_goes_from_peak_to_zero():
    made = rates(schedule="cosine")
    np.testing.assert_allclose(made, 0.05 * (1 + np.cos(np.pi * EPOCHS / 40)), atol=1e-15)


@pytest.mark.parametrize("schedule", ["warmup-cosine", "one-cycle"])
def test_warm_up_rises_to_the_peak_and_falls(schedule):
    made = rates(schedule=schedule, warmup=0.25)
    top = int(np.argmax(made))
    assert made[top] == pytest.approx(0.1) and EPOCHS[top] == pytest.approx(10)
    assert (np.diff(made[: top + 1]) > 0).all() and (np.diff(made[top:]) < 0).all()
    assert made[-1] < 1e-5


def test_one_cycle_starts_at_a_25th():
    assert rates(schedule="one-cycle", warmup=0.25)[0] == pytest.approx(0.1 / 25)


def test_plateau_waits_for_its_patience_each_time():
    losses = [1.0, 0.5, 0.6, 0.6, 0.6, 0.6, 0.4, 0.5, 0.5]
    drops = [plateau_drops(losses[:done], patience=2, min_delta=0.0) for done in range(len(losses) + 1)]
    assert drops == [0, 0, 0, 0, 1, 1, 2, 2, 2, 3]
    settings = Settings.of(schedule="plateau", learning_rate=0.1, decay_rate=0.5, decay_steps=2)
    assert learning_rate(settings, 9, losses) == pytest.approx(0.1 * 0.5**3)


def test_one_rate_per_step_inside_an_epoch():
    settings = Settings.of(schedule="exponential", decay_rate=0.5, decay_steps=1, learning_rate=1.0)
    made = learning_rates(settings, epoch=2, steps=4)
    np.testing.assert_allclose(made, [0.5 ** (2 + step / 4) for step in range(4)])


def test_no_schedule_gives_a_negative_or_broken_rate():
    for schedule in ("constant", "exponential", "step", "cosine", "warmup-cosine", "one-cycle", "plateau"):
        for warmup in (0.0, 0.1, 0.9):
            made = [
                learning_rate(Settings.of(schedule=schedule, warmup=warmup), e, [1.0]) for e in (0, 0.5, 99, 100, 120)
            ]
            assert all(math.isfinite(rate) and rate >= 0 for rate in made)

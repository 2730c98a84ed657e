"""The lag-copy detector: every copy is found, and nothing else is called one."""

import numpy as np
import pytest

from gatewise.evaluate.lag_copy import lag_copy


def walk(count: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count).cumsum()


def cut(values: np.ndarray, horizon: int, origins: int) -> tuple[list[np.ndarray], np.ndarray]:
    stops = [len(values) - horizon * back for back in range(origins, 0, -1)]
    return [values[:stop] for stop in stops], np.array([values[stop : stop + horizon] for stop in stops])


@pytest.mark.parametrize("lag", [1, 2, 7])
def test_a_shifted_past_is_found(lag):
    values = walk()
    histories, truth = cut(values, 1, 60)
    forecast = np.array([[one[-lag]] for one in histories])
    found = lag_copy(histories, truth, forecast, season=7)
    assert found is not None and found.steps == lag and "copy of the past" in found.message
    noisy = forecast + 0.05 * np.random.default_rng(1).normal(size=forecast.shape)
    assert lag_copy(histories, truth, noisy, season=7).steps == lag


def test_a_repeated_last_value_and_a_repeated_season_are_found():
    histories, truth = cut(walk() + 5 * np.sin(np.arange(300) * np.pi / 6), 12, 5)
    last = np.array([[one[-1]] * 12 for one in histories])
    season = np.array([one[-12:] for one in histories])
    assert lag_copy(histories, truth, last, season=12).steps == 0
    found = lag_copy(histories, truth, season, season=12)
    assert found.steps == 12 and "last season" in found.message


def test_a_good_forecast_and_a_mean_are_no_copies():
    histories, truth = cut(10 * np.sin(np.arange(300) * np.pi / 6) + walk(seed=3), 12, 5)
    good = truth + 0.5 * np.random.default_rng(1).normal(size=truth.shape)
    assert lag_copy(histories, truth, good, season=12) is None
    assert lag_copy(histories, truth, np.zeros_like(truth), season=12) is None


def test_a_forecast_whose_first_step_alone_is_the_last_value_is_no_copy():
    """That is the right first step of a random walk; what comes behind it may be worth something."""
    histories, truth = cut(10 * np.sin(np.arange(400) * np.pi / 6) + walk(400, seed=3), 12, 15)
    good = truth + 0.5 * np.random.default_rng(1).normal(size=truth.shape)
    good[:, 0] = [one[-1] for one in histories]
    assert lag_copy(histories, truth, good, season=12) is None


def test_too_few_forecasts_say_nothing():
    histories, truth = cut(walk(), 1, 5)
    assert lag_copy(histories, truth, np.array([[one[-1]] for one in histories])) is None
    gone = np.full_like(truth, np.nan)
    assert lag_copy(histories, gone, truth) is None

import math

import numpy as np
import pytest

from gatewise.search.margin import Margin, standard_error


def test_the_standard_error_of_independent_values_is_the_textbook_one():
    values = np.random.default_rng(0).normal(size=4000)
    found = standard_error(values, np.zeros(4000, int), horizon=1)
    assert found == pytest.approx(values.std() / math.sqrt(4000), rel=0.05)


def test_overlapping_forecasts_count_for_less():
    noise = np.random.default_rng(1).normal(size=4012)
    values = np.convolve(noise, np.ones(12) / 12, mode="valid")
    naive = values.std() / math.sqrt(len(values))
    true = 1 / math.sqrt(len(values))
    found = standard_error(values, np.zeros(len(values), int), horizon=24)
    assert found > 2.5 * naive and found == pytest.approx(true, rel=0.25)


def test_many_series_are_one_observation_each():
    generator = np.random.default_rng(2)
    level = generator.normal(size=50)
    values, series = np.repeat(level, 7), np.repeat(np.arange(50), 7)
    assert standard_error(values, series, 12) == pytest.approx(level.std(ddof=1) / math.sqrt(50))


def test_a_validation_part_that_is_too_short_says_so():
    margin = Margin(3, 5, 0.1, standard_error(np.zeros(4), np.zeros(4, int), 12))
    assert margin.within_noise and "too short" in str(margin)


def test_words_tell_noise_from_a_real_lead():
    assert "within noise" in str(Margin(1, 2, 0.01, 0.02)) and "more than noise" in str(Margin(1, 2, 0.05, 0.02))

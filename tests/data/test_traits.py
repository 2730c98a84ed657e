"""What a panel is like: its seasons, how its swings grow, and how low its values lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.traits import MOST_SERIES, traits_of
from tests.panels import panel_of_values, seasonal_values


def swings(power: float, length: int = 360, rate: float = 0.01) -> np.ndarray:
    """Return a growing series whose swings are the level to a power."""
    steps = np.arange(length)
    level = 10 * np.exp(rate * steps)
    return level + 2 * level**power * np.sin(2 * np.pi * steps / 12) / 10**power


@pytest.mark.parametrize(("power", "expected"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_growth_is_the_power_of_the_level(power, expected):
    """The level also moves within a block, which blurs it a little."""
    assert traits_of(panel_of_values(swings(power, rate=0.004))).growth == pytest.approx(expected, abs=0.2)


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-3, 1e3), power=st.sampled_from([0.0, 0.5, 1.0]))
def test_units_do_not_matter(factor, power):
    ours, theirs = traits_of(panel_of_values(swings(power))), traits_of(panel_of_values(factor * swings(power)))
    assert theirs.growth == pytest.approx(ours.growth, abs=1e-6) and theirs.depth == pytest.approx(ours.depth)
    assert theirs.smallest == pytest.approx(factor * ours.smallest)


def test_negative_values_say_nothing_of_growth():
    made = traits_of(panel_of_values(swings(1.0), -swings(1.0)))
    assert made.growth == 0 and made.smallest == pytest.approx(-swings(1.0).max())


@pytest.mark.parametrize("length", [1, 2, 11, 47])
def test_too_few_blocks_and_a_level_that_stays_say_nothing_either(length):
    assert traits_of(panel_of_values(swings(1.0)[:length])).growth == 0
    assert traits_of(panel_of_values(np.full(200, 3.0))).growth == 0


def test_lengths_seasons_and_zeros():
    panel = panel_of_values(*(np.maximum(seasonal_values(length) - 140, 0) for length in (100, 200, 330)))
    made = traits_of(panel)
    values = np.concatenate([one.values for one in panel])
    assert (made.series, made.rows, made.length) == (3, 630, 200)
    assert made.zeros == pytest.approx(np.mean(values == 0)) and made.smallest == 0


def test_a_long_season_is_whole_short_ones():
    steps = np.arange(2400)
    values = 50 + 5 * np.sin(2 * np.pi * steps / 24) + 4 * np.sin(2 * np.pi * steps / 168)
    values += np.random.default_rng(0).standard_normal(2400)
    assert traits_of(panel_of_values(values, freq="h"))[3:5] == (24, 168)
    daily = traits_of(panel_of_values(values, freq="h"), season=5)
    assert daily.season == 5 and daily.long_season % 5 == 0


def test_what_is_given_stays():
    panel = panel_of_values(seasonal_values(400))
    assert traits_of(panel, 7, 30)[3:5] == (7, 30)
    assert traits_of(panel, 1).long_season == 1
    assert traits_of(panel, None, 48)[3:5] == (12, 48)


def test_filled_values_are_no_observations():
    values = swings(1.0)
    gaps = values.copy()
    gaps[50:60] = np.nan
    made = traits_of(panel_of_values(gaps))
    assert made.growth == pytest.approx(traits_of(panel_of_values(values)).growth, abs=0.1)
    # The first row of a series may be missing, and be all that is left of it before the test part.
    alone = np.array([np.nan])
    assert traits_of(panel_of_values(values, alone), 12).growth == traits_of(panel_of_values(values), 12).growth
    assert traits_of(panel_of_values(alone, alone)).growth == 0


def test_of_many_series_evenly_spread_ones_are_looked_at():
    many = panel_of_values(*(swings(1.0, 60) for _ in range(2 * MOST_SERIES)), -swings(1.0, 60))
    made = traits_of(many, 12, 1)
    assert made.series == 2 * MOST_SERIES + 1 and made.smallest < 0, "every series counts for the smallest value"

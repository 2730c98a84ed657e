"""Frequencies: recovered in spite of gaps, checked when given, refused off the grid."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.aliases import freq_words
from gatewise.data.frequency import check_freq, infer_freq, regular_grid
from gatewise.errors import DataError

ALIASES = (
    [
        "YS",
        "YE",
        "YS-APR",
        "YE-JUN",
        "QS-JAN",
        "QS-FEB",
        "QS-MAR",
        "QE-OCT",
        "QE-NOV",
        "QE-DEC",
        "MS",
        "ME",
        "2MS",
        "BMS",
        "BME",
    ]
    + [f"W-{day}" for day in ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")]
    + ["2W-MON", "D", "2D", "B", "h", "2h", "6h", "30min", "15min", "min", "10s", "s", "100ms"]
)


@settings(max_examples=100, deadline=None)
@given(alias=st.sampled_from(ALIASES), seed=st.integers(0, 10_000), kept=st.floats(0.7, 1.0), zone=st.booleans())
def test_every_alias_is_recovered_with_gaps(alias, seed, kept, zone):
    stamps = pd.date_range("1999-11-30", periods=120, freq=alias, tz="Europe/Berlin" if zone else None)
    draw = np.random.default_rng(seed)
    mask = draw.random(120) < kept
    mask[[0, 1, -1]] = True
    assert infer_freq(stamps[mask][draw.permutation(mask.sum())]) == alias


@given(step=st.integers(1, 50), start=st.integers(-100, 100), seed=st.integers(0, 1000))
def test_integer_steps_are_recovered(step, start, seed):
    mask = np.random.default_rng(seed).random(60) < 0.8
    mask[[0, 1, -1]] = True
    assert infer_freq(pd.Index(start + step * np.arange(60)[mask])) == step


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (["2020-01-01", "2020-02-01"], "MS"),
        (["2020-01-31", "2020-02-29"], "ME"),
        (["2020-01-01", "2021-01-01"], "YS"),
        (["2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09", "2020-01-10"], "D"),
        (["2020-01-09", "2020-01-10", "2020-01-13", "2020-01-14"], "B"),
        (["2020-01-01 06:00", "2020-02-01 06:00", "2020-03-01 06:00"], "MS"),
        (["2020-01-01", "2020-01-08"], "W-WED"),
    ],
)
def test_few_stamps(stamps, expected):
    assert infer_freq(pd.DatetimeIndex(stamps)) == expected


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2020-01-01"], "at least two different time stamps, but there is 1. Give the frequency with --freq"),
        (
            ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-03", "2020-05-01"],
            "most are month starts, 1 of 5 are not: 2020-04-03",
        ),
        (["2020-01-15", "2020-02-15", "2020-03-15", "2020-04-15"], "all of these stand on day 15"),
    ],
)
def test_off_grid(stamps, message):
    with pytest.raises(DataError) as caught:
        infer_freq(pd.DatetimeIndex(stamps))
    assert message in str(caught.value)


def test_one_stray_stamp_does_not_halve_the_grid():
    stamps = pd.date_range("2020", periods=50, freq="2h").append(pd.DatetimeIndex(["2020-01-01 05:00"]))
    with pytest.raises(DataError, match="most are 0 days 02:00:00 apart, 1 of 51 are not: 2020-01-01 05:00"):
        infer_freq(stamps)


@pytest.mark.parametrize(
    ("given", "start", "expected"),
    [
        ("W", "2020-01-04", "W-SAT"),
        ("QS", "2020-02-01", "QS-FEB"),
        ("H", "2020-01-01", "h"),
        ("YS", "2020-01-01", "YS"),
        ("15min", "2020", "15min"),
    ],
)
def test_given_freq_is_fitted(given, start, expected):
    assert check_freq(given, pd.date_range(start, periods=3, freq=expected)) == expected


@pytest.mark.parametrize(
    ("given", "index", "message"),
    [
        ("hourly", pd.date_range("2020", periods=3), "must be a pandas offset alias"),
        ("M", pd.date_range("2020", periods=3), "'M' is old. Use 'MS' (month starts) or 'ME' (month ends)"),
        ("MS", pd.date_range("2020", periods=3), "2 of 3 do not: 2020-01-02, 2020-01-03"),
        ("h", pd.RangeIndex(3), "must be a positive integer, but it is 'h'"),
        (2, pd.RangeIndex(3), "grid of freq=2"),
        ("s", pd.DatetimeIndex(["1900-01-01", "2020-01-01"]), "at most 50000000 steps"),
    ],
)
def test_given_freq_is_checked(given, index, message):
    with pytest.raises(DataError) as caught:
        check_freq(given, index)
    assert message in str(caught.value)


def test_grid_over_a_change_of_clocks():
    stamps = pd.date_range("2020-03-27", periods=4, freq="D", tz="Europe/Berlin")
    assert infer_freq(stamps) == "D"
    assert regular_grid(stamps, "D").equals(stamps)


@pytest.mark.parametrize(
    ("freq", "words"),
    [
        ("h", "hourly"),
        ("2MS", "every 2 months"),
        ("W-SAT", "weekly (SAT)"),
        (5, "integer steps of 5"),
        ("YE", "yearly (year ends)"),
        ("QS-FEB", "quarterly (quarter starts)"),
    ],
)
def test_words(freq, words):
    assert freq_words(freq) == words

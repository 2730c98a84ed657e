"""The data doctor: each finding on a table made to show it."""

import json

import numpy as np
import pandas as pd
import pytest

from gatewise.data.check import diagnose
from gatewise.data.load import load_panel

DRAW = np.random.default_rng(7)


def table(values, freq="D", **columns):
    return pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=len(values), freq=freq), "y": values, **columns})


def test_a_healthy_series_has_no_warnings():
    steps = np.arange(400)
    found = diagnose(load_panel(table(10 + 0.05 * steps + np.sin(2 * np.pi * steps / 7) + 0.1 * DRAW.normal(size=400))))
    assert (found.series, found.rows, found.start, found.end) == (1, 400, "2020-01-01", "2021-02-03")
    assert (found.freq, found.freq_words, found.season) == ("D", "daily", 7)
    assert (found.trend, found.sign, found.outliers, found.warnings) == ("a steady rise", "all positive", 0, ())


def test_to_dict_is_json():
    panel = load_panel(table([1.0, 2.0, np.nan, 4.0] * 10))
    text = json.dumps(diagnose(panel).to_dict())
    assert json.loads(text)["filled"] == 10


def test_spikes_are_outliers_and_level_shifts_are_not():
    values = DRAW.normal(size=300)
    values[100] += 40
    values[200:] += 30
    found = diagnose(load_panel(table(values)), season=1)
    assert found.outliers == 1
    assert (found.first_outliers[0].unique_id, found.first_outliers[0].time) == ("y", "2020-04-10")


def test_spike_in_a_series_that_hardly_moves():
    values = np.zeros(300)
    values[150] = 5.0
    assert [one.value for one in diagnose(load_panel(table(values)), season=1).first_outliers] == [5.0]


def test_exact_cycles_have_no_outliers_from_rounding():
    values = np.tile([0.1, 0.2, 0.3, 0.7], 80) * 3
    assert diagnose(load_panel(table(values)), season=4).outliers == 0


def test_gaps_filled_and_inserted():
    values = np.arange(100.0)
    values[20:23] = np.nan
    found = diagnose(load_panel(table(values).drop(index=[50])))
    assert (found.gaps, found.longest_gap, found.inserted, found.filled) == (2, 3, 1, 4)


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        (np.arange(200.0), "a steady rise"),
        (-np.arange(200.0), "a steady fall"),
        (np.tile([1.0, 2.0], 100), "no clear trend"),
        (np.ones(3), "too short to tell a trend"),
    ],
)
def test_trend_in_words(values, trend):
    assert diagnose(load_panel(table(values)), season=1).trend == trend


@pytest.mark.parametrize(
    ("values", "sign"),
    [
        ([1.0, 2.0, 3.0], "all positive"),
        ([0.0, 2.0, 3.0], "none negative, some zero"),
        ([-1.0, 2.0, 3.0], "some negative"),
        ([-1.0, -2.0, -3.0], "all negative"),
    ],
)
def test_sign_in_words(values, sign):
    assert diagnose(load_panel(table(values))).sign == sign


def panel_of_series(**series):
    frames = [table(values, unique_id=name) for name, values in series.items()]
    return load_panel(pd.concat(frames))


@pytest.mark.parametrize(
    ("panel", "season", "words"),
    [
        (load_panel(table(np.arange(30.0))), 1, "has only 30 rows"),
        (load_panel(table(DRAW.normal(size=120))), 52, "covers 2.3 cycles of 52 steps"),
        (
            load_panel(table(np.where(np.arange(200) % 5 == 2, np.nan, 1.0 * np.arange(200)))),
            1,
            "20% of the values are filled",
        ),
        (
            load_panel(table(np.where(np.arange(200) // 10 == 7, np.nan, 1.0 * np.arange(200)))),
            1,
            "longest gap has 10 steps",
        ),
        (panel_of_series(flat=np.ones(120), live=np.arange(120.0)), 1, "1 series never change ('flat')"),
        (load_panel(table(np.where(np.arange(300) % 3, 0.0, 2.0))), 1, "67% of the values are zero"),
        (
            load_panel(table(np.where(np.arange(300) % 50 == 25, 90.0, DRAW.normal(size=300)))),
            1,
            "6 values stand far out",
        ),
    ],
)
def test_warnings_name_the_finding(panel, season, words):
    assert any(words in warning for warning in diagnose(panel, season=season).warnings)


def test_lengths_and_mixed_trends():
    rising, falling = np.arange(100.0), -np.arange(160.0)
    found = diagnose(panel_of_series(a=rising, b=falling))
    assert (found.series, found.shortest, found.median_length, found.longest) == (2, 100, 130.0, 160)
    assert found.trend == "trends of both directions"

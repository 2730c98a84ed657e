"""Seasons: found where they are, beside trends and noise, and not found where there are none."""

import numpy as np
import pandas as pd
import pytest

from gatewise.data.panel import Panel, Series
from gatewise.data.season import candidate_seasons, find_season, find_seasons, season_strength


def panel_of(*values: np.ndarray, freq: str | int = 1) -> Panel:
    """Return a panel of these series, all known."""
    series = (
        Series(f"s{i}", pd.RangeIndex(len(v)), np.asarray(v, float), np.ones(len(v), bool), np.zeros(len(v), bool))
        for i, v in enumerate(values)
    )
    return Panel(tuple(series), freq)


def wave(length, period, seed=0, noise=0.5, trend=0.0):
    steps = np.arange(length)
    draw = np.random.default_rng(seed)
    return np.sin(2 * np.pi * steps / period) + noise * draw.normal(size=length) + trend * steps


@pytest.mark.parametrize(
    ("freq", "expected"),
    [
        ("h", (24, 168)),
        ("30min", (48, 336)),
        ("15min", (96, 672)),
        ("min", (60, 1440)),
        ("s", (60, 3600)),
        ("2h", (12, 84)),
        ("D", (7, 365)),
        ("B", (5, 261)),
        ("W-SAT", (52,)),
        ("MS", (12,)),
        ("2MS", (6,)),
        ("QS-FEB", (4,)),
        ("YE", ()),
        ("45min", (32, 224)),
        (1, ()),
    ],
)
def test_candidates(freq, expected):
    assert candidate_seasons(freq) == expected


@pytest.mark.parametrize("period", [4, 7, 12, 24, 52, 130])
@pytest.mark.parametrize("trend", [0.0, 0.05])
def test_any_period_is_found_without_a_calendar(period, trend):
    found = find_season(panel_of(wave(12 * period + 40, period, trend=trend)))
    assert abs(found - period) <= period // 20


@pytest.mark.parametrize(
    ("freq", "period"), [("MS", 12), ("D", 7), ("D", 365), ("W-SUN", 52), ("h", 24), ("30min", 48), ("QE-DEC", 4)]
)
def test_the_calendars_periods_are_found(freq, period):
    assert find_season(panel_of(wave(6 * period + 60, period), freq=freq)) == period


def test_day_and_week_are_told_apart():
    steps = np.arange(24 * 7 * 8)
    weekend = np.where(steps // 24 % 7 >= 5, 0.5, 1.0)
    values = weekend * (2 + np.sin(2 * np.pi * steps / 24)) + 0.1 * np.random.default_rng(0).normal(size=len(steps))
    for freq in ("h", 1):
        assert [season.period for season in find_seasons(panel_of(values, freq=freq))] == [24, 168]


@pytest.mark.parametrize("freq", ["h", "D", "MS", 1])
def test_noise_and_random_walks_have_no_season(freq):
    found = []
    for seed in range(25):
        noise = np.random.default_rng(seed).normal(size=1500)
        found += [find_season(panel_of(values, freq=freq)) for values in (noise, noise.cumsum())]
    assert sum(period > 1 for period in found) <= 1


def test_nothing_to_find():
    assert find_seasons(panel_of(np.ones(100))) == ()
    assert find_season(panel_of(np.arange(100.0), freq="MS")) == 1
    assert find_season(panel_of(np.array([1.0, 2.0]), freq="h")) == 1


def test_the_median_series_decides():
    seasonal = [wave(300, 12, seed) for seed in range(7)]
    noise = [np.random.default_rng(seed).normal(size=300) for seed in range(3)]
    assert find_season(panel_of(*seasonal, *noise)) == 12
    assert (
        find_season(panel_of(*seasonal[:2], *[np.random.default_rng(50 + s).normal(size=300) for s in range(8)])) == 1
    )


@pytest.mark.parametrize("period", [3, 4, 12, 25])
def test_strength_against_a_plain_loop(period):
    values = wave(8 * period + 5, period, seed=3, trend=0.2)
    half, weights = period // 2, np.ones(period)
    if period % 2 == 0:
        weights = np.concatenate([[0.5], np.ones(period - 1), [0.5]])
    rest = [
        values[i] - sum(w * v for w, v in zip(weights, values[i - half : i + half + 1], strict=True)) / period
        for i in range(half, len(values) - half)
    ]
    early, late = np.array(rest[:-period]), np.array(rest[period:])
    expected = (early * late).sum() / np.sqrt((early**2).sum() * (late**2).sum())
    assert season_strength(values, period)[0] == pytest.approx(expected, abs=1e-9)


def test_the_future_is_not_looked_at():
    values = wave(400, 12)
    panel = panel_of(values)
    changed = panel_of(np.concatenate([values[:300], np.random.default_rng(1).normal(size=100) * 50]))
    assert find_seasons(panel.head(100)) == find_seasons(changed.head(100))

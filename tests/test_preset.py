"""Presets fill what is open, keep what is given, and look at nothing they must not."""

import numpy as np
import pytest

from gatewise.architecture import architecture_of
from gatewise.model.network import parameter_count
from gatewise.preset import resolve
from gatewise.settings import Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values


def test_classic_is_the_textbook_recipe():
    made = resolve(panel_of_values(seasonal_values(1000)), {"preset": "classic", "horizon": 1}).settings
    wanted = {
        "window": 10, "horizon": 1, "scaling": "minmax", "hidden": (64, 32), "dropout": 0.2, "loss": "mse",
        "optimizer": "adam", "learning_rate": 1e-3, "schedule": "constant", "batch_size": 32, "epochs": 100,
        "patience": 5, "clip_norm": 1.0, "normalise": "none", "base": "none", "patch": 1, "l2": 0.0, "noise": 0.0,
        "test_windows": 200, "val_windows": 160,
    }  # fmt: skip
    assert {name: getattr(made, name) for name in wanted} == wanted
    assert parameter_count(architecture_of(made)) == 29345


@pytest.mark.parametrize("preset", ["auto", "classic"])
def test_what_is_given_stays(preset):
    given = {
        "preset": preset,
        "horizon": 6,
        "window": 24,
        "patch": 2,
        "base": "last",
        "hidden": (7,),
        "test_windows": 2,
    }
    made = resolve(panel_of_values(seasonal_values()), given).settings
    assert {name: getattr(made, name) for name in given} == given


def panel(lengths, season, gaps=0):
    """Return seasonal series, some of their values missing; random walks without a season."""
    made = []
    for seed, length in enumerate(lengths):
        draw = np.random.default_rng(seed)
        values = seasonal_values(length, season, seed) if season > 1 else draw.standard_normal(length).cumsum()
        values[draw.integers(0, length, gaps * length // 100)] = np.nan
        made.append(values)
    return panel_of_values(*made, freq="h" if season in (24, 168) else "D" if season in (7, 365) else "MS")


def needs(settings, longest):
    """Return whether data can carry the parts that were asked for; a default is never more than that."""
    parts = (settings.test_windows + settings.val_windows + 1) * settings.horizon
    return longest >= settings.season + parts


LENGTHS = [(30,), (60,), (144,), (400,), (1100,), (3000,), (40,) * 30, (120,) * 40, (30, 60, 500), (800, 35, 700, 1)]


@pytest.mark.parametrize("lengths", LENGTHS, ids=lambda lengths: f"{len(lengths)}x{lengths[0]}")
@pytest.mark.parametrize("horizon", [None, 1, 6, 24])
@pytest.mark.parametrize("season", [1, 7, 12, 24, 365])
def test_all_of_the_portfolio_fits_into_the_data(lengths, horizon, season):
    data = panel(lengths, season, gaps=5)
    resolved = resolve(data, {"horizon": horizon})
    made = resolved.settings
    if not needs(made, max(lengths)):
        assert horizon and 4 * horizon > max(lengths), "only a given horizon asks for more than there is"
        return
    bench = Workbench.of(data, made)
    same = ("horizon", "season", "long_season", "test_windows", "val_windows", "hidden", "batch_size", "transform")
    assert resolved.portfolio[0] == made and len(set(map(str, resolved.portfolio))) == len(resolved.portfolio)
    for one in resolved.portfolio:
        architecture_of(one)
        learn, judge = bench.check(one)
        assert len(learn) and len(judge)
        assert {name: getattr(one, name) for name in same} == {name: getattr(made, name) for name in same}
        assert one.transform in ("none", "log") and (one.transform == "none" or data.series[0].values.min() >= 0)


GIVEN = [
    {"window": 10}, {"window": 13}, {"window": 60}, {"patch": 5}, {"patch": 7}, {"base": "season"},
    {"base": "long-season"}, {"base": "linear"}, {"normalise": "season"}, {"normalise": "none"},
    {"decoding": "recursive"}, {"decoding": "segments"}, {"rescale": "mad"}, {"transform": "log"}, {"season": 7},
    {"season": 1}, {"season": "12,36"}, {"long_season": 24}, {"hidden": "9,5"}, {"test_windows": 0}, {"val_windows": 2},
    {"loss": "quantile"}, {"segment": 5}, {"embedding": 3}, {"members": 2}, {"refit": "onward"}, {"calendar": "month"},
]  # fmt: skip


@pytest.mark.parametrize("pin", GIVEN, ids=str)
@pytest.mark.parametrize("lengths", [(90,), (400,), (100,) * 6, (150, 40, 90)], ids=str)
@pytest.mark.parametrize("horizon", [1, 6])
def test_one_setting_of_the_user_stays_in_all_of_the_portfolio_and_clashes_with_nothing(lengths, horizon, pin):
    data = panel(lengths, 12)
    resolved = resolve(data, {"horizon": horizon, **pin})
    asked = Settings.of(**pin)
    bench = Workbench.of(data, resolved.settings)
    for one in resolved.portfolio:
        bench.architecture(one)
        bench.check(one)
        assert {name: getattr(one, name) for name in pin} == {name: getattr(asked, name) for name in pin}


def test_auto_says_why():
    resolved = resolve(panel_of_values(seasonal_values()), {"window": 24})
    assert any(reason.startswith("season 12: found") for reason in resolved.reasons)
    assert not any(reason.startswith("window ") for reason in resolved.reasons)


@pytest.mark.parametrize("preset", ["auto", "classic"])
@pytest.mark.parametrize(
    ("length", "horizon", "test_windows"),
    [(400, 12, None), (144, 24, None), (144, 12, 5), (144, 12, 6), (400, None, None), (400, None, 5), (400, None, 15)],
)
@pytest.mark.parametrize("kind", ["seasonal", "walk", "growing", "hours"])
def test_nothing_is_chosen_from_the_test_part(preset, length, horizon, test_windows, kind):
    """Neither the seasons nor the logarithm nor any framing: whatever the test part holds, all stays the same."""
    given = {"horizon": horizon, "test_windows": test_windows, "preset": preset}
    time, draw = np.arange(length), np.random.default_rng(1)
    values = {
        "seasonal": seasonal_values(length),
        "walk": draw.standard_normal(length).cumsum(),
        "growing": np.exp(0.01 * time) * (2 + np.sin(2 * np.pi * time / 12) + 0.1 * draw.standard_normal(length)),
        "hours": 50 + 5 * np.sin(2 * np.pi * time / 24) + draw.standard_normal(length),
    }[kind]
    freq = "h" if kind == "hours" else "MS"
    made = resolve(panel_of_values(values, freq=freq), given)
    test = made.settings.test_windows * made.settings.horizon
    assert 0 < test < length
    for other in (1e4 * draw.standard_normal(test), np.zeros(test), -20 - 10 * np.sin(2 * np.pi * time[:test] / 7)):
        values[-test:] = other
        assert resolve(panel_of_values(values, freq=freq), given) == made


def test_an_open_horizon_leaves_half_of_the_rows_outside_of_the_test_part():
    for length, tests in ((60, 10), (400, 20), (400, 40), (1000, 200)):
        made = resolve(panel_of_values(seasonal_values(length)), {"test_windows": tests}).settings
        assert made.test_windows == tests and made.horizon >= 1
        assert made.horizon == 1 or made.horizon * tests <= length // 2


def test_growing_swings_are_logged_where_nothing_is_negative():
    time = np.arange(300)
    growing = np.exp(0.01 * time) * (2 + np.sin(2 * np.pi * time / 12))
    logged = resolve(panel_of_values(growing), {"horizon": 6})
    assert {one.transform for one in logged.portfolio} == {"log"}
    assert any(reason.startswith("transform log: swings grow") for reason in logged.reasons)
    for values in ((growing - 3,), (growing, -growing)):
        assert {one.transform for one in resolve(panel_of_values(*values), {"horizon": 6}).portfolio} == {"none"}


def test_short_horizons_are_judged_on_more_than_a_handful_of_rows():
    made = resolve(panel_of_values(seasonal_values(3000)), {"horizon": 1}).settings
    assert made.test_windows >= 50 and made.val_windows >= 100

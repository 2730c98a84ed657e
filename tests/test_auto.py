"""The auto preset's portfolio: framings that fit whatever series there are and whatever the user has set."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.architecture import architecture_of
from gatewise.auto import BASES, LONGEST_WINDOW, choose_auto
from gatewise.data.traits import Traits
from gatewise.settings import Base, Decoding, Normalise, Rescale, Settings, Transform

PLAIN = Traits(
    series=1,
    rows=500,
    length=500,
    season=12,
    long_season=1,
    smallest=1.0,
    growth=0.0,
    depth=0.5,
    zeros=0.0,
    known_ahead=False,
    calendar=("month",),
)
HOURS = PLAIN._replace(season=24, long_season=168, length=2000, calendar=("hour", "weekday", "month"))


def chosen(traits=PLAIN, horizon=6, train=None, **given):
    portfolio, reasons = choose_auto(traits, horizon, train or traits.length * 4 // 5, given)
    return portfolio, reasons


def pins():
    """Return a strategy of one setting that the user has set, or none."""
    names = {
        "base": get_args(Base), "normalise": get_args(Normalise), "rescale": get_args(Rescale),
        "decoding": get_args(Decoding), "transform": get_args(Transform), "window": (1, 2, 13, 24, 36, 101, 400),
        "patch": (1, 2, 5, 7, 12, 48), "hidden": ((3,), (8, 4)), "batch_size": (1, 7), "refit": ("none", "onward"),
        "loss": ("mse", "quantile"), "segment": (1, 5), "epochs": (1,), "combine": ("mean",), "dropout": (0.0,),
        "members": (1, 9),
    }  # fmt: skip
    return st.one_of(
        st.just({}),
        *(st.sampled_from(values).map(lambda value, name=name: {name: value}) for name, values in names.items()),
    )


@settings(max_examples=300, deadline=None)
@given(
    series=st.sampled_from([1, 2, 30, 5000]), length=st.integers(10, 4000), horizon=st.sampled_from([1, 2, 6, 24, 48]),
    season=st.sampled_from([1, 2, 7, 12, 24, 52, 73, 96, 365]), cycles=st.sampled_from([0, 2, 7, 52]),
    growth=st.sampled_from([0.0, 1.0]), smallest=st.sampled_from([-1.0, 0.0, 2.0]), known_ahead=st.booleans(),
    calendar=st.sampled_from([(), ("month",), ("hour", "weekday", "month")]), pin=pins(),
)  # fmt: skip
def test_every_framing_builds_a_network_and_keeps_what_is_given(
    series, length, horizon, season, cycles, growth, smallest, known_ahead, calendar, pin
):
    long_season = max(season * cycles, 1) if season > 1 else 1
    traits = Traits(
        series, series * length, length, season, long_season, smallest, growth, 0.5, 0.0, known_ahead, calendar
    )
    train = max(length - 2 * horizon, 1)
    portfolio, reasons = choose_auto(traits, horizon, train, pin)
    assert 1 <= len(portfolio) <= 6 and all(reasons)
    made = [Settings.of(horizon=horizon, season=season, long_season=long_season, **one) for one in portfolio]
    assert len(set(map(str, made))) == len(made), "no framing stands there twice"
    for one in made:
        architecture_of(one)
        assert {name: getattr(one, name) for name in pin} == pin
        if not pin.keys() & {"base", "normalise", "window", "patch"}:
            # A window that is not whole seasons is rounded up to whole patches.
            assert one.window < min(max((train - horizon) // 2, 1), LONGEST_WINDOW) + one.patch
        assert smallest >= 0 or one.transform != "log" or "transform" in pin
    assert not any(reason.startswith(f"{name} ") for reason in reasons for name in pin)


def test_framings_differ_in_what_they_forecast_around():
    portfolio, reasons = chosen()
    assert {one["base"] for one in portfolio} >= {"season", "linear", "season-mean", "last"}
    assert all(one["base"] in BASES for one in portfolio)
    assert f"{len(portfolio)} framings" in reasons[-1] and "a linear forecast" in reasons[-1]


def test_without_a_season_nothing_seasonal_is_chosen():
    portfolio, _ = chosen(PLAIN._replace(season=1))
    assert len(portfolio) >= 4
    assert all("season" not in one["base"] and one["normalise"] != "season" for one in portfolio)


def test_a_long_season_is_held_twice_where_the_rows_reach():
    portfolio, _ = chosen(HOURS, horizon=24)
    assert max(one["window"] for one in portfolio) >= 336
    short, _ = chosen(HOURS._replace(length=300), horizon=24)
    assert max(one["window"] for one in short) < 168


def test_the_calendar_and_a_decoder_help_with_what_is_known_ahead():
    without, _ = chosen(HOURS, horizon=24)
    assert {one["calendar"] for one in without} == {()}
    portfolio, _ = chosen(HOURS._replace(known_ahead=True), horizon=24)
    assert {one["calendar"] for one in portfolio} == {(), HOURS.calendar}
    assert all(one["decoding"] == "segments" and one["segment"] == 4 for one in portfolio)
    given, _ = chosen(HOURS._replace(known_ahead=True), horizon=24, calendar=("hour",))
    assert {one["calendar"] for one in given} == {("hour",)}
    assert all("decoding" not in one for one in chosen(HOURS._replace(known_ahead=True), horizon=1)[0])


def test_windows_are_whole_seasons_with_a_season_a_patch():
    for season in (7, 12, 24, 48):
        portfolio, _ = chosen(PLAIN._replace(season=season, length=2000))
        assert all(one["window"] % season == 0 and one["patch"] == season for one in portfolio)


def test_some_look_at_the_near_past_and_some_far_back():
    portfolio, reasons = chosen()
    near, far = min(one["window"] for one in portfolio), max(one["window"] for one in portfolio)
    assert near < far and any(reason.startswith(f"window {near} steps") and f"or {far}" in reason for reason in reasons)


def test_a_given_window_or_patch_is_that_of_all():
    portfolio, reasons = chosen(window=30)
    assert {one["window"] for one in portfolio} == {30} and len({one["patch"] for one in portfolio}) == 1
    assert not any(reason.startswith("window ") for reason in reasons)
    portfolio, _ = chosen(patch=5)
    assert all(one["patch"] == 5 and one["window"] % 5 == 0 for one in portfolio)


def test_a_given_base_has_a_window_that_holds_it():
    """Three weeks of rows would have room for less than a season otherwise."""
    short = PLAIN._replace(season=7, length=25)
    for name, value in (("base", "season"), ("base", "season-mean"), ("normalise", "season")):
        portfolio, reasons = chosen(short, train=18, **{name: value})
        assert all(one["window"] >= 7 and one[name] == value for one in portfolio)
        assert any("needs" in reason for reason in reasons)


def test_a_given_recipe_leaves_one_framing_where_the_others_become_the_same():
    portfolio, reasons = chosen(window=24, base="last", normalise="last", rescale="none", decoding="direct")
    assert len(portfolio) == 1 and not any("framings" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"growth": 1.0}, "log"),
        ({"growth": 0.2}, None),
        ({"growth": 1.0, "depth": 0.05}, None),
        ({"growth": 1.0, "smallest": -1.0}, None),
    ],
)
def test_the_logarithm_where_swings_grow_with_a_level_that_stays_off_zero(changes, expected):
    portfolio, _ = chosen(PLAIN._replace(**changes))
    assert {one.get("transform") for one in portfolio} == {expected}


def test_networks_grow_with_the_number_of_windows():
    sizes = []
    for series, length in ((1, 100), (1, 3000), (500, 500)):
        traits = PLAIN._replace(series=series, length=length, rows=series * length)
        portfolio, _ = chosen(traits)
        sizes.append((portfolio[0]["hidden"][0], portfolio[0]["batch_size"]))
    assert sizes == sorted(sizes) and len(set(sizes)) == 3
    assert portfolio[0]["refit"] == "onward" and portfolio[0]["combine"] == "weighted"


def test_training_is_the_same_for_all_framings():
    framing = {"window", "patch", "base", "normalise", "rescale", "decoding", "segment", "calendar"}
    portfolio, _ = chosen(HOURS._replace(known_ahead=True), horizon=24)
    rest = [{name: value for name, value in one.items() if name not in framing} for one in portfolio]
    assert all(one == rest[0] for one in rest)

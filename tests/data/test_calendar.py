"""The calendar: smooth, complete where it must be, and refused where it would say nothing."""

import numpy as np
import pandas as pd
import pytest

from gatewise.data.calendar import PARTS, Calendar, calendar_of
from gatewise.errors import SettingsError


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_periodic_and_centred(part):
    cycle = {"hour": 24, "weekday": 24 * 7, "day": 24 * 31, "month": 24 * 365}[part]
    index = pd.date_range("2021-01-01", periods=2 * cycle, freq="h")
    made = Calendar((part,), None, "h").columns(index)
    assert made.shape == (2 * cycle, 2 * PARTS[part]) and made.dtype == np.float32
    if part != "day":
        np.testing.assert_allclose(made[:cycle], made[cycle:], atol=1e-6)
    np.testing.assert_allclose(made[:cycle].mean(axis=0), 0, atol=1e-3)


def test_any_seven_values_are_linear_in_the_weekday():
    made = calendar_of(("weekday",), None, "D").columns(pd.date_range("2024-01-01", periods=7))
    assert np.linalg.matrix_rank(np.c_[made, np.ones(7)]) == 7


def test_clock_time_counts_and_not_utc():
    local = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    made = Calendar(("hour", "weekday"), "DE", "h").columns(local)
    np.testing.assert_array_equal(made, Calendar(("hour", "weekday"), "DE", "h").columns(local.tz_localize(None)))


def test_holidays_and_the_days_beside_them():
    index = pd.date_range("2024-12-23", "2024-12-28")
    made = calendar_of((), "de", "D").columns(index)
    # Christmas is the 25th and the 26th.
    np.testing.assert_array_equal(made, [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 0, 0]])
    hourly = Calendar((), "DE", "h").columns(pd.date_range("2024-12-25", periods=24, freq="h"))
    assert (hourly == [1, 1, 0]).all()
    lincoln = pd.DatetimeIndex(["2024-02-12"])
    assert [calendar_of((), code, "D").columns(lincoln)[0, 0] for code in ("US", "US-NY")] == [0, 1]


@pytest.mark.parametrize("freq", ["W-SUN", "2W-SAT", "MS", "ME", "BMS", "BME", "QS-JAN", "QE-DEC", "YE", "10D"])
def test_coarse_steps_count_the_holidays(freq):
    calendar = calendar_of((), "DE", freq)
    index = pd.date_range("2020-01-01", periods=8, freq=freq)
    made = calendar.columns(index)
    assert made.shape == (8, 2) == (8, calendar.width)
    # The step behind a stamp begins the day after the stamp before it; the one in front ends the day before the next.
    days = Calendar((), "DE", "D").columns(pd.date_range(index[0], index[-1]))[:, 0]
    total = days.sum()
    assert made[1:, 0].sum() == total - days[0] and made[:-1, 1].sum() == total - days[-1]


@pytest.mark.parametrize(
    ("parts", "holidays", "freq", "message"),
    [
        (("weekdy",), None, "D", "names 'weekdy'. Did you mean 'weekday'"),
        (("hour",), None, "D", "'hour' says nothing at the frequency 'D' (daily). Use weekday, day, month."),
        (("month", "weekday"), None, "W-SUN", "'weekday' says nothing"),
        (("day",), None, "MS", "Use month."),
        (("month",), None, "YE", "Use none."),
        (("weekday",), None, 1, "it holds integer steps and calendar=weekday is set"),
        ((), "DE", 1, "it holds integer steps and holidays=DE is set"),
        ((), "XQ", "D", "but is 'XQ'"),
        ((), "Germany", "D", "list_supported_countries"),
        ((), "DE-XX", "D", "a subdivision that DE has, but is 'DE-XX'. Use one of BB"),
    ],
)
def test_what_cannot_be(parts, holidays, freq, message):
    with pytest.raises(SettingsError) as caught:
        calendar_of(parts, holidays, freq)
    assert message in str(caught.value)


@pytest.mark.parametrize("freq", ["D", "B", "h", "30min", "12h", "W-MON", "MS"])
def test_none_is_nothing_and_month_fits_all(freq):
    assert calendar_of(("none",), None, freq) == calendar_of(None, None, 1) == Calendar()
    assert calendar_of(("month", "month"), None, freq).width == 4

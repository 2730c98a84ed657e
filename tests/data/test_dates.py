"""Dates in every spelling, and the ones that must be refused."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.dates import looks_like_dates, parse_times
from gatewise.errors import DataError

DAY, HOUR = "2021-03-04", "2021-03-04 17:05:00"


def iso(cells, **options):
    return [str(stamp) for stamp in parse_times(pd.Series(cells, name="t", **options))]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1949-01", "1949-02"], ["1949-01-01 00:00:00", "1949-02-01 00:00:00"]),
        ([19580329, 19580405], ["1958-03-29 00:00:00", "1958-04-05 00:00:00"]),
        (["19580329", "19580405"], ["1958-03-29 00:00:00", "1958-04-05 00:00:00"]),
        ([195803, 195804], ["1958-03-01 00:00:00", "1958-04-01 00:00:00"]),
        ([202001010530], ["2020-01-01 05:30:00"]),
        ([1950, 1951], ["1950-01-01 00:00:00", "1951-01-01 00:00:00"]),
        ([1950.0, 1951.0], ["1950-01-01 00:00:00", "1951-01-01 00:00:00"]),
        (["1950", "1951"], ["1950-01-01 00:00:00", "1951-01-01 00:00:00"]),
        (["1958-03-29T12:00:00Z"], ["1958-03-29 12:00:00+00:00"]),
        (["2021-03-04 17:05 UTC"], ["2021-03-04 17:05:00+00:00"]),
        (["2021-03-04T17:05:00+02:00"], ["2021-03-04 17:05:00+02:00"]),
        (
            ["2020-01-01T00:00:00+01:00", "2020-07-01T00:00:00+02:00"],
            ["2019-12-31 23:00:00+00:00", "2020-06-30 22:00:00+00:00"],
        ),
        ([1614877500, 1614877560], ["2021-03-04 17:05:00+00:00", "2021-03-04 17:06:00+00:00"]),
        ([1614877500000, 1614877560000], ["2021-03-04 17:05:00+00:00", "2021-03-04 17:06:00+00:00"]),
        (["1990Q1", "1990Q4"], ["1990-01-01 00:00:00", "1990-10-01 00:00:00"]),
        (["Q1 1990", "Q2 1990"], ["1990-01-01 00:00:00", "1990-04-01 00:00:00"]),
        (["1990M01", "1990M12"], ["1990-01-01 00:00:00", "1990-12-01 00:00:00"]),
        (["2020-W01", "2020-W53"], ["2019-12-30 00:00:00", "2020-12-28 00:00:00"]),
        (["31/12/2020", "01/02/2021"], ["2020-12-31 00:00:00", "2021-02-01 00:00:00"]),
        (["12/31/2020", "01/02/2021"], ["2020-12-31 00:00:00", "2021-01-02 00:00:00"]),
        (["03.04.2020", "04.04.2020"], ["2020-04-03 00:00:00", "2020-04-04 00:00:00"]),
        (["1/1/1990", "1/2/1990", "1/1/1991"], ["1990-01-01 00:00:00", "1990-02-01 00:00:00", "1991-01-01 00:00:00"]),
        (["1/31/99 5:05 PM", "2/1/00 12:00 AM"], ["1999-01-31 17:05:00", "2000-02-01 00:00:00"]),
        (["2021/3/4 17:05", "2021/03/04 17:05"], [HOUR, HOUR]),
        (["2021.03.04"], [f"{DAY} 00:00:00"]),
        (["03/2021", "12/2021"], ["2021-03-01 00:00:00", "2021-12-01 00:00:00"]),
        (["Mar 2021", "Dec 2021"], ["2021-03-01 00:00:00", "2021-12-01 00:00:00"]),
        (["March 4, 2021", "May 5, 2021"], ["2021-03-04 00:00:00", "2021-05-05 00:00:00"]),
        (["4-Mar-2021 17:05"], [HOUR]),
        ([datetime.date(2021, 3, 4)], [f"{DAY} 00:00:00"]),
        (pd.PeriodIndex(["2021Q1"], freq="Q"), ["2021-01-01 00:00:00"]),
        ([1, 2, 5], ["1", "2", "5"]),
    ],
)
def test_spellings(cells, expected):
    assert iso(cells) == expected


@settings(max_examples=60, deadline=None)
@given(
    stamps=st.lists(
        st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)), min_size=1, max_size=20
    ),
    form=st.sampled_from(
        ["%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S", "%d %b %Y %H:%M:%S"]
    ),
)
def test_written_dates_read_back(stamps, form):
    whole = [stamp.replace(microsecond=0) for stamp in stamps]
    text = pd.Series([stamp.strftime(form) for stamp in whole])
    assert parse_times(text).tolist() == [pd.Timestamp(stamp) for stamp in whole]


def test_conversions_are_said():
    notes: list[str] = []
    parse_times(pd.Series(["2020-01-01T00:00:00+01:00", "2020-07-01T00:00:00+02:00"], name="t"), notes)
    parse_times(pd.Series([1614877500], name="t"), notes)
    parse_times(pd.Series(["31/12/2020"], name="t"), notes)
    assert notes == [
        "time column 't': the offsets differ, so the time stamps were converted to UTC",
        "time column 't': read as seconds since 1970 (UTC)",
        "time column 't': '31/12/2020' was read with the day first",
    ]


def test_zones_are_kept():
    stamps = pd.Series(pd.date_range("2020-03-28", periods=3, tz="Europe/Berlin"))
    assert str(pd.DatetimeIndex(parse_times(stamps)).tz) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["2020-01-01", None], "row 2 (line 3) has none in column 't' (1 such rows)"),
        (["2020-01-01", "NA"], "row 2 (line 3) has none"),
        (["2020-01-01", "soon"], "row 2 (line 3) of 't' holds 'soon'. Write dates as YYYY-MM-DD"),
        (["2020-01-01", "now"], "holds 'now'"),
        (["2020-01-01", "2020-02-30"], "row 2 (line 3) of 't' holds '2020-02-30'"),
        (["31/12/2020", "31/02/2021"], "holds '31/02/2021'"),
        (["north", "south"], "row 1 (line 2) of 't' holds 'north'"),
        (["01/02/2020", "02/02/2020"], "could put the day or the month first, for example '01/02/2020'"),
        (["13/02/2020", "02/13/2020"], "all put the day first or all the month first"),
        (["2020-01-01T00:00:00Z", "2020-01-01T00:00:00"], "must all have an offset or none"),
        ([1.5, 2.0], "must hold dates or whole numbers, but row 1 (line 2) of 't' holds 1.5"),
        ([1.0, np.nan], "row 2 (line 3) has none"),
    ],
)
def test_refused(cells, message):
    with pytest.raises(DataError) as caught:
        parse_times(pd.Series(cells, index=pd.RangeIndex(2, 4, name="line"), name="t"))
    assert message in str(caught.value)


def test_what_looks_like_dates():
    assert looks_like_dates(pd.Series(["Q1 1990", "Q2 1990"]))
    assert looks_like_dates(pd.Series([20200101, 20200102]))
    assert not looks_like_dates(pd.Series([20200101, 20209902]))
    assert not looks_like_dates(pd.Series(["1.5", "2.5"]))
    assert not looks_like_dates(pd.Series([None, None], dtype=object))

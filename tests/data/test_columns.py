"""Roles: guessed when obvious, refused with the candidates and the flag when not."""

import numpy as np
import pandas as pd
import pytest

from gatewise.data.columns import guess_roles, read_numbers
from gatewise.errors import DataError

DAYS = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]


def roles(frame, **given):
    found = guess_roles(pd.DataFrame(frame), **given)
    return found.time, found.target, found.id


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"Month": ["1949-01", "1949-02"], "Passengers": [1, 2]}, ("Month", ("Passengers",), None)),
        ({"when": DAYS, "y": [1, 2, 3, 4], "temp": [1, 2, 3, 5]}, ("when", ("y",), None)),
        ({"a": DAYS, "month": [1, 1, 1, 1], "y": [4, 3, 2, 1]}, ("a", ("y",), None)),
        ({"a": DAYS, "date": DAYS, "y": [4, 3, 2, 1]}, ("date", ("y",), None)),
        ({"y": [4, 3, 2, 1]}, (None, ("y",), None)),
        ({"ds": [1, 2, 2, 4], "y": [4, 3, 3, 1]}, ("ds", ("y",), None)),
        ({"unique_id": ["a", "a", "b", "b"], "ds": [1, 2, 1, 2], "y": [4, 3, 2, 1]}, ("ds", ("y",), "unique_id")),
        ({"unique_id": [7, 7, 8, 8], "y": [4, 3, 2, 1]}, (None, ("y",), "unique_id")),
        ({"shop": ["a", "a", "b", "b"], "ds": DAYS[:2] * 2, "sales": [4, 3, 2, 1]}, ("ds", ("sales",), "shop")),
        ({"weather": ["dry", "wet", "dry", "wet"], "ds": DAYS, "sales": [4, 3, 2, 1]}, ("ds", ("sales",), None)),
        ({"unnamed_1": [0, 1, 2, 3], "ds": DAYS, "sales": [4, 3, 2, 1]}, ("ds", ("sales",), None)),
        ({"id": [1, 2, 3, 4], "ds": DAYS, "sales": [4, 3, 2, 1]}, ("ds", ("sales",), None)),
        ({"ds": DAYS, "flag": [True, False, True, True], "v": [4, 3, 2, 1]}, ("ds", ("v",), None)),
        ({"date": ["01/02/2020", "oops"] * 2, "v": [4, 3, 2, 1]}, ("date", ("v",), None)),
        ({"ds": DAYS, "y": ["10%", "20%", "9%", "8%"]}, ("ds", ("y",), None)),
        ({"year": [1950, 1951, 1952, 1953], "v": [4, 3, 2, 1]}, ("year", ("v",), None)),
    ],
)
def test_obvious_roles(frame, expected):
    assert roles(frame) == expected


def test_guesses_are_said():
    notes = guess_roles(pd.DataFrame({"v": [1.0, 2.0]})).notes
    assert notes == (
        "no time column: the rows were numbered as integer steps",
        "target column 'v': guessed from its being the only numbers",
    )


def test_given_roles_are_taken():
    frame = {"a": [1, 2], "b": [1, 2], "c, d": [1, 2]}
    assert roles(frame, time="a", target="b") == ("a", ("b",), None)
    assert roles(frame, target="a,b")[1] == ("a", "b")
    assert roles(frame, target="c, d")[1] == ("c, d",)
    assert roles(frame, target=("b", "c, d"), id="a") == (None, ("b", "c, d"), "a")


@pytest.mark.parametrize(
    ("frame", "given", "message"),
    [
        ({"ds": DAYS, "HUFL": [1, 2, 3, 4], "OT": [1, 2, 3, 4]}, {}, "'HUFL', 'OT' all could. Name it with --target"),
        ({"start": DAYS, "end": DAYS, "y": [1, 2, 3, 4]}, {}, "'start', 'end' all could. Name it with --time"),
        (
            {"shop": list("aabb"), "item": list("xxyy"), "city": list("aabb"), "ds": DAYS[:2] * 2, "y": [1, 2, 3, 4]},
            {"id": None},
            None,
        ),
        (
            {"shop": list("aabb"), "city": list("xxyy"), "ds": DAYS[:2] * 2, "y": [1, 2, 3, 4]},
            {},
            "'shop', 'city' all could. Name it with --id",
        ),
        ({"ds": DAYS, "name": list("abcd")}, {}, "must have a column of numbers to forecast, but none of 'ds', 'name'"),
        ({"ds": DAYS, "sales": [1, 2, 3, 4]}, {"target": "sale"}, "there is no 'sale'. Did you mean 'sales'?"),
        ({"ds": DAYS, "sales": [1, 2, 3, 4]}, {"time": "date"}, "--time must name a column of the table"),
        ({"ds": DAYS, "sales": [1, 2, 3, 4]}, {"id": "shop"}, "The columns are 'ds', 'sales'."),
        ({"ds": DAYS, "sales": [1, 2, 3, 4]}, {"time": "sales", "target": "sales"}, "one role only"),
    ],
)
def test_ambiguous_or_unknown(frame, given, message):
    if message is None:
        assert roles(frame, **given)[2] == "item"
        return
    with pytest.raises(DataError) as caught:
        roles(frame, **given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1", "2", "twelve"], "Column 'v' must hold numbers, but row 3 (line 4) holds 'twelve' (1 such values)"),
        (["1,5", "12.5", "3,5"], "row 2 (line 3) holds '12.5'"),
        ([1.0, np.inf, 2.0], "must hold finite numbers, but row 2 (line 3) holds inf"),
        (pd.to_datetime(DAYS[:3]), "column 'v' holds dates"),
    ],
)
def test_cells_that_are_no_numbers(cells, message):
    with pytest.raises(DataError) as caught:
        read_numbers(pd.Series(cells, index=pd.RangeIndex(2, 5, name="line"), name="v"))
    assert message in str(caught.value)


def test_missing_spellings_and_booleans():
    cells = ["", "NA", "NaN", "null", "None", "-", "?", ".", "n/a", None, "7"]
    assert np.isnan(read_numbers(pd.Series(cells, dtype=object))).tolist() == [True] * 10 + [False]
    assert read_numbers(pd.Series([True, False])).tolist() == [1.0, 0.0]
    assert read_numbers(pd.Series([1, None], dtype="Int64")).tolist()[0] == 1.0


def test_evenly_spaced_seconds_since_1970_are_the_time_under_any_name():
    stamps = 1_704_067_200 + 3600 * np.arange(50)
    roles = guess_roles(pd.DataFrame({"ts": stamps, "reading": np.arange(50) * 1.5}))
    assert (roles.time, roles.target) == ("ts", ("reading",))
    assert guess_roles(pd.DataFrame({"unixish": stamps * 1000, "reading": np.ones(50)})).time == "unixish"

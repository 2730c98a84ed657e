"""Comparison down to the last bit, and what it says of differences."""

import numpy as np
import pandas as pd
import pytest

from gatewise.data.scaling import Scaler
from gatewise.errors import DataError
from gatewise.evaluate.audit import Audit, Check, check_of
from gatewise.evaluate.comparing import MOST_LISTED, Compared, against, attempt, compare
from gatewise.settings import Settings


def scaler(center: float) -> Scaler:
    one = np.ones(2)
    return Scaler(np.array([center, 1.0]), one, "none", one, one, one)


@pytest.mark.parametrize(
    "value",
    [
        1.5, float("nan"), "text", None, True, np.arange(3), np.array([np.nan, 1.0]), np.array(["a", "b"], object),
        Settings.of(), scaler(1.0), {"a": [1, (2.0, "b")]}, pd.date_range("2020", periods=3), np.zeros((0, 2)),
    ],
    ids=repr,
)  # fmt: skip
def test_the_same_is_the_same(value):
    found = compare(value, value, "it")
    assert found.differences == 0 and found.numbers > 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (1.0, np.nextafter(1.0, 2.0), "it: 1 became 1"),
        (0.0, -0.0, "it: 0 became -0"),
        (1, 1.0, "it: 1 became 1"),
        ("12", "7", "it: '12' became '7'"),
        (np.array([1.0, 2.0]), np.array([1.0, 2.5]), "it: 1 of 2 differ, by up to 0.5, 0.25 of the largest"),
        (np.array([0.0, np.nan]), np.array([-0.0, np.nan]), "it: 1 of 2 differ, by up to 0"),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "it: 1 of 2 differ"),
        (np.float32([1]), np.float64([1]), "it: float32 of shape (1,) became float64"),
        (np.zeros(2), np.zeros(3), "it: float64 of shape (2,) became float64 of shape (3,)"),
        (np.array([True, False]), np.array([True, True]), "it: 1 of 2 differ"),
        (np.array(["a", "b"]), np.array(["a", "c"]), "it: 1 of 2 differ"),
        (Settings.of(dropout=0.1), Settings.of(dropout=0.2), "it.dropout: 0.1 became 0.2"),
        (scaler(1.0), scaler(3.0), "it.center: 1 of 2 differ, by up to 2"),
        ({"a": 1}, {"b": 1}, "it.a: is gone"),
        ([1, 2], [1], "it[1]: is gone"),
        (None, np.zeros(1), "it: None became array"),
        (pd.date_range("2020", periods=2), pd.date_range("2021", periods=2), "it.index: 2 of 2 differ"),
    ],
    ids=repr,
)
def test_what_differs_is_named_with_its_size(before, after, words):
    found = compare(before, after, "it")
    assert found.differences >= 1 and found.listed[0].startswith(words)


def test_many_differences_are_counted_and_a_few_are_listed():
    found = compare(list(range(20)), list(range(1, 21)), "it")
    assert found.differences == 20 and len(found.listed) == MOST_LISTED
    both = found + found
    assert both.differences == 40 and both.numbers == 40 and len(both.listed) == MOST_LISTED
    assert check_of("a", found, "it", ["x.py"]).detail.endswith("and 15 more. Look at x.py.")


def test_an_error_that_only_one_gives_is_a_difference():
    def fails() -> None:
        raise DataError("no.")

    assert (
        "only with the scrambled data there is an error: no." in against(attempt(fails), lambda it: Compared(1)).listed
    )
    assert against(attempt(lambda: 3), lambda it: compare(it, 3, "it")) == Compared(1)


def audit_of(*checks: Check, interrupted: bool = False) -> Audit:
    return Audit("runs/x", checks, "2026-01-02T03:04:05+00:00", 12, ("a note",), 1.234, interrupted)


def test_the_line_says_what_was_found():
    good, bad = Check("reading", True, "fine", 1000), Check("search", False, "weights: 1 of 2 differ.", 5)
    passed = audit_of(good, good)
    assert passed.passed and passed.line == (
        "Leakage audit of 2026-01-02 passed: with 12 values behind the cutoffs scrambled, 2,000 numbers of scaling, "
        "choices, weights, intervals and forecasts came out bit-identical in 2 checks."
    )
    failed = audit_of(good, bad, bad)
    assert not failed.passed and failed.line == (
        "Leakage audit of 2026-01-02 FAILED in 2 of 3 checks, first in 'search': weights: 1 of 2 differ."
    )
    assert not audit_of().passed and not audit_of(good, interrupted=True).passed
    document = failed.to_dict()
    assert document["seconds"] == 1.2 and document["checks"][1]["passed"] is False and len(document["allowed"]) > 4

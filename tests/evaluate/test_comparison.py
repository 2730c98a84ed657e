"""The test of a difference: its formulas, and how often it is wrong where there is none."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from gatewise.evaluate.comparison import Comparison, compare
from gatewise.evaluate.verdict import verdict


def test_one_series_is_the_test_of_diebold_and_mariano_with_the_correction():
    rng = np.random.default_rng(0)
    ours, theirs = rng.uniform(0.5, 1, 12), rng.uniform(0.6, 1.3, 12)
    found = compare(ours[:, None], theirs[:, None], against="x", overlap=2)
    ratio = ours.mean() / theirs.mean()
    loss = (ours - ratio * theirs) / theirs.mean()
    count, steps = 12, 3
    gamma = [np.sum((loss[lag:] - loss.mean()) * (loss[: count - lag] - loss.mean())) / count for lag in range(steps)]
    variance = (gamma[0] + 2 * sum(gamma[1:])) / count
    if variance <= 0:
        variance = gamma[0] / count
    error = math.sqrt(variance / ((count + 1 - 2 * steps + steps * (steps - 1) / count) / count))
    reach = stats.t.ppf(0.975, count - 1) * error
    assert (found.low, found.high) == pytest.approx((1 - ratio - reach, 1 - ratio + reach))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(1 - ratio) / error, count - 1))


def test_without_overlap_it_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    ours, theirs = rng.uniform(0.5, 1, 9), rng.uniform(0.6, 1.3, 9)
    found = compare(ours[:, None], theirs[:, None], against="x")
    ratio = ours.mean() / theirs.mean()
    assert found.p_value == pytest.approx(
        stats.ttest_1samp(ours - ratio * theirs + (ratio - 1) * theirs.mean(), 0).pvalue
    )


@pytest.mark.parametrize(("origins", "series"), [(5, 1), (20, 1), (5, 30), (1, 40)])
def test_no_difference_is_rarely_called_one(origins, series):
    """Common shocks of origins and series on both forecasts, and one of each origin on the difference."""
    rng = np.random.default_rng(2)

    def once() -> str:
        common = 2 + rng.normal(size=(origins, 1)) * 0.3 + rng.normal(size=(1, series)) * 0.3
        shock = rng.normal(size=(origins, 1)) * 0.1 if origins > 1 else 0.0
        ours, theirs = common + shock, common + 0.0
        noise = rng.normal(size=(2, origins, series)) * 0.2
        return compare(ours + noise[0], theirs + noise[1], against="x").decision

    decisions = [once() for _ in range(2000)]
    assert 1 - decisions.count("tie") / 2000 <= 0.065


def test_a_clear_difference_is_seen():
    rng = np.random.default_rng(3)
    theirs = rng.uniform(0.9, 1.1, (6, 3))
    assert compare(0.7 * theirs + rng.normal(size=(6, 3)) * 0.02, theirs, against="x").decision == "better"
    assert compare(1.3 * theirs + rng.normal(size=(6, 3)) * 0.02, theirs, against="x").decision == "worse"


def test_missing_errors_do_not_count_and_each_series_counts_the_same():
    theirs = np.array([[1.0, 10.0], [1.0, np.nan], [1.0, np.nan], [1.0, np.nan]])
    ours = np.array([[0.5, 10.0], [0.5, np.nan], [0.5, np.nan], [0.5, np.nan]])
    assert compare(ours, theirs, against="x").improvement == pytest.approx(1 - 5.25 / 5.5)


def test_no_interval_reaches_beyond_the_whole_error():
    found = compare(np.array([[0.1], [0.9], [0.2]]), np.ones((3, 1)), against="x")
    assert found.low < 0 and found.high == 1 and found.decision == "tie"


def test_too_little_gives_no_interval():
    found = compare(np.ones((2, 1)), 2 * np.ones((2, 1)), against="x")
    assert found.low is None and found.decision == "tie" and found.improvement == 0.5 and "too few" in found.test
    perfect = compare(np.ones((5, 1)), np.zeros((5, 1)), against="x")
    assert perfect.decision == "tie" and perfect.improvement == -math.inf


def said(ours: float, theirs: float, low: float | None, high: float | None):
    board = pd.DataFrame({"model": ["gatewise", "seasonal_naive"], "MASE": [ours, theirs], "MAE": [1.0, 1.0]})
    return verdict(board, Comparison("seasonal_naive", 1 - ours / theirs, low, high, 0.01, "A test."), 5, 1)


def test_verdict_claims_no_victory_that_is_not_there():
    worse = said(1.2, 1.0, -0.3, -0.1)
    assert worse.text.startswith("Do not use the LSTM here: seasonal naive is better and free")
    assert worse.decision == "worse" and worse.recommended == "seasonal_naive"
    same = said(1.0, 1.0, -0.1, 0.1)
    assert same.text.startswith("Do not use the LSTM here: seasonal naive is as good and free")
    assert same.recommended == "seasonal_naive"
    behind = said(1.3, 1.0, -0.7, 0.1)
    assert "seasonal naive has the smaller error and is free (MASE 1.3 against 1)" in behind.text
    assert behind.decision == "tie" and behind.recommended == "seasonal_naive"
    chance = said(0.9, 1.0, -0.1, 0.3)
    assert chance.text.startswith("No clear winner") and "-10 to 30 %" in chance.text
    assert chance.recommended == "gatewise" and chance.decision == "tie"
    few = said(0.9, 1.0, None, None)
    assert "--test-windows" in few.text and few.decision == "tie"
    better = said(0.5, 1.0, 0.4, 0.6)
    assert "by 50 % (95 % interval 40 to 60 %; MASE 0.5 against 1)" in better.text and better.recommended == "gatewise"
    assert said(0.995, 1.0, 0.001, 0.009).decision == "tie"


def test_verdict_without_mase_is_on_mae():
    board = pd.DataFrame({"model": ["gatewise", "drift"], "MASE": [np.nan, np.nan], "MAE": [1.0, 2.0]})
    assert "MAE 1 against 2" in verdict(board, Comparison("drift", 0.5, 0.4, 0.6, 0.01, "A test."), 5, 1).text

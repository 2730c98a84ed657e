"""The one-standard-error rule: the cheapest value whose mean is within one standard error of the lowest."""

import math

import numpy as np
import pytest

from gatewise.settings import Settings
from gatewise.swept import Repeat, Row, choose, improves


def repeat(score: float, **facts) -> Repeat:
    plain = {"seed": 0, "train_loss": 0.1, "val_loss": 0.2, "best_epoch": 3, "epochs": 5, "seconds": 1.0}
    return Repeat(**{**plain, "parameters": 100, "status": "epoch-limit", "message": "", **facts}, score=score)


def row(value, *scores: float, problem: str = "", **facts) -> Row:
    return Row(value, Settings.of(), tuple(repeat(score, **facts) for score in scores), problem)


def test_mean_spread_and_standard_error():
    scores = [0.5, 0.4, 0.45, 0.6]
    one = row(1, *scores)
    assert one.score == pytest.approx(np.mean(scores))
    assert one.std == pytest.approx(np.std(scores, ddof=1))
    assert one.standard_error == pytest.approx(np.std(scores, ddof=1) / 2)
    assert math.isnan(row(1, 0.5).standard_error) and math.isnan(row(1).score)


def test_the_smallest_network_within_one_standard_error_is_chosen():
    # The best mean is 0.42 with a standard error of 0.02: 0.43 is within it, 0.45 is not.
    rows = [
        row((8,), 0.45, 0.45, 0.45, parameters=50),
        row((32,), 0.43, 0.43, 0.43, parameters=500),
        row((64,), 0.38, 0.42, 0.46, parameters=900),
        row((128,), 0.425, 0.425, 0.425, parameters=5000),
    ]
    found = choose("hidden", rows)
    assert found is not None
    assert (found.row, found.best) == (rows[1], rows[2])
    assert found.bound == pytest.approx(0.42 + 0.04 / math.sqrt(3))
    assert "hidden 32 is the cheapest within one standard error" in found.reason and "500 parameters" in found.reason


@pytest.mark.parametrize(
    ("name", "cheap", "dear"),
    [
        ("dropout", {"value": 0.0}, {"value": 0.3}),
        ("window", {"value": 12}, {"value": 24}),
        ("learning_rate", {"value": 0.01, "epochs": 4, "seconds": 9.0}, {"value": 0.1, "epochs": 8, "seconds": 1.0}),
        ("batch_size", {"value": 64, "seconds": 1.0}, {"value": 32, "seconds": 4.0}),
    ],
)
def test_what_is_cheap_depends_on_the_knob(name, cheap, dear):
    rows = [row(one["value"], *scores, **{key: value for key, value in one.items() if key != "value"})
            for one, scores in ((dear, (0.40, 0.44)), (cheap, (0.43, 0.43)))]  # fmt: skip
    found = choose(name, rows)
    assert found is not None and found.row is rows[1] and found.best is rows[0]


def test_with_one_seed_the_lowest_is_chosen_and_said_to_be_chance():
    found = choose("dropout", [row(0.0, 0.5), row(0.2, 0.49)])
    assert found is not None and found.row.value == 0.2 and "chance" in found.reason


def test_unusable_values_are_never_chosen():
    bad = [row(1, problem="too long"), row(2, 0.1, math.inf, status="diverged", message="diverged"), row(3)]
    assert choose("window", bad) is None
    found = choose("window", [*bad, row(24, 0.5, 0.6)])
    assert found is not None and found.row.value == 24
    assert [one.status for one in bad] == ["failed", "diverged", "not finished"]
    assert bad[0].message == "too long" and bad[1].message == "diverged"


def test_improving_means_by_more_than_one_standard_error_of_its_own():
    before, better = row(64, 0.43, 0.43), row(128, 0.38, 0.42)
    assert better.standard_error == pytest.approx(0.02)
    assert improves(better, before)
    assert not improves(better, row(64, 0.41, 0.41))
    assert not improves(row(128, math.inf), before)


@pytest.mark.parametrize("smaller", [0.40, 0.41, 0.42, 0.43, 0.44])
def test_growing_and_choosing_agree(smaller):
    rows = [row((64,), smaller, smaller), row((128,), 0.38, 0.42, parameters=900)]
    found = choose("hidden", rows)
    assert found is not None and (found.row is rows[1]) == improves(rows[1], rows[0])

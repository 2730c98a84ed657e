"""Effects: means, spreads and words of paired scores."""

import math

import numpy as np
import pytest
from scipy import stats

from gatewise.effects import Effect, t_quantile

SEEDS = (7, 8, 9)


def effect(with_, without, used=True, **more):
    return Effect("dropout", used, "dropout 0.2", SEEDS[: len(with_)], tuple(with_), tuple(without), **more)


@pytest.mark.parametrize("freedom", [1, 2, 5, 9, 10, 14, 40, 200])
def test_t_quantiles_are_students(freedom):
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.95, freedom), rel=2e-3)


def test_the_worth_is_the_mean_paired_difference_and_its_error_that_of_the_mean():
    with_, without = np.array([0.40, 0.42, 0.41]), np.array([0.43, 0.46, 0.43])
    one = effect(with_, without)
    gains = without - with_
    assert one.worth == pytest.approx(gains.mean()) and one.error == pytest.approx(stats.sem(gains))
    assert one.percent == pytest.approx(100 * gains.mean() / without.mean())
    low, high = stats.t.interval(0.9, 2, gains.mean(), stats.sem(gains))
    assert (one.worth - one.reach, one.worth + one.reach) == pytest.approx((low, high), rel=1e-3)
    assert one.verdict == "helped" and "Dropout was worth 6.8 % ± 1.3 %" in one.sentence


@pytest.mark.parametrize(
    ("with_", "without", "used", "verdict", "words"),
    [
        ([0.40, 0.41, 0.40], [0.43, 0.44, 0.43], False, "helped", "would be worth"),
        ([0.43, 0.44, 0.43], [0.40, 0.41, 0.40], True, "hurt", "Dropout hurt: without it the error is"),
        ([0.43, 0.44, 0.43], [0.40, 0.41, 0.40], False, "hurt", "would hurt: with it the error is"),
        ([0.40, 0.44, 0.43], [0.43, 0.40, 0.44], True, "unseen", "no difference that 3 seeds can see"),
        ([0.40, 0.44, 0.43], [0.40, 0.44, 0.43], True, "same", "no difference at all"),
        ([0.40], [0.50], True, "unknown", "too few to tell"),
        ([0.40, 0.4, 0.4], [math.inf, 0.4, math.inf], True, "helped", "2 of 3 trainings without it gave no usable"),
        ([math.inf, 0.4, 0.4], [0.4, 0.4, 0.4], False, "hurt", "1 of 3 trainings with it gave no usable model"),
        ([], [], True, "unknown", "stopped before any pair"),
        ([], [], False, "unknown", "not used"),
    ],
)
def test_verdicts_and_words(with_, without, used, verdict, words):
    one = effect(with_, without, used)
    assert one.verdict == verdict and words in one.sentence
    assert one.to_dict()["sentence"] == one.sentence


def test_why_a_trick_was_not_tried_is_said():
    assert effect([], [], False, note="the window is too short.").sentence == (
        "Dropout: not tried, the window is too short."
    )


def test_a_perfect_score_without_the_trick_has_no_percent():
    one = effect([0.1, 0.1, 0.1], [0.0, 0.0, 0.0])
    assert math.isnan(one.percent) and one.verdict == "hurt"

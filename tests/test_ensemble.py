"""Which networks forecast together and how: the median, the mean or greedy weights of those that are near the best."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.architecture import Architecture, quantiles_of
from gatewise.calibrate import MOST_RESIDUALS
from gatewise.ensemble import MUCH_WORSE, choose, combine, floor_of
from gatewise.settings import Combine, Settings
from gatewise.workbench import Candidate, Truth, Workbench
from tests.panels import panel_of_values, seasonal_values

HOW = get_args(Combine)
ORIGINS, HORIZON = 12, 3


def truth_of(seed: int = 0) -> Truth:
    """Return two series, some truths missing, in different units."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((ORIGINS, HORIZON))
    values[2, 1] = values[7, 0] = np.nan
    series = np.repeat([0, 1], ORIGINS // 2)
    return Truth(series, values, np.where(series == 0, 2.0, 0.5), np.ones(ORIGINS, bool))


def candidate(truth: Truth, forecast: np.ndarray, levels: tuple[int, ...] = ()) -> Candidate:
    """Return a candidate that made these forecasts, shape ``(origin, quantile, horizon)``."""
    architecture = Architecture(4, 1, HORIZON, (2,), quantiles=quantiles_of(levels) if levels else ())
    fitted: Any = SimpleNamespace(architecture=architecture, settings=Settings.of())
    training: Any = SimpleNamespace()
    return Candidate(fitted, training, truth.score(forecast[:, 0]), forecast)


def candidates(truth: Truth, count: int, seed: int, levels: tuple[int, ...] = ()) -> list[Candidate]:
    generator = np.random.default_rng(seed)
    known = np.nan_to_num(truth.values)[:, None]
    made = []
    for _ in range(count):
        noise = generator.uniform(0.1, 2) * generator.standard_normal((ORIGINS, 1, HORIZON))
        away = np.concatenate([np.zeros((ORIGINS, 1, HORIZON)), *(_sides(generator) for _ in levels)], axis=1)
        made.append(candidate(truth, known + noise + away, levels))
    return made


def _sides(generator: np.random.Generator) -> np.ndarray:
    """Return how far low and high of a level lie from the point."""
    return generator.uniform(0.1, 1, (ORIGINS, 2, HORIZON)) * np.array([-1.0, 1.0])[:, None]


def plain_score(truth: Truth, forecast: np.ndarray) -> float:
    means = {number: [] for number in truth.series}
    for origin, number in enumerate(truth.series):
        errors = [
            abs(made - came) / truth.scale[origin]
            for made, came in zip(forecast[origin], truth.values[origin], strict=True)
            if not np.isnan(came)
        ]
        means[number].append(sum(errors) / len(errors))
    return sum(sum(one) / len(one) for one in means.values()) / len(means)


def test_combinations_are_median_and_weighted_mean():
    made = [np.random.default_rng(seed).standard_normal((2, 4, 3, 5)) for seed in range(3)]
    np.testing.assert_array_equal(combine(made, None), np.median(made, axis=0))
    wanted = 0.5 * made[0] + 0.2 * made[1] + 0.3 * made[2]
    np.testing.assert_allclose(combine(made, np.array([0.5, 0.2, 0.3])), wanted, rtol=1e-12)


def test_members_with_and_without_quantiles_combine_their_points():
    point, quantiles = np.ones((2, 1, 3)), np.stack([np.full((3, 3), 3.0)] * 2)
    quantiles[:, 1:] = 99
    made = combine([point, quantiles], None)
    np.testing.assert_array_equal(made, np.full((2, 1, 3), 2.0))


@settings(max_examples=40, deadline=None)
@given(
    how=st.sampled_from(HOW), count=st.integers(1, 7), members=st.integers(1, 5), seed=st.integers(0, 10_000),
    quantile=st.booleans(),
)  # fmt: skip
def test_an_ensemble_is_of_good_members_and_scores_as_their_joint_forecast(how, count, members, seed, quantile):
    truth = truth_of(seed)
    some = candidates(truth, count, seed, (80,) if quantile else ())
    chosen = choose(some, truth, members, how)
    assert max(one.score for one in chosen.members) <= MUCH_WORSE * min(one.score for one in some)
    assert 1 <= len(chosen.members) <= max(members, 1)
    scores = [one.score for one in chosen.members]
    assert scores == sorted(scores)
    joined = combine([one.forecast for one in chosen.members], chosen.weights)[:, 0]
    assert chosen.score == pytest.approx(plain_score(truth, joined), rel=1e-6)
    if chosen.weights is not None:
        assert chosen.weights.sum() == pytest.approx(1) and (chosen.weights > 0).all()
        assert len(chosen.weights) == len(chosen.members)
        # The absolute error is convex: a weighted mean never errs more than its members do on that average.
        assert chosen.score <= np.dot(chosen.weights, scores) * (1 + 1e-9)


def test_the_best_stands_alone_where_company_does_not_help():
    truth = truth_of()
    known = np.nan_to_num(truth.values)[:, None]
    perfect, awful = candidate(truth, known), candidate(truth, known + 100)
    for how in HOW:
        chosen = choose([awful, perfect, awful], truth, 3, how)
        assert chosen.members == (perfect,) and chosen.score == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("how", HOW)
def test_who_is_much_worse_than_the_best_is_left_out_and_no_one_else(how):
    truth = truth_of()
    known = np.nan_to_num(truth.values)[:, None]
    best = candidate(truth, known + 1)
    just = candidate(truth, known - 0.999 * MUCH_WORSE)
    beyond = candidate(truth, known - 1.001 * MUCH_WORSE)
    assert set(map(id, choose([beyond, just, best], truth, 3, how).members)) == {id(best), id(just)}
    alone = choose([beyond, best], truth, 3, how)
    assert alone.members == (best,) and alone.weights is None
    assert choose([just, best], truth, 1, how).members == (best,)


def test_the_best_of_several_is_not_chosen_alone_for_being_the_best_here():
    """The mean errs more on the validation part, and stays: the best of several is partly the luckiest."""
    truth = truth_of()
    known = np.nan_to_num(truth.values)[:, None]
    some = [candidate(truth, known + error) for error in (1.0, 1.2, 1.2)]
    chosen = choose(some, truth, 3, "median")
    assert len(chosen.members) == 3 and chosen.score > some[0].score


def test_members_that_err_on_opposite_sides_forecast_together():
    truth = truth_of()
    known = np.nan_to_num(truth.values)[:, None]
    above, below = candidate(truth, known + 1), candidate(truth, known - 1.2)
    for how in ("mean", "weighted", "median"):
        chosen = choose([below, above], truth, 2, how)
        assert set(map(id, chosen.members)) == {id(above), id(below)}
        assert chosen.score < 0.25 * above.score


def test_weights_are_half_greedy_and_half_by_error():
    """Greedy: from nothing, add with replacement whoever helps the mean most; the counts over their sum."""
    truth, members, generator = truth_of(3), 3, np.random.default_rng(11)
    known = np.nan_to_num(truth.values)[:, None]
    noises = [generator.standard_normal(known.shape) for _ in range(6)]
    noises = [size * one / np.abs(one).mean() for size, one in zip(np.linspace(1, 1.05, 6), noises, strict=True)]
    some = [candidate(truth, known + noise) for noise in noises]
    some = sorted(some, key=lambda one: one.score)
    assert some[-1].score <= MUCH_WORSE * some[0].score, "all of them are near enough to take part"
    counts, bag = [0] * 6, []
    for _ in range(4 * members):
        used = [one for one in range(6) if counts[one]]
        allowed = range(6) if len(used) < members else used
        trials = {one: plain_score(truth, np.mean([*bag, some[one].forecast[:, 0]], axis=0)) for one in allowed}
        best = min(trials, key=lambda one: trials[one])
        counts[best] += 1
        bag.append(some[best].forecast[:, 0])
    chosen = choose(some, truth, members, "weighted")
    used = [one for one in range(6) if counts[one]]
    assert list(map(id, chosen.members)) == [id(some[one]) for one in used]
    inverse = np.array([some[one].score ** -4 for one in used])
    greedy = np.array([counts[one] for one in used]) / (4 * members)
    np.testing.assert_allclose(chosen.weights, 0.5 * greedy + 0.5 * inverse / inverse.sum())


def test_diverged_candidates_are_left_out():
    truth = truth_of()
    good = candidates(truth, 2, 0)
    chosen = choose([replace(good[0], score=float("inf")), good[1]], truth, 2, "mean")
    assert chosen.members == (good[1],)


def test_residuals_are_errors_in_units_of_the_error_scale():
    truth = truth_of()
    (one,) = candidates(truth, 1, 4, levels=(80, 95))
    made = choose([one], truth, 1, "median").residuals
    assert made.shape == (3, ORIGINS, HORIZON) and made.dtype == np.float32
    for bound, (low, high) in enumerate([(0, 0), (1, 2), (3, 4)]):
        for origin in range(ORIGINS):
            for step in range(HORIZON):
                came = truth.values[origin, step]
                beyond = max(one.forecast[origin, low, step] - came, came - one.forecast[origin, high, step])
                wanted = beyond / truth.scale[origin] if not np.isnan(came) else np.nan
                assert made[bound, origin, step] == pytest.approx(wanted, rel=1e-5, nan_ok=True)


def test_residuals_are_kept_for_evenly_spread_origins():
    count = 3 * MOST_RESIDUALS
    values = np.zeros((count, 1))
    truth = Truth(np.zeros(count, int), values, np.ones(count), np.ones(count, bool))
    made = choose([candidate(truth, np.arange(float(count))[:, None, None])], truth, 1, "median").residuals
    assert made.shape == (1, MOST_RESIDUALS, 1)
    assert made[0, 0, 0] == 0 and made[0, -1, 0] == count - 1
    assert np.ptp(np.diff(made[0, :, 0])) <= 1


def test_intervals_rest_on_validation_origins_only():
    """Neither the training part nor the test part moves a residual, except through the network itself."""
    base = Settings.of(window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(4,), epochs=1)
    bench = Workbench.of(panel_of_values(seasonal_values()), base)
    chosen = choose([bench.train(base)], bench.truth, 1, "median")
    values = seasonal_values()
    wanted = []
    for number, origin in enumerate(range(160 - 18, 160 - 6 - 3 + 1)):
        errors = np.abs(chosen.members[0].forecast[number, 0] - values[origin : origin + 3])
        wanted.append(errors / np.abs(values[12:-18] - values[:-30]).mean())
    np.testing.assert_allclose(chosen.residuals[0], wanted, rtol=1e-4)


def test_different_framings_forecast_together():
    """Each sees its own window; their median is over the same origins, in the user's units."""
    panel = panel_of_values(seasonal_values())
    base = Settings.of(window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(4,), epochs=1)
    framings = [
        base.change(base="last", normalise="last"),
        base.change(window=36, patch=12, base="season", normalise="mean", rescale="std", decoding="segments"),
    ]
    bench = Workbench.of(panel, base)
    made = [bench.train(one) for one in framings]
    chosen = choose([replace(one, score=1.0) for one in made], bench.truth, 3, "median")
    assert len(chosen.members) == 2
    ensemble = chosen.of([one.fitted for one in chosen.members], bench)
    each = [one.fitted.forecast_from(panel, (6, 3), 3)[:, :, 0] for one in made]
    np.testing.assert_allclose(ensemble.forecast_from(panel, (6, 3), 3).point, np.median(each, axis=0))


def test_the_floor_is_zero_where_nothing_is_negative_unless_it_is_set():
    above, below = panel_of_values(seasonal_values()), panel_of_values(seasonal_values() - 200)
    assert floor_of(Settings.of(), above) == 0.0 and floor_of(Settings.of(), below) is None
    assert floor_of(Settings.of(floor=-5.0), above) == -5.0

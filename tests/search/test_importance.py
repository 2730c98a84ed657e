"""Importance against searches whose answer is known."""

import math

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from gatewise.errors import SettingsError
from gatewise.search.folding import columns_of, losses_of
from gatewise.search.importance import METHODS, PENALTIES, _Ridge, importance_of
from gatewise.search.past import Past
from gatewise.settings import Prior
from tests.search.trials import SPACE, START, by_rate_and_loss, rate_of, tried


@pytest.mark.parametrize("method", METHODS)
def test_what_the_score_depends_on_comes_first(method):
    found = importance_of(tried(by_rate_and_loss, noise=0.01), SPACE.priors, method)
    assert {one.name for one in found.knobs[:2]} == {"learning_rate", "loss"}
    assert sum(one.share for one in found.knobs) == pytest.approx(1.0)
    assert "learning_rate" in found.sentence and found.trials == 60


def test_only_that_matters_and_its_best_value_is_found():
    found = importance_of(tried(by_rate_and_loss, noise=0.01), SPACE.priors)
    assert {one.name for one in found.knobs if one.matters} == {"learning_rate", "loss"}
    rate, loss = found.of("learning_rate"), found.of("loss")
    assert loss.best == "mae" and loss.span > 10 and 0.6 < found.foreseen < 1
    best = next(one for one in tried(by_rate_and_loss) if one.settings.learning_rate == rate.best)
    assert 1e-3 < rate_of(best.settings) < 1e-2
    assert found.of("seed") is None


def test_nothing_matters_where_scores_are_noise():
    flagged = [
        one.name
        for seed in range(10)
        for one in importance_of(tried(lambda _: 0.5, noise=0.02, seed=seed), SPACE.priors).knobs
        if one.matters
    ]
    assert len(flagged) <= 5, flagged


def test_a_diverging_rate_matters_though_it_has_no_scores():
    found = importance_of(tried(lambda one: math.inf if rate_of(one) > 8e-3 else 0.5, noise=0.01), SPACE.priors)
    assert found.knobs[0].name == "learning_rate" and found.knobs[0].matters


def test_the_same_seed_gives_the_same_result_and_failed_trials_say_nothing():
    trials = tried(by_rate_and_loss, noise=0.01)
    found = importance_of(trials, SPACE.priors)
    failed = Past(99, START, "failed", math.inf, 0)
    again = [one._replace(number=100 + one.number) for one in trials[:20]]
    assert importance_of([*trials, failed, *again], SPACE.priors) == found
    assert importance_of(trials, SPACE.priors, "fanova") == importance_of(trials, SPACE.priors, "fanova")


def test_too_few_trials_are_refused():
    with pytest.raises(SettingsError, match="at least 10 different trials with a score, but the search has 9"):
        importance_of(tried(by_rate_and_loss, 9), SPACE.priors)


def test_without_anything_that_varied_nothing_is_said():
    trials = [Past(number, START.change(seed=number), "", 0.5, 1) for number in range(12)]
    found = importance_of(trials, SPACE.priors)
    assert found.knobs == () and found.to_dict()["knobs"] == []


def test_left_out_errors_are_those_of_refitting_without_each_trial():
    generator = np.random.default_rng(0)
    inputs, target = generator.standard_normal((25, 8)), generator.standard_normal(25)
    target += inputs[:, 0]
    inputs, target = inputs - inputs.mean(axis=0), target - target.mean()
    fit = _Ridge(inputs, target)
    wanted = {
        penalty: target - cross_val_predict(Ridge(alpha=penalty), inputs, target, cv=LeaveOneOut())
        for penalty in PENALTIES
    }
    best = min(PENALTIES, key=lambda penalty: (wanted[penalty] ** 2).mean())
    np.testing.assert_allclose(fit.left_out, wanted[best], rtol=0.02, atol=0.02)
    np.testing.assert_allclose(fit.weights(target), Ridge(alpha=best).fit(inputs, target).coef_)


def test_an_idle_setting_has_no_say():
    prior = Prior(0.3, 0.95, when=("schedule", ("step",)))
    rates = [0.4, 0.5, 0.9, 0.7]
    schedules = ["step", "step", "constant", "step"]
    settings = [START.change(schedule=one, decay_rate=rate) for one, rate in zip(schedules, rates, strict=True)]
    made = columns_of("decay_rate", prior, [Past(n, one, "", 0.5, 1) for n, one in enumerate(settings)])
    assert made.active.tolist() == [True, True, False, True] and (made.values[2] == 0).all()
    np.testing.assert_allclose(made.values[made.active].mean(axis=0), 0, atol=1e-12)
    assert columns_of("dropout", Prior(0.0, 0.5), [Past(n, one, "", 0.5, 1) for n, one in enumerate(settings)]) is None


def test_rates_of_plain_sgd_count_as_a_tenth():
    pair = [START.change(optimizer="sgd", learning_rate=0.1), START.change(learning_rate=0.01), START]
    made = columns_of("learning_rate", Prior(1e-3, 1e-1, log=True), [Past(n, s, "", 1, 1) for n, s in enumerate(pair)])
    assert made.raw == pytest.approx((-2, -2, -3)) and made.shown == (0.1, 0.01, 0.001)


def test_outliers_and_lost_trials_are_as_bad_as_the_worst_usual_ones():
    scores = [0.5, 0.51, 0.52, 0.53, 50.0, math.inf]
    losses = losses_of([Past(n, START, "", score, 1) for n, score in enumerate(scores)])
    assert losses[4] == losses[5] and losses[3] < losses[4] < math.log(50)
    np.testing.assert_allclose(losses[:4], np.log(scores[:4]))

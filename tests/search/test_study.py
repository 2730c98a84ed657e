"""A search gives the same result for any number of jobs, survives diverging trials, and stops when asked."""

import itertools
import time

import numpy as np
import optuna
import pytest

from gatewise.errors import TrainingError
from gatewise.search.space import Space, space_of
from gatewise.search.study import Listener, search
from gatewise.settings import Prior, Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

START = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=1, hidden=(8,), normalise="mean", epochs=3, seed=1
)
PRIORS = {"learning_rate": Prior(1e-3, 1e-1, log=True), "dropout": Prior(0.0, 0.5)}


def run(jobs=1, trials=6, start=START, priors=PRIORS, portfolio=(), **arguments):
    bench = Workbench.of(panel_of_values(seasonal_values()), start)
    space = Space(tuple(one.change(jobs=jobs) for one in portfolio or (start,)), priors)
    found = search(bench, space, trials=trials, **arguments)
    best, candidate = found.models[0]
    assert found.best is best and best.score == candidate.score
    return found.trials, candidate


def test_jobs_do_not_change_the_result():
    single, best = run(jobs=1)
    several, best_of_several = run(jobs=4)
    assert [(t.number, t.score) for t in single] == [(t.number, t.score) for t in several]
    assert [t.settings.learning_rate for t in single] == [t.settings.learning_rate for t in several]
    np.testing.assert_array_equal(best.fitted.parameters, best_of_several.fitted.parameters)


def test_best_is_the_lowest_score_and_never_worse_than_the_start():
    trials, best = run()
    assert best.score == min(t.score for t in trials) <= trials[0].score
    assert trials[0].settings.learning_rate == START.learning_rate


def test_a_diverging_trial_is_recorded_and_the_search_goes_on(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    priors = {"learning_rate": Prior(choices=(1e-3, 1e12))}
    start = START.change(optimizer="sgd", clip_norm=0, loss="mse", normalise="none")
    trials, best = run(start=start, priors=priors, trials=8, storage=lambda: storage)
    diverged = [t for t in trials if t.status == "diverged"]
    assert diverged and all("diverged at epoch 1" in t.message and t.score == np.inf for t in diverged)
    assert best.training.status != "diverged" and best.score < np.inf
    study = optuna.load_study(study_name="gatewise", storage=storage)
    states = [t.state.name for t in study.trials]
    assert len(states) == 8 and states.count("FAIL") == len(diverged)
    assert study.best_value == best.score


def test_all_trials_diverging_is_a_clear_error():
    start = START.change(optimizer="sgd", clip_norm=0, loss="mse", learning_rate=1e12)
    with pytest.raises(TrainingError, match="no usable model in 2 trials: diverged at epoch"):
        run(start=start, priors={"dropout": PRIORS["dropout"]}, trials=2)


def test_time_limit_starts_no_new_trial():
    clock = itertools.count()
    trials, best = run(trials=50, start=START.change(time_limit=30), clock=lambda: float(next(clock)))
    assert 1 <= len(trials) < 50 and best.score < np.inf


def test_even_the_shortest_time_limit_gives_a_model():
    clock = itertools.count()
    trials, best = run(trials=50, start=START.change(time_limit=1), clock=lambda: 100.0 * next(clock))
    assert len(trials) >= 1 and best.training.best_epoch >= 1


def test_stop_ends_the_search_with_the_best_so_far():
    done = []
    listener = Listener(on_trial=done.append)
    trials, best = run(trials=50, listener=listener, should_stop=lambda: len(done) >= 2)
    assert 2 <= len(trials) < 50 and best.score == min(t.score for t in trials)


def test_listener_hears_every_epoch():
    heard, began = [], []
    listener = Listener(
        on_start=lambda number, settings: began.append(number), on_epoch=lambda number, epoch: heard.append(number)
    )
    started = time.monotonic()
    trials, _ = run(trials=3, listener=listener)
    assert began == [0, 1, 2] and len(heard) == sum(t.epochs for t in trials)
    assert sum(t.seconds for t in trials) <= time.monotonic() - started


def test_a_trial_that_the_data_cannot_carry_fails_and_the_search_goes_on():
    priors = {"window": Prior(choices=(12, 1200))}
    trials, best = run(priors=priors, trials=8)
    failed = [t for t in trials if t.status == "failed"]
    assert failed and all("must hold at least one window" in t.message for t in failed)
    assert best.fitted.settings.window == 12


def test_an_exception_ends_the_search_at_once():
    def shout(number, epoch):
        raise KeyboardInterrupt

    start = START.change(epochs=100_000, patience=100_000)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(trials=50, start=start, jobs=2, listener=Listener(on_epoch=shout))
    assert time.monotonic() - began < 60


def test_several_trainings_of_one_configuration_differ_in_their_seeds():
    trials, best = run(priors={}, trials=3)
    assert [one.settings.seed for one in trials] == [1, 2, 3] and len({one.score for one in trials}) == 3
    assert best.score == min(one.score for one in trials)


PORTFOLIO = (START, START.change(base="last", normalise="last"), START.change(base="season", window=24, patch=12))


def test_without_priors_each_of_the_portfolio_is_trained_in_turn_and_then_with_other_seeds():
    trials, _ = run(priors={}, trials=5, portfolio=PORTFOLIO)
    again = [one.change(seed=2) for one in PORTFOLIO[:2]]
    assert [one.settings for one in trials] == [one.change(jobs=1) for one in (*PORTFOLIO, *again)]


def test_a_search_begins_with_the_portfolio():
    framing = {
        "window": Prior(choices=(12, 24)),
        "patch": Prior(choices=(1, 12)),
        "base": Prior(choices=("none", "last", "season")),
        "normalise": Prior(choices=("mean", "last")),
    }
    trials, _ = run(priors={**PRIORS, **framing}, trials=4, portfolio=PORTFOLIO)
    assert [one.settings for one in trials[:3]] == [one.change(jobs=1) for one in PORTFOLIO]


def test_most_trials_change_a_good_one_in_a_few_settings():
    """Behind the first configurations three of four trials differ from one told before in at most three settings."""
    made = space_of([START], set(), 300, 300, positive=True)
    trials, _ = run(trials=18, start=START, priors=dict(made.priors))
    first = len(made.first())

    def changes(one, other):
        a, b = made.encode(one.settings), made.encode(other.settings)
        # A changed window or optimizer may take the parameters that hang on it along.
        return sum(a.get(name) != b.get(name) for name in a.keys() & b.keys())

    local = [t for t in trials if t.number >= first and t.number % 4 != 0]
    assert len(local) >= 5
    assert all(min(changes(one, other) for other in trials[: one.number]) <= 3 for one in local)


def test_what_does_not_vary_is_the_starts_and_no_trial_is_made_twice():
    trials, _ = run(trials=4, portfolio=PORTFOLIO)
    assert {(one.settings.window, one.settings.base) for one in trials} == {(12, "none")}
    assert len({(one.settings.learning_rate, one.settings.dropout) for one in trials}) == 4


def test_models_are_kept_best_first():
    bench = Workbench.of(panel_of_values(seasonal_values()), START)
    found = search(bench, Space((START,), PRIORS), trials=5)
    scores = [trial.score for trial, _ in found.models]
    assert scores == sorted(scores) and len(scores) == 5
    assert all(trial.score == candidate.score for trial, candidate in found.models)
    assert all(trial.settings == candidate.fitted.settings for trial, candidate in found.models)


def test_time_is_kept_back_for_the_trainings_on_every_row():
    """What the found models will need after the search ends it that much earlier."""
    limited, counts = START.change(time_limit=60), []
    for reserved in (0.0, 50.0):
        clock = itertools.count()
        trials, _ = run(
            trials=50, start=limited, clock=lambda clock=clock: float(next(clock)), reserve=lambda _, r=reserved: r
        )
        counts.append(len(trials))
    assert counts[1] < counts[0]

"""Training on every row: anew with the same schedule and epochs, or onward from the validated weights."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gatewise.refit import MARGIN, ONWARD_RATE, ONWARD_SHARE, refit, refit_all, refit_seconds
from gatewise.settings import Settings
from gatewise.workbench import Candidate, Workbench
from tests.panels import panel_of_values, seasonal_values
from tests.train.compiling import compiles

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=3
)
PANEL = panel_of_values(seasonal_values())


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    return Workbench.of(PANEL, SETTINGS).train(SETTINGS)


def test_refit_uses_every_row(candidate):
    final, exception = refit(PANEL, candidate)
    assert exception == "" and final.scaler.center[0] == pytest.approx(seasonal_values().mean())
    assert (final.parameters != candidate.fitted.parameters).any()
    other = seasonal_values()
    other[-1] += 30
    assert (refit(panel_of_values(other), candidate)[0].parameters != final.parameters).any()


def test_refit_fits_the_linear_base_anew():
    settings = SETTINGS.change(base="linear")
    candidate = Workbench.of(PANEL, settings).train(settings)
    final, _ = refit(PANEL, candidate)
    assert final.linear.shape == candidate.fitted.linear.shape == (13, 3)
    assert (final.linear != candidate.fitted.linear).any()


def test_refit_learns_from_series_that_were_too_short_to_be_validated():
    settings = SETTINGS.change(embedding=2)
    panel = panel_of_values(seasonal_values(), seasonal_values(seed=1), seasonal_values(17))
    candidate = Workbench.of(panel, settings).train(settings)
    final, exception = refit(panel, candidate)
    assert exception == "" and candidate.fitted.unique_ids == ("s0", "s1") and final.unique_ids == ("s0", "s1", "s2")
    assert len(final.parameters) == len(candidate.fitted.parameters) + 2
    assert np.isfinite(final.forecast_from(panel, (0,), 3)).all()


def test_a_series_of_one_row_is_no_obstacle_to_the_mase_loss():
    settings = SETTINGS.change(loss="mase")
    panel = panel_of_values(seasonal_values(), np.array([7.0]))
    candidate = Workbench.of(panel, settings).train(settings)
    final, exception = refit(panel, candidate)
    alone, _ = refit(PANEL, candidate)
    assert exception == ""
    np.testing.assert_allclose(final.parameters, alone.parameters, atol=1e-6)


@pytest.mark.parametrize(
    "schedule", ["constant", "exponential", "step", "cosine", "warmup-cosine", "one-cycle", "plateau"]
)
def test_refit_follows_the_schedule_of_the_candidate(schedule):
    changes = {
        "schedule": schedule,
        "decay_steps": 1,
        "decay_rate": 0.3,
        "patience": 4,
        "epochs": 12,
        "learning_rate": 0.03,
    }
    settings = SETTINGS.change(**changes)
    candidate = Workbench.of(PANEL, settings).train(settings)
    seen = []
    refit(PANEL, candidate, observe=seen.append)
    first = [epoch.learning_rate for epoch in candidate.training.epochs[: candidate.training.best_epoch]]
    assert len(seen) == len(first)
    np.testing.assert_allclose([epoch.learning_rate for epoch in seen], first, rtol=0.1, atol=1e-4)


def test_a_stopped_or_diverging_refit_leaves_the_candidates_model(candidate):
    fitted, said = refit(PANEL, candidate, should_stop=lambda: True)
    assert fitted is candidate.fitted and "Stopped before" in said
    asked = iter([False] + [True] * 9)
    fitted, said = refit(PANEL, candidate, should_stop=lambda: next(asked))
    assert fitted is candidate.fitted and "Stopped during" in said
    wild = SETTINGS.change(optimizer="sgd", learning_rate=1e12, clip_norm=0, loss="mse")
    fitted, said = refit(PANEL, replace(candidate, fitted=replace(candidate.fitted, settings=wild)))
    assert (fitted.parameters == candidate.fitted.parameters).all() and "diverged at epoch 1" in said


@pytest.mark.parametrize("jobs", [1, 3])
def test_all_refits_side_by_side_are_those_one_by_one(candidate, jobs):
    other = Workbench.of(PANEL, SETTINGS).train(SETTINGS.change(seed=5))
    panels, heard = [PANEL, PANEL.head(6)], []
    models, said = refit_all(panels, [candidate, other], jobs=jobs, observe=lambda *told: heard.append(told[:2]))
    assert said == "" and {*heard} == {(panel, one) for panel in (0, 1) for one in (0, 1)}
    for panel, row in zip(panels, models, strict=True):
        for one, made in zip((candidate, other), row, strict=True):
            np.testing.assert_array_equal(made.parameters, refit(panel, one)[0].parameters)


def test_all_refits_say_what_went_wrong_with_one(candidate):
    wild = SETTINGS.change(optimizer="sgd", learning_rate=1e12, clip_norm=0, loss="mse")
    bad = replace(candidate, fitted=replace(candidate.fitted, settings=wild))
    (row,), said = refit_all([PANEL], [candidate, bad], jobs=2)
    assert "diverged at epoch 1" in said and row[1] is bad.fitted and row[0] is not candidate.fitted


def test_training_anew_compiles_nothing(candidate):
    refit_all([PANEL, PANEL.head(6)], [candidate], jobs=1)
    assert compiles(lambda: refit_all([PANEL, PANEL.head(6)], [candidate], jobs=1)) == 0


ONWARD = SETTINGS.change(refit="onward", epochs=8, patience=8)


@pytest.fixture(scope="module")
def going_on() -> Candidate:
    return Workbench.of(PANEL, ONWARD).train(ONWARD)


def as_refit(candidate: Candidate, how: str) -> Candidate:
    settings = candidate.fitted.settings.change(refit=how)
    return replace(candidate, fitted=replace(candidate.fitted, settings=settings))


def test_onward_takes_a_share_of_the_epochs_at_a_smaller_falling_rate(going_on):
    seen, anew = [], []
    final, exception = refit(PANEL, going_on, observe=seen.append)
    other, _ = refit(PANEL, as_refit(going_on, "anew"), observe=anew.append)
    best = going_on.training.best_epoch
    assert exception == "" and len(seen) == max(round(ONWARD_SHARE * best), 1) < len(anew) == best
    rates = [epoch.learning_rate for epoch in seen]
    assert rates == sorted(rates, reverse=True) and max(rates) <= ONWARD_RATE * ONWARD.learning_rate * 1.0001
    assert (final.parameters != other.parameters).any()


def test_onward_starts_from_the_validated_weights(going_on):
    """With a learning rate of nearly nothing the weights stay; those of a training anew are elsewhere."""
    started = going_on.fitted.parameters
    still = replace(going_on, fitted=replace(going_on.fitted, settings=ONWARD.change(learning_rate=1e-12)))
    final, _ = refit(PANEL, still)
    np.testing.assert_allclose(final.parameters, started, atol=1e-8)
    anew, _ = refit(PANEL, as_refit(still, "anew"))
    assert np.abs(anew.parameters - started).max() > 0.01
    moved, _ = refit(PANEL, going_on)
    away = np.abs(moved.parameters - started).max()
    assert 0 < away < np.abs(refit(PANEL, as_refit(going_on, "anew"))[0].parameters - started).max()


def test_onward_learns_from_every_row_and_scales_by_them(going_on):
    final, _ = refit(PANEL, going_on)
    assert final.scaler.center[0] == pytest.approx(seasonal_values().mean())
    other = seasonal_values()
    other[-1] += 30
    assert (refit(panel_of_values(other), going_on)[0].parameters != final.parameters).any()
    # What is saved is the configuration, not the few epochs at a small rate that came last.
    assert final.settings == going_on.fitted.settings


def test_onward_is_anew_where_another_number_of_series_makes_another_network():
    settings = ONWARD.change(embedding=2)
    panel = panel_of_values(seasonal_values(), seasonal_values(seed=1), seasonal_values(17))
    candidate = Workbench.of(panel, settings).train(settings)
    seen, anew = [], []
    final, exception = refit(panel, candidate, observe=seen.append)
    other, _ = refit(panel, as_refit(candidate, "anew"), observe=anew.append)
    assert exception == "" and len(seen) == len(anew)
    np.testing.assert_array_equal(final.parameters, other.parameters)


def test_a_diverging_training_onward_leaves_the_candidates_model(going_on):
    wild = ONWARD.change(optimizer="sgd", learning_rate=1e13, clip_norm=0, loss="mse")
    fitted, said = refit(PANEL, replace(going_on, fitted=replace(going_on.fitted, settings=wild)))
    assert (fitted.parameters == going_on.fitted.parameters).all() and "diverged" in said


def took(seconds: float, best: int, epochs: int, how: str = "anew") -> Candidate:
    fitted: Any = SimpleNamespace(settings=Settings.of(refit=how))
    training: Any = SimpleNamespace(seconds=seconds, best_epoch=best, epochs=[None] * epochs)
    return Candidate(fitted, training, 1.0, np.zeros(0))


def test_the_time_that_refits_take_is_that_of_their_epochs():
    two = [took(10, 5, 10), took(20, 10, 10)]
    assert refit_seconds(two, panels=1, jobs=1) == pytest.approx(MARGIN * 25)
    assert refit_seconds(two, panels=2, jobs=1) == pytest.approx(MARGIN * 50)
    assert refit_seconds(two, panels=2, jobs=2) == pytest.approx(MARGIN * 25)
    assert refit_seconds(two, panels=1, jobs=16) == pytest.approx(MARGIN * 12.5)
    assert refit_seconds([took(10, 5, 10, "onward")], panels=1, jobs=1) == pytest.approx(MARGIN * 5 * ONWARD_SHARE)
    assert refit_seconds([took(10, 5, 10, "none")], panels=2, jobs=1) == refit_seconds([], panels=2, jobs=1) == 0

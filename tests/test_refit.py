"""Training anew on every row: the same configuration, schedule and number of epochs."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.refit import refit, refit_all
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
    assert fitted is candidate.fitted and "Interrupted before" in said
    asked = iter([False] + [True] * 9)
    fitted, said = refit(PANEL, candidate, should_stop=lambda: next(asked))
    assert fitted is candidate.fitted and "Interrupted during" in said
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

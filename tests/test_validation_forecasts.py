"""What a training is judged by is what the fitted network forecasts from those origins: two ways to the same numbers.

The workbench gathers all origins out of one flat array; a fitted network cuts one series after another.
"""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.data.covariates import Covariate
from gatewise.data.panel import Panel
from gatewise.settings import Settings
from gatewise.workbench import Candidate, Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=0, hidden=(6,), normalise="mean", epochs=2
)
VALIDATION = 12


def covariate_panel() -> Panel:
    """Return two series with a past, a known-future and a static covariate; of one the first rows are few."""
    generator = np.random.default_rng(0)
    panel = panel_of_values(seasonal_values(100), 2 * seasonal_values(60, seed=1))
    series = tuple(
        replace(
            one,
            past=generator.standard_normal((len(one), 1)) + 3,
            future=generator.standard_normal((len(one) + 5, 1)),
            static=np.array([float(number)]),
        )
        for number, one in enumerate(panel)
    )
    covariates = tuple(Covariate(role[0], role, None) for role in ("past", "future", "static"))
    return replace(panel, series=series, covariates=covariates)


def from_the_fitted(candidate: Candidate, panel: Panel) -> np.ndarray:
    """Return forecasts from every validation origin, series by series, the oldest origin first."""
    made = candidate.fitted.forecast_from(panel, range(VALIDATION, 2, -1), 3)
    return np.concatenate(list(made.swapaxes(0, 1)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"decoding": "recursive"},
        {"decoding": "segments", "segment": 2, "embedding": 2, "loss": "quantile"},
        {"base": "linear", "window": 20, "transform": "asinh"},
        {"calendar": "month", "base": "season", "averaging": 0.5},
    ],
)
def test_covariates_reach_both_alike(changes):
    settings, panel = SETTINGS.change(**changes), covariate_panel()
    candidate = Workbench.of(panel, settings).train(settings)
    np.testing.assert_allclose(candidate.forecast, from_the_fitted(candidate, panel), rtol=1e-4)


@pytest.mark.parametrize("base", ["season", "season-mean", "season-drift", "none", "last"])
def test_series_shorter_than_window_or_season_reach_both_alike(base):
    settings = SETTINGS.change(window=36, base=base)
    panel = panel_of_values(seasonal_values(100), seasonal_values(17), seasonal_values(30, seed=2))
    candidate = Workbench.of(panel, settings).train(settings)
    np.testing.assert_allclose(candidate.forecast, from_the_fitted(candidate, panel), rtol=1e-4)


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_past_covariates_behind_the_last_origin_are_not_looked_at(decoding):
    settings, panel = SETTINGS.change(decoding=decoding), covariate_panel()
    changed = panel.map(lambda one: replace(one, past=np.concatenate([one.past[:-3], one.past[-3:] + 100])))
    made = [Workbench.of(one, settings).train(settings) for one in (panel, changed)]
    np.testing.assert_array_equal(made[0].fitted.parameters, made[1].fitted.parameters)
    np.testing.assert_array_equal(made[0].forecast, made[1].forecast)


def test_the_encoding_is_fitted_on_the_training_part():
    panel = covariate_panel()
    wild = panel.map(
        lambda one: replace(
            one,
            past=np.concatenate([one.past[:-VALIDATION], one.past[-VALIDATION:] * 50]),
            future=np.concatenate([one.future[: -VALIDATION - 5], one.future[-VALIDATION - 5 :] * 50]),
        )
    )
    made = [Workbench.of(one, SETTINGS).train(SETTINGS) for one in (panel, wild)]
    assert made[0].fitted.encoder == made[1].fitted.encoder
    losses = [[epoch.train_loss for epoch in one.training.epochs] for one in made]
    assert losses[0] == losses[1] and made[0].score != made[1].score

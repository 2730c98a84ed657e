"""Leaks planted into the code are found, and the audit says where."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import gatewise
import gatewise.preset
import gatewise.workbench
from gatewise.data.panel import Series
from gatewise.data.season import find_season
from gatewise.ensemble import Chosen
from gatewise.evaluate.audit import Audit
from gatewise.evaluate.rivals import Rivals
from gatewise.fitted import Fitted
from gatewise.workbench import Part, Workbench
from tests.auditing.runs import COVARIATES, TEST, covariate_table, gappy_table, tuned


@pytest.fixture(scope="module")
def gappy_run(tmp_path_factory):
    return tuned(tmp_path_factory.mktemp("gappy"), gappy_table())


@pytest.fixture(scope="module")
def covariate_run(tmp_path_factory):
    return tuned(tmp_path_factory.mktemp("covariates"), covariate_table(), **COVARIATES)


def leaks(found: Audit) -> dict[str, str]:
    """Return what failed, by name."""
    assert not found.passed and "FAILED" in found.line
    return {one.name: one.detail for one in found.checks if not one.passed}


def test_a_scaler_that_is_fitted_on_every_row(gappy_run, monkeypatch):
    def fit_on_everything(self, panel, split, season):
        honest(self, panel, split, season)
        self._part = Part(self.panel, panel, split.validation, season, int(panel.lengths.sum()))

    honest = Workbench.__init__
    monkeypatch.setattr(Workbench, "__init__", fit_on_everything)
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert "reading" not in failed and "choices from the data" not in failed
    assert (
        "scaler.center" in failed["scaling and encoding"] and "Look at workbench.py" in failed["scaling and encoding"]
    )
    assert {"search", "training part"} <= set(failed), "what follows from it changes as well"


def test_intervals_from_residuals_of_the_test_part(gappy_run, monkeypatch):
    def keep(self, panel, split, season):
        honest(self, panel, split, season)
        self.whole = panel

    def of(self, models, bench):
        made = honest_of(self, models, bench)
        horizon = self.residuals.shape[2]
        missed = np.abs(
            bench.whole.series[0].values[-horizon:] - made.forecast_from(bench.whole, (horizon,), horizon)[0]
        )
        extra = (missed[0] / bench.error_scale[:, None])[None].repeat(len(self.residuals), 0).astype(np.float32)
        return replace(made, residuals=np.concatenate([self.residuals, extra], axis=1))

    honest, honest_of = Workbench.__init__, Chosen.of
    monkeypatch.setattr(Workbench, "__init__", keep)
    monkeypatch.setattr(Chosen, "of", of)
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert set(failed) == {"ensemble and intervals", "forecasts, first test origin"}
    assert (
        "ensemble.residuals" in failed["ensemble and intervals"] and "calibrate.py" in failed["ensemble and intervals"]
    )
    assert "forecast.high" in failed["forecasts, first test origin"]


def test_a_gap_that_is_filled_from_behind_the_cutoff(gappy_run, monkeypatch):
    def head(self, stop):
        cut = {name: getattr(self, name)[:stop] for name in ("index", "values", "observed", "inserted")}
        return replace(self, **cut)

    monkeypatch.setattr(Series, "head", head)
    monkeypatch.setattr(Series, "before", lambda self, drop, steps: self.values[: len(self) - drop][-steps:])
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert {"reading", "a gap at the cutoff", "forecasts, origins in gaps"} <= set(failed)
    assert "panel.series.sales.values" in failed["reading"] and "Series.head" in failed["reading"]


def test_the_same_on_a_table_without_a_gap_there(covariate_run, monkeypatch):
    monkeypatch.setattr(Series, "before", lambda self, drop, steps: self.values[: len(self) - drop][-steps:])
    assert set(leaks(gatewise.audit(covariate_run, trials=1))) == {"forecasts, origins in gaps"}


def test_a_season_that_is_found_on_every_row(gappy_run, monkeypatch):
    monkeypatch.setattr(gatewise.preset, "_season", lambda panel, test: find_season(panel))
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert next(iter(failed)) == "choices from the data"
    assert "season: 12 became" in failed["choices from the data"] and "preset.py" in failed["choices from the data"]


def test_past_covariates_that_are_known_one_step_ahead(covariate_run, monkeypatch):
    def seen(self, features, index, stop, horizon):
        return honest(self, np.roll(features, -1, axis=0), index, stop, horizon)

    honest = Fitted._seen
    monkeypatch.setattr(Fitted, "_seen", seen)
    assert {"forecasts, first test origin", "forecasts, later test origins", "forecasts, origins in gaps"} == set(
        leaks(gatewise.audit(covariate_run, trials=1))
    )


def test_categories_by_their_code(covariate_run, monkeypatch):
    honest = gatewise.workbench.fit_encoder

    def by_code(panel, *args):
        made = honest(panel, *args)
        known = {one.name: one.categories for one in panel.covariates}
        features = [
            replace(one, categories=known[one.name][:2]) if one.categories is not None else one for one in made.features
        ]
        return replace(made, features=tuple(features))

    monkeypatch.setattr(gatewise.workbench, "fit_encoder", by_code)
    assert "encoder.features" in leaks(gatewise.audit(covariate_run, trials=1))["scaling and encoding"]


def test_training_windows_that_reach_into_the_validation_part(gappy_run, monkeypatch):
    honest = gatewise.workbench.training_windows
    monkeypatch.setattr(
        gatewise.workbench,
        "training_windows",
        lambda flat, window, horizon, drop, season: honest(flat, window, horizon, max(drop - 1, 0), season),
    )
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert set(failed) == {"training part"} and "train/fit.py" in failed["training part"]


def test_an_error_that_only_the_scrambled_data_give(gappy_run, monkeypatch):
    honest = gatewise.planning.resolve

    def strict(panel, given):
        if max(one.values.max() for one in panel) > 1000:
            raise gatewise.errors.DataError("values must be at most 1000.")
        return honest(panel, given)

    monkeypatch.setattr(gatewise.planning, "resolve", strict)
    found = gatewise.audit(gappy_run, trials=1)
    failed = leaks(found)
    assert len(found.checks) == 5 and len(found.notes) == 1, "nothing is trained on what cannot be planned"
    assert "only with the scrambled data there is an error: values must be" in failed["choices from the data"]


def test_the_test_part_is_what_these_tests_think(gappy_run):
    assert gatewise.auditing.run.open_run(gappy_run).split.test == TEST


def test_a_linear_baseline_that_is_fitted_on_every_row(gappy_run, monkeypatch):
    def fitted_on_everything(self, name):
        everything = replace(self.origins, panel=self.origins.panel, distances=(0,))
        return honest(SimpleNamespace(**{**vars(self), "origins": everything}), name)

    honest = Rivals._quick
    monkeypatch.setattr(Rivals, "_quick", fitted_on_everything)
    failed = leaks(gatewise.audit(gappy_run, trials=1))
    assert set(failed) == {"baselines"} and "linear" in failed["baselines"]

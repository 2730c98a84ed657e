"""Presets fill what is open, keep what is given, and look at nothing they must not."""

import numpy as np
import pytest

from gatewise.architecture import architecture_of
from gatewise.model.network import parameter_count
from gatewise.preset import resolve
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values


def test_classic_is_the_textbook_recipe():
    made = resolve(panel_of_values(seasonal_values(1000)), {"preset": "classic", "horizon": 1}).settings
    wanted = {
        "window": 10, "horizon": 1, "scaling": "minmax", "hidden": (64, 32), "dropout": 0.2, "loss": "mse",
        "optimizer": "adam", "learning_rate": 1e-3, "schedule": "constant", "batch_size": 32, "epochs": 100,
        "patience": 5, "clip_norm": 1.0, "normalise": "none", "base": "none", "patch": 1, "l2": 0.0, "noise": 0.0,
        "test_windows": 200, "val_windows": 160,
    }  # fmt: skip
    assert {name: getattr(made, name) for name in wanted} == wanted
    assert parameter_count(architecture_of(made)) == 29345


@pytest.mark.parametrize("preset", ["auto", "classic"])
def test_what_is_given_stays(preset):
    given = {
        "preset": preset,
        "horizon": 6,
        "window": 24,
        "patch": 2,
        "base": "last",
        "hidden": (7,),
        "test_windows": 2,
    }
    made = resolve(panel_of_values(seasonal_values()), given).settings
    assert {name: getattr(made, name) for name in given} == given


@pytest.mark.parametrize("length", [60, 144, 400, 3000])
@pytest.mark.parametrize("horizon", [1, 6, 12])
def test_auto_fits_into_the_data(length, horizon):
    panel = panel_of_values(seasonal_values(length))
    made = resolve(panel, {"horizon": horizon}).settings
    learn, judge = Workbench.of(panel, made).check(made)
    assert len(learn) and len(judge)
    assert made.window % made.patch == 0
    assert made.base != "season" or made.window >= made.season


def test_auto_says_why():
    resolved = resolve(panel_of_values(seasonal_values()), {"window": 24})
    assert any(reason.startswith("season 12: found") for reason in resolved.reasons)
    assert not any(reason.startswith("window ") for reason in resolved.reasons)


@pytest.mark.parametrize("preset", ["auto", "classic"])
@pytest.mark.parametrize(
    ("length", "horizon", "test_windows"), [(400, 12, None), (144, 24, None), (144, 12, 5), (144, 12, 6)]
)
def test_nothing_is_chosen_from_the_test_part(preset, length, horizon, test_windows):
    given = {"horizon": horizon, "test_windows": test_windows, "preset": preset}
    values = seasonal_values(length)
    made = resolve(panel_of_values(values), given).settings
    values[-made.test_windows * horizon :] = np.random.default_rng(0).standard_normal(made.test_windows * horizon) * 1e4
    assert resolve(panel_of_values(values), given).settings == made


def test_short_horizons_are_judged_on_more_than_a_handful_of_rows():
    made = resolve(panel_of_values(seasonal_values(3000)), {"horizon": 1}).settings
    assert made.test_windows >= 50 and made.val_windows >= 100


@pytest.mark.parametrize(
    "given", [{"window": 10}, {"window": 6}, {"patch": 5}, {"patch": 7, "horizon": 6}, {"window": 13}]
)
def test_one_setting_of_the_user_clashes_with_none_that_is_chosen(given):
    made = resolve(panel_of_values(seasonal_values()), {"horizon": 12, **given}).settings
    architecture_of(made)
    assert {name: getattr(made, name) for name in given} == given

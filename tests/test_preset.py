"""Presets fill what is open, keep what is given, and look at nothing they must not."""

import numpy as np
import pytest

from gatewise.architecture import architecture_of
from gatewise.data.split import split_of
from gatewise.model.network import parameter_count
from gatewise.preset import resolve
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
    split_of(panel, window=made.window, horizon=horizon, val_windows=made.val_windows, test_windows=made.test_windows)
    assert made.window % made.patch == 0
    assert made.base != "season" or made.window >= made.season


def test_auto_says_why():
    resolved = resolve(panel_of_values(seasonal_values()), {"window": 24})
    assert any(reason.startswith("season 12: found") for reason in resolved.reasons)
    assert not any(reason.startswith("window ") for reason in resolved.reasons)


def test_auto_does_not_look_at_the_last_tenth():
    values = seasonal_values(400)
    scrambled = values.copy()
    scrambled[-40:] = np.random.default_rng(0).standard_normal(40) * 1e4
    made = [resolve(panel_of_values(one), {"horizon": 12}).settings for one in (values, scrambled)]
    assert made[0] == made[1]

"""Plans: what a search varies and starts from, and what the run folder keeps of it."""

import numpy as np
import pandas as pd
import pytest

from gatewise.configuration import read_toml
from gatewise.data.load import load_panel
from gatewise.errors import SettingsError
from gatewise.experiment import _write_start, run
from gatewise.opened import open_run
from gatewise.planning import Plan, Source, plan
from gatewise.runs.store import RunFolder
from gatewise.settings import Settings
from tests.panels import panel_of_values, seasonal_values
from tests.search.test_space import enqueued, proposals

PANEL = panel_of_values(seasonal_values(300))
QUICK = {"horizon": 3, "hidden": (4,), "epochs": 1, "windows_per_epoch": 64, "test_windows": 2, "val_windows": 3}


def made(command="tune", panel=PANEL, **given) -> Plan:
    return plan(command, panel, {**QUICK, **given})


def test_a_search_starts_from_the_whole_portfolio():
    tuned, fitted = made(), made("fit")
    assert len(tuned.space.portfolio) == len(fitted.space.portfolio) == fitted.trials == fitted.members >= 4
    assert enqueued(tuned.space, tuned.space.portfolio) == list(tuned.space.portfolio)
    assert not fitted.space.priors and {"window", "patch", "base", "normalise", "decoding"} <= set(tuned.space.priors)
    assert set(tuned.settings.vary) == set(tuned.space.priors)


@pytest.mark.parametrize("horizon", [1, 3, 24])
@pytest.mark.parametrize("pin", [{}, {"decoding": "direct"}, {"calendar": "weekday"}, {"segment": 2}], ids=str)
def test_so_it_does_with_covariates_known_ahead(horizon, pin, tmp_path):
    dates = pd.date_range("2021-01-01", periods=600, freq="h")
    price = np.random.default_rng(0).standard_normal(600)
    values = 50 + 9 * np.sin(2 * np.pi * np.arange(600) / 24) - 3 * price
    panel = load_panel(pd.DataFrame({"ds": dates, "y": values, "price": price}), future="price")
    tuned = made(panel=panel, **{"horizon": horizon, "future": "price", **pin})
    assert tuned.blind and len(tuned.space.portfolio) >= 4
    assert (len({one.calendar for one in tuned.space.portfolio}) > 1) == ("calendar" not in pin)
    assert enqueued(tuned.space, tuned.space.portfolio) == list(tuned.space.portfolio)
    for settings in (*tuned.space.portfolio, *proposals(tuned.space, 20)):
        tuned.bench.check(settings)
    _write_start(RunFolder(tmp_path), tuned)
    assert plan("tune", panel, read_toml(tmp_path / "run.toml")).space == tuned.space


def test_members_set_the_number_of_networks():
    assert made("fit", members=2).trials == made("fit", members=2).members == 2
    assert made("tune").members == 8 and made("tune", members=3).members == 3


@pytest.mark.parametrize(
    "vary", ["window", "window,base", "patch", "base", "normalise", "learning_rate", "window,patch"]
)
def test_just_what_is_named_varies_and_the_rest_stays_as_it_starts(vary):
    tuned = made(vary=vary)
    names = set(vary.split(","))
    assert set(tuned.space.priors) == names
    for settings in (*proposals(tuned.space, 30), *tuned.space.portfolio):
        tuned.bench.check(settings)
        differs = {name for name in Settings.model_fields if getattr(settings, name) != getattr(tuned.settings, name)}
        assert differs <= names
    assert enqueued(tuned.space, tuned.space.portfolio) == list(tuned.space.portfolio)


def test_what_cannot_vary_is_refused():
    for vary in ("seed", "batchsize"):
        with pytest.raises(SettingsError, match=f"vary must name settings .* but it names '{vary}'"):
            made(vary=vary)


def test_values_below_zero_keep_logarithms_out_of_the_search():
    assert "log" in made().space.priors["transform"].choices
    below = made(panel=panel_of_values(seasonal_values(300) - 200))
    assert set(below.space.priors["transform"].choices) == {"none", "asinh"}
    # What only the test part holds is not looked at.
    values = seasonal_values(300)
    values[-6:] = -5
    assert "log" in made(panel=panel_of_values(values)).space.priors["transform"].choices


@pytest.mark.parametrize("command", ["tune", "fit"])
@pytest.mark.parametrize("given", [{}, {"window": 24}, {"vary": "dropout,base"}, {"preset": "classic"}], ids=str)
def test_the_same_plan_comes_from_its_run_toml(command, given, tmp_path):
    """Only the settings in which the networks differ stay open there; the preset chooses them again."""
    first = made(command, trials=1, jobs=1, **({"members": 1} if command == "fit" else {}), **given)
    run(first, RunFolder(tmp_path))
    read = read_toml(tmp_path / "run.toml")
    again = plan(command, PANEL, read)
    assert again.space == first.space and again.settings == first.settings and again.members == first.members
    open_names = {name for name in Settings.model_fields if name not in read}
    differing = {"window", "patch", "base", "normalise", "rescale", "decoding"}
    assert (len(first.space.portfolio) > 1) == bool(open_names & differing)


@pytest.mark.parametrize("other", ["bfloat16", "float32"])
def test_a_run_goes_on_in_the_precision_in_which_it_began(other, tmp_path, monkeypatch):
    """Wherever its folder is opened: what a processor is fast in is chosen once."""
    table = tmp_path / "table.csv"
    pd.DataFrame({"y": seasonal_values(160)}).to_csv(table, index=False)
    began = "float32" if other == "bfloat16" else "bfloat16"
    monkeypatch.setattr("gatewise.preset.fastest_precision", lambda: began)
    first = plan("tune", load_panel(table), {"season": 12}, Source.of(table, None))
    _write_start(RunFolder(tmp_path / "run"), first)
    monkeypatch.setattr("gatewise.preset.fastest_precision", lambda: other)
    assert {one.precision for one in open_run(tmp_path / "run").space.portfolio} == {began}

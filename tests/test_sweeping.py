"""Studies of one knob: what trains, what stays the same, and that nothing sees the test part."""

import numpy as np
import pytest

from gatewise.errors import SettingsError, TrainingError
from gatewise.knob import parse_over
from gatewise.planning import plan
from gatewise.search.study import Listener
from gatewise.sweeping import run_sweep
from tests.panels import panel_of_values, seasonal_values

GIVEN = {
    "horizon": 3, "window": 12, "patch": 1, "hidden": (4,), "epochs": 2, "windows_per_epoch": 64, "val_windows": 4,
    "test_windows": 2, "season": 12, "jobs": 1,
}  # fmt: skip


def study(over, *, values=None, listener=None, should_stop=lambda: False, seeds=2, **given):
    series = seasonal_values() if values is None else values
    made = plan("fit", panel_of_values(series), {**GIVEN, **given})
    return run_sweep(made, parse_over(over), seeds=seeds, listener=listener, should_stop=should_stop)


def facts(sweep):
    return [[(one.seed, one.score, one.val_loss) for one in row.repeats] for row in sweep.rows]


def test_every_value_trains_with_the_same_seeds_and_all_else_the_same():
    trials = []
    found = study("hidden=4,8", listener=Listener(on_trial=trials.append), seed=5)
    assert [row.value for row in found.rows] == [(4,), (8,)]
    assert [[one.seed for one in row.repeats] for row in found.rows] == [[5, 6], [5, 6]]
    assert found.rows[0].mean("parameters") < found.rows[1].mean("parameters")
    assert len(trials) == 4 and len({(t.settings.hidden, t.settings.seed) for t in trials}) == 4
    assert {t.settings.change(hidden=(4,), seed=5) for t in trials} == {found.settings}
    assert found.chosen == found.best_settings.hidden
    assert list(found.table["value"]) == ["4", "8"] and found.table["chosen"].sum() == 1


def test_jobs_change_nothing_but_the_time():
    assert facts(study("dropout=0,0.3", jobs=1)) == facts(study("dropout=0,0.3", jobs=3))


def test_the_test_part_is_never_seen():
    values = seasonal_values()
    scrambled = values.copy()
    scrambled[-6:] = 1e5
    assert facts(study("batch=16,32", values=values)) == facts(study("batch=16,32", values=scrambled))


def test_growing_stops_when_validation_does_not_improve():
    found = study("hidden=4..64", epochs=1, learning_rate=1e-12)
    # At no rate at all nothing is learned: the second size is no better than the first.
    assert [row.value for row in found.rows] == [(4,), (8,)]
    assert "is not below" in found.stopped and "of 4" in found.stopped and found.chosen == (4,)


def test_growing_goes_on_while_it_helps(monkeypatch):
    monkeypatch.setattr("gatewise.sweeping.improves", lambda row, before: True)
    found = study("hidden=4..9", epochs=1, seeds=1)
    assert [row.value for row in found.rows] == [(4,), (8,)]
    assert "largest" in found.stopped


def test_a_window_takes_a_patch_that_divides_it_where_the_preset_chose_the_patch():
    given = {name: value for name, value in GIVEN.items() if name not in ("window", "patch")}
    made = plan("fit", panel_of_values(seasonal_values()), given)
    found = run_sweep(made, parse_over("window=13,24"), seeds=1)
    patches = {row.value: row.settings.patch for row in found.rows}
    assert patches[24] and 24 % patches[24] == 0 and 13 % patches[13] == 0
    assert made.settings.patch == 1 or any("window 13 has patch" in note for note in found.notes)
    assert study("window=10,12", patch=4).rows[0].status == "failed", "a patch that was set stays"


def test_a_value_that_the_data_cannot_carry_fails_alone():
    found = study("window=6,12", base="season")
    assert [row.status for row in found.rows] == ["failed", "ok"]
    assert "window must be at least 12" in found.rows[0].message and found.chosen == 12
    with pytest.raises(SettingsError, match="no value of 'window' can be trained"):
        study("window=4,6", base="season")


def test_a_knob_without_effect_is_refused():
    with pytest.raises(SettingsError, match="no effect|none with schedule constant"):
        study("decay_rate=0.5,0.9", schedule="constant")
    with pytest.raises(SettingsError, match="seeds must be at least 1"):
        study("dropout=0,0.1", seeds=0)


def test_stopping_keeps_the_trainings_that_finished():
    trials = []
    found = study(
        "dropout=0,0.2,0.4", listener=Listener(on_trial=trials.append), should_stop=lambda: len(trials) >= 2, seeds=3
    )
    assert found.interrupted and 2 <= sum(len(row.repeats) for row in found.rows) < 9
    with pytest.raises(TrainingError, match="none finished"):
        study("dropout=0,0.2", should_stop=lambda: True)


def test_a_diverging_value_is_recorded_and_not_chosen():
    found = study("lr=0.01,1e12", optimizer="sgd", clip_norm=0, loss="mse", normalise="none", base="none")
    assert found.rows[1].status == "diverged" and "diverged at epoch" in found.rows[1].message
    assert found.chosen == 0.01 and np.isfinite(found.choice.row.score)

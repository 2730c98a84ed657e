"""The leakage audit passes on tables of different kinds, and says what it compared."""

import json

import pytest

import gatewise
from gatewise.auditing.run import expected_seconds
from gatewise.errors import RunFolderError, SettingsError
from tests.auditing.runs import COVARIATES, covariate_table, fitted, gappy_table, tuned, unequal_table

NAMES = [
    "the scrambling is felt", "reading", "choices from the data", "a gap at the cutoff", "scaling and encoding",
    "search", "ensemble and intervals", "training before the test", "forecasts, first test origin",
    "forecasts, later test origins", "forecasts, origins in gaps", "baselines",
    "training part",
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        (gappy_table, {"level": "80,95"}),
        (unequal_table, {"loss": "mase", "season": 7, "combine": "weighted"}),
        (covariate_table, {**COVARIATES, "loss": "quantile"}),
    ],
)
def test_it_passes_on_tables_of_different_kinds(tmp_path, table, settings):
    run_dir = tuned(tmp_path, table(), **settings)
    told = []
    found = gatewise.audit(run_dir, trials=2, on_check=told.append)
    assert [one.name for one in found.checks] == NAMES and list(found.checks) == told
    assert found.passed, [one for one in found.checks if not one.passed]
    assert all(one.numbers > 0 for one in found.checks[1:]), "each compares something"
    assert found.scrambled > 10
    assert (
        "The table itself was scrambled" in found.notes[0]
        and "2 trials of the run were made again, with the very scores" in found.notes[1]
    )
    document = json.loads((run_dir / "audit.json").read_text())
    assert document["passed"] is True and document["line"] == found.line and "bit-identical" in found.line
    assert [one["name"] for one in document["checks"]] == NAMES
    assert (run_dir / "report.html").stat().st_mtime_ns >= (run_dir / "audit.json").stat().st_mtime_ns


def test_a_frame_is_given_again_and_a_panel_is_scrambled_itself(tmp_path):
    table = unequal_table()
    run_dir = fitted(tmp_path, table, season=7, members=1)
    with pytest.raises(RunFolderError, match="made from a data frame"):
        gatewise.audit(run_dir)
    found = gatewise.audit(run_dir, table, trials=1)
    assert found.passed and "The table itself" in found.notes[0]
    found = gatewise.audit(run_dir, gatewise.load_panel(table), trials=1)
    assert found.passed and "panel was scrambled; reading is not audited" in found.notes[0]


def test_without_a_test_part_the_training_part_is_audited(tmp_path):
    run_dir = fitted(tmp_path, unequal_table(), season=7, test_windows=0, members=1)
    found = gatewise.audit(run_dir, unequal_table())
    assert [one.name for one in found.checks] == ["the scrambling is felt", "training part"] and found.passed


def test_a_stopped_audit_writes_nothing(tmp_path):
    run_dir = fitted(tmp_path, unequal_table(), season=7, members=1)
    checks = []
    found = gatewise.audit(run_dir, unequal_table(), on_check=checks.append, should_stop=lambda: len(checks) > 1)
    assert found.interrupted and not found.passed and "stopped after 2 checks" in found.line
    assert not (run_dir / "audit.json").exists()


def test_what_cannot_be_audited_is_said(tmp_path):
    with pytest.raises(RunFolderError, match="holds no run.json"):
        gatewise.audit(tmp_path)
    with pytest.raises(SettingsError, match="trials must be at least 1, but is 0"):
        gatewise.audit(tmp_path, trials=0)
    run_dir = fitted(tmp_path, unequal_table(), season=7, members=1)
    changed = unequal_table()
    changed.loc[3, "y"] += 1
    with pytest.raises(RunFolderError, match="they have changed since"):
        gatewise.audit(run_dir, changed)
    assert expected_seconds(run_dir) > 0 and expected_seconds(tmp_path) is None

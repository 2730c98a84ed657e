"""The comparison behind the kills and jobs benchmarks finds each kind of damage, and nothing in an undamaged run."""

import json
import shutil
import sqlite3
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState, create_trial

from tests.benchmarks.modules import module

compare = module("tuning/compare.py")

SCORES = (0.9, 0.7, 0.8)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with three trials of two epochs each."""
    run = tmp_path_factory.mktemp("runs") / "reference"
    run.mkdir()
    rows = [f"{number},early-stopped,{score},1.5,0.{number}" for number, score in enumerate(SCORES)]
    (run / "trials.csv").write_text("number,status,score,seconds,dropout\n" + "\n".join(rows) + "\n")
    events = [
        {"trial": trial, "epoch": epoch, "train_loss": 1 / epoch, "val_loss": 1 / epoch, "seconds": 0.1}
        for epoch in (1, 2)
        for trial in (0, 1, 2, "refit")
    ]
    (run / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    (run / "best.toml").write_text("dropout = 0.1\n")
    (run / "forecast.csv").write_text("ds,gatewise\n2000-01-01,1\n")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="gatewise", storage=f"sqlite:///{run / 'study.db'}", sampler=optuna.samplers.RandomSampler()
    )
    for number, score in enumerate(SCORES):
        study.add_trial(stored(number, score))
    return run


def stored(number: int, score: float, state: TrialState = TrialState.COMPLETE):
    dropout = {"dropout": number / 10}
    space = {"dropout": FloatDistribution(0, 0.5)}
    return create_trial(
        state=state,
        value=score if state == TrialState.COMPLETE else None,
        params=dropout,
        distributions=space,
        user_attrs={"trial": number},
    )


@pytest.fixture
def run(reference: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(reference, tmp_path / "run")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_equal_runs_differ_in_nothing(run, reference):
    assert compare.difference(run, reference).none
    assert str(compare.difference(run, reference)) == "none"


def test_seconds_do_not_count_and_nor_does_the_order_of_epochs(run, reference):
    edit(run / "trials.csv", ",1.5,", ",9.75,")
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join(reversed(lines)))
    assert compare.difference(run, reference).none


def test_a_lost_trial(run, reference):
    edit(run / "trials.csv", "2,early-stopped,0.8,1.5,0.2\n", "")
    found = compare.difference(run, reference)
    assert found.lost == 1 and not found.none


def test_a_doubled_trial(run, reference):
    text = (run / "trials.csv").read_text()
    (run / "trials.csv").write_text(text + "2,early-stopped,0.8,1.5,0.2\n")
    assert compare.difference(run, reference).doubled == 1


def test_a_trial_that_came_out_otherwise(run, reference):
    edit(run / "trials.csv", "0.7", "0.70000000000000007")
    assert compare.difference(run, reference).changed == 1


def test_an_epoch_told_twice(run, reference):
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join([*lines, lines[0]]))
    found = compare.difference(run, reference)
    assert found.doubled_epochs == 1 and found.changed_epochs == 0


def test_an_epoch_missing_and_one_with_another_loss(run, reference):
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join(lines[1:]).replace('"val_loss": 0.5', '"val_loss": 0.25', 1))
    assert compare.difference(run, reference).changed_epochs == 3  # one missing, one that only either has


def test_a_trial_left_running(run, reference):
    with sqlite3.connect(run / "study.db") as database:
        database.execute("update trials set state = 'RUNNING' where number = 2")
    found = compare.difference(run, reference)
    assert found.left_running == 1 and found.changed_study


def test_a_trial_twice_in_the_study(run, reference):
    study = optuna.load_study(study_name="gatewise", storage=f"sqlite:///{run / 'study.db'}")
    study.add_trial(stored(1, SCORES[1]))
    found = compare.difference(run, reference)
    assert found.doubled == 1 and found.changed_study


@pytest.mark.parametrize("name", ["best.toml", "forecast.csv"])
def test_another_winner_or_forecast(run, reference, name):
    edit(run / name, "1", "2")
    assert compare.difference(run, reference).changed_files == (name,)


def test_a_result_file_that_only_one_has(run, reference):
    (run / "backtest.csv").write_text("ds,gatewise\n")
    found = compare.difference(run, reference)
    assert found.changed_files == ("backtest.csv",) and found.surplus_files == ("backtest.csv",)
    back = compare.difference(reference, run)
    assert back.missing_files == ("backtest.csv",) and back.surplus_files == ()


def test_halves_that_a_kill_left_behind(run, reference):
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "trial-0001.partial").touch()
    assert compare.difference(run, reference).surplus_files == ("checkpoints/trial-0001.partial",)

"""An ablation of a small run: what is trained, paired, written and said."""

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest

import gatewise
from gatewise.ablation import ablate
from gatewise.errors import RunFolderError, SettingsError, TrainingError
from gatewise.opened import open_run, winner_of
from gatewise.tricks import EARLY_STOPPING, ENSEMBLE, TRICKS
from tests.panels import seasonal_values

QUICK = {
    "hidden": (4,), "epochs": 6, "patience": 2, "window": 12, "patch": 12, "base": "season", "normalise": "mean",
    "rescale": "std", "windows_per_epoch": 64, "dropout": 0.1, "clip_norm": 1e6, "schedule": "cosine",
    "learning_rate": 0.03, "calendar": (), "test_windows": 2, "val_windows": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": dates, "sales": seasonal_values()}).to_csv(folder / "sales.csv", index=False)
    gatewise.tune(folder / "sales.csv", 3, trials=3, vary="l2,averaging", out=folder / "run", **QUICK)
    return folder / "run"


@pytest.fixture(scope="module")
def made(run_dir):
    return ablate(run_dir, jobs=2, out=run_dir / "ablation")


def named(made):
    return {one.trick: one for one in made.effects}


def test_every_trick_in_use_is_off_in_turn_and_the_others_are_left(run_dir, made):
    winner = winner_of(run_dir, open_run(run_dir)).settings
    effects = named(made)
    assert set(effects) == {EARLY_STOPPING, ENSEMBLE, *(trick.name for trick in TRICKS)}
    for trick in TRICKS:
        assert effects[trick.name].used == trick.used(winner)
        assert bool(effects[trick.name].seeds) == trick.used(winner)
    worths = [one.worth for one in made.effects if one.used and one.seeds]
    assert worths == sorted(worths, reverse=True)
    assert winner.seed not in made.seeds and len(made.seeds) == 3


def test_scores_are_those_of_the_trainings_on_the_same_origins(run_dir, made):
    plan = open_run(run_dir)
    winner = winner_of(run_dir, plan).settings
    effects, seed = named(made), made.seeds[0]
    plain = plan.bench.train(winner.change(seed=seed))
    assert effects["dropout"].scores_with[0] == plain.score
    bare = plan.bench.train(winner.change(seed=seed, dropout=0.0, recurrent_dropout=0.0))
    assert effects["dropout"].scores_without[0] == bare.score
    # A clip that never binds changes nothing, to the last digit.
    assert effects["clipping"].verdict == "same" and "no difference at all" in effects["clipping"].sentence
    assert effects["base to forecast around"].verdict == "helped"


def test_without_early_stopping_all_epochs_are_trained_and_the_last_weights_kept(run_dir, made):
    plan = open_run(run_dir)
    winner = winner_of(run_dir, plan).settings.change(seed=made.seeds[0])
    last = plan.bench.train(winner, early_stopping=False)
    assert last.training.status == "epoch-limit" and last.training.best_epoch == winner.epochs
    assert named(made)[EARLY_STOPPING].scores_without[0] == last.score
    assert all(math.isfinite(epoch.val_loss) for epoch in last.training.epochs)
    # One epoch only has one set of weights to keep.
    once = winner.change(epochs=1)
    np.testing.assert_array_equal(
        plan.bench.train(once, early_stopping=False).training.parameters, plan.bench.train(once).training.parameters
    )


def test_the_ensemble_is_the_median_of_the_seeds_against_each(run_dir, made):
    plan = open_run(run_dir)
    winner = winner_of(run_dir, plan).settings
    forecasts = [plan.bench.train(winner.change(seed=seed)).forecast[:, 0] for seed in made.seeds]
    one = named(made)[ENSEMBLE]
    joint = plan.bench.truth.score(np.median(forecasts, axis=0))
    assert one.scores_with == pytest.approx([joint] * 3)
    assert one.scores_without == tuple(plan.bench.truth.score(forecast) for forecast in forecasts)


def test_jobs_do_not_change_the_result_and_unused_tricks_can_be_tried(run_dir, made):
    again = ablate(run_dir, jobs=1, unused=True)
    for trick, one in named(again).items():
        assert one.seeds or one.note, trick
        if named(made)[trick].seeds:
            assert one == named(made)[trick]
    tried = [one for one in again.effects if not one.used and one.trick != ENSEMBLE]
    assert tried and all("would" in one.sentence or "no difference" in one.sentence for one in tried)


def test_the_results_are_written(run_dir, made):
    folder = run_dir / "ablation"
    assert {path.name for path in folder.iterdir()} == {
        "ablation.csv", "ablation.html", "ablation.json", "trainings.csv"
    }  # fmt: skip
    with (folder / "ablation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["trick"] for row in rows] == [one.trick for one in made.effects]
    document = json.loads((folder / "ablation.json").read_text())
    assert document["effects"][0]["worth"] == pytest.approx(made.effects[0].worth)
    assert any("test part was never touched" in note for note in document["notes"])
    assert len(pd.read_csv(folder / "trainings.csv")) == 3 * (1 + sum(bool(one.seeds) for one in made.effects) - 1)
    html = (folder / "ablation.html").read_text()
    assert made.effects[0].sentence in html and "default-src 'none'" in html


def test_a_stop_keeps_the_pairs_that_are_done(run_dir):
    done = []
    part = ablate(run_dir, seeds=4, jobs=1, on_training=done.append, should_stop=lambda: len(done) >= 9)
    assert part.interrupted and len(part.trainings) == len(done) < 4 * 7
    assert max(len(one.seeds) for one in part.effects) < 4 and any(one.seeds for one in part.effects)


def test_a_stop_before_anything_is_done_leaves_no_folder(run_dir, tmp_path):
    with pytest.raises(TrainingError, match="before the work was interrupted"):
        ablate(run_dir, out=tmp_path / "out", should_stop=lambda: True)
    assert not (tmp_path / "out").exists()


def test_bad_input_is_refused(run_dir, tmp_path):
    with pytest.raises(SettingsError, match="seeds must be at least 2, but is 1"):
        ablate(run_dir, seeds=1)
    with pytest.raises(RunFolderError, match=r"holds no run\.json"):
        ablate(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(RunFolderError, match="not empty"):
        ablate(run_dir, out=tmp_path / "full")


def test_an_unfinished_run_has_its_best_trial_so_far(run_dir):
    plan = open_run(run_dir)
    finished = winner_of(run_dir, plan)
    best = run_dir / "best.toml"
    best.rename(run_dir / "gone.toml")
    try:
        assert winner_of(run_dir, plan).score == finished.score
        assert winner_of(run_dir, plan).settings.l2 == finished.settings.l2
    finally:
        (run_dir / "gone.toml").rename(best)

"""A search that breaks down at any write goes on, and ends as one that was never interrupted."""

import json

import numpy as np
import optuna
import pytest

from gatewise.errors import RunFolderError
from gatewise.runs.journal import Journal
from gatewise.search.space import Space
from gatewise.search.study import Listener, search
from gatewise.settings import Prior, Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

START = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=1, hidden=(8,), normalise="mean", epochs=6, seed=1,
    halving_epochs=2, jobs=2,
)  # fmt: skip
PRIORS = {"learning_rate": Prior(1e-3, 1e-1, log=True), "dropout": Prior(0.0, 0.5)}
BENCH = Workbench.of(panel_of_values(seasonal_values()), START)


class CrashError(Exception):
    """Stands for the end of the process."""


class Fragile(Journal):
    """A journal whose process ends at its n-th write, of a line or of a checkpoint, before or in the middle of it."""

    def __init__(self, folder, writes=10**9):
        super().__init__(folder)
        self.left = writes

    def _write(self, whole, torn):
        self.left -= 1
        if self.left == 0:
            torn()
        if self.left <= 0:
            raise CrashError
        whole()

    def tell(self, trial):
        def torn():
            with self._file.open("ab") as file:
                file.write(b'{"number": 3, "sett')

        self._write(lambda: super(Fragile, self).tell(trial), torn)

    def keeper(self, name, owner):
        keeper = super().keeper(name, owner)
        save = keeper.save
        torn = keeper._path.with_suffix(".partial")
        keeper.save = lambda checkpoint: self._write(lambda: save(checkpoint), lambda: torn.write_bytes(b"half"))
        return keeper


def run(folder, *, writes=10**9, trials=6, start=START, **arguments):
    folder.mkdir(exist_ok=True)
    storage = f"sqlite:///{folder / 'study.db'}"
    arguments = {"record": Fragile(folder, writes), "storage": lambda: storage, "finals": 2, **arguments}
    return search(BENCH, Space((start,), PRIORS), trials=trials, **arguments)


def facts(found):
    return [
        (t.number, t.status, t.score, t.epochs, t.settings.learning_rate, t.settings.dropout, t.rungs, t.message)
        for t in found.trials
    ]


def resumed(folder, **arguments):
    for _ in range(200):
        try:
            return run(folder, **arguments)
        except CrashError:
            continue
    raise AssertionError("a search that may write a little each time must come to its end")


@pytest.mark.parametrize("halving", ["none", "halving", "hyperband"])
def test_a_search_that_crashes_again_and_again_ends_like_one_that_never_did(tmp_path, halving):
    start = START.change(halving=halving)
    whole, broken = run(tmp_path / "whole", start=start), resumed(tmp_path / "broken", start=start, writes=5)
    assert facts(whole) == facts(broken)
    for (_, one), (_, other) in zip(whole.models, broken.models, strict=True):
        np.testing.assert_array_equal(one.fitted.parameters, other.fitted.parameters)
        np.testing.assert_array_equal(one.forecast, other.forecast)
    studies = [
        optuna.load_study(study_name="gatewise", storage=f"sqlite:///{tmp_path / name / 'study.db'}").trials
        for name in ("whole", "broken")
    ]
    assert [(t.number, t.state, t.value, t.params) for t in studies[0]] == [
        (t.number, t.state, t.value, t.params) for t in studies[1]
    ]
    assert all(t.state.is_finished() for t in studies[1]) and len(studies[1]) == len(whole.trials)


@pytest.mark.parametrize("sampler", ["random", "cmaes"])
def test_every_sampler_proposes_the_same_after_a_crash(tmp_path, sampler):
    start = START.change(sampler=sampler, epochs=2)
    whole, broken = run(tmp_path / "a", start=start, trials=9), resumed(tmp_path / "b", start=start, trials=9, writes=9)
    assert facts(whole) == facts(broken)
    assert len({trial.settings.learning_rate for trial in whole.trials}) > 5


def test_stopping_keeps_the_best_so_far_and_the_next_process_goes_on(tmp_path):
    seen = []
    listener = Listener(on_epoch=lambda number, epoch: seen.append(number))
    stopped = run(tmp_path / "broken", listener=listener, should_stop=lambda: len(seen) > 8)
    assert any(trial.status == "interrupted" for trial in stopped.trials) and stopped.best.score < np.inf
    assert facts(run(tmp_path / "broken")) == facts(run(tmp_path / "whole"))


def test_a_resumed_search_may_have_other_jobs_and_limits_and_still_goes_on_from_its_checkpoints(tmp_path):
    seen, again = [], []
    run(
        tmp_path / "run",
        listener=Listener(on_epoch=lambda number, epoch: seen.append((number, epoch.number, epoch.seconds))),
        should_stop=lambda: len(seen) > 8,
    )
    listener = Listener(on_epoch=lambda number, epoch: again.append((number, epoch.number, epoch.seconds)))
    run(tmp_path / "run", start=START.change(jobs=1, time_limit=1e6, trials=7), listener=listener)
    trained_before = {(number, epoch): seconds for number, epoch, seconds in seen}
    both = [(trained_before[n, epoch], seconds) for n, epoch, seconds in again if (n, epoch) in trained_before]
    assert both and all(one == other for one, other in both), "an epoch was trained again"


def test_more_trials_go_on_as_if_they_had_been_asked_for_at_once(tmp_path):
    run(tmp_path / "grown", trials=4)
    assert facts(run(tmp_path / "grown", trials=9)) == facts(run(tmp_path / "whole", trials=9))


def test_a_resumed_search_trains_nothing_again(tmp_path):
    run(tmp_path / "run")
    trained, past = [], []
    listener = Listener(on_epoch=lambda number, epoch: trained.append(number), on_past=past.append)
    run(tmp_path / "run", listener=listener)
    assert trained == [] and [trial.number for trial in past] == list(range(6))


def test_repeats_are_averaged_and_survive_a_crash(tmp_path):
    start = START.change(repeats=2, epochs=2)
    whole, broken = run(tmp_path / "a", start=start, trials=3), resumed(tmp_path / "b", start=start, trials=3, writes=4)
    assert facts(whole) == facts(broken)
    best, models = whole.best, [model for trial, model in whole.models if trial.number == whole.best.number]
    assert len(models) == 2 and best.score == pytest.approx(np.mean([one.score for one in models]))
    assert best.spread == pytest.approx(np.std([one.score for one in models], ddof=1))


def test_a_journal_of_another_search_is_refused(tmp_path):
    run(tmp_path / "run", trials=3)
    lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    other = {**json.loads(lines[1]), "number": 2}
    (tmp_path / "run" / "journal.jsonl").write_text("\n".join([lines[0], json.dumps(other), lines[2]]) + "\n")
    with pytest.raises(RunFolderError, match="not what this version"):
        run(tmp_path / "run", trials=3)
    (tmp_path / "run" / "journal.jsonl").write_text('{"number": 1}\nnonsense\n')
    with pytest.raises(RunFolderError, match="damaged"):
        run(tmp_path / "run", trials=3)


def test_a_missing_checkpoint_is_said(tmp_path):
    found = run(tmp_path / "run", trials=3)
    (tmp_path / "run" / "checkpoints" / f"trial-{found.best.number:04d}.safetensors").unlink()
    with pytest.raises(RunFolderError, match="missing or damaged"):
        run(tmp_path / "run", trials=3)

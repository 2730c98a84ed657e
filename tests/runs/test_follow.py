"""A run followed from outside, from before its first file to its end."""

import math
import os

import pytest

from gatewise.runs.follow import Follower
from gatewise.runs.store import RunFolder
from tests.runs.writing import Writer


def held(path):
    fcntl = pytest.importorskip("fcntl", reason="no such locks on Windows")
    file = os.open(path / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def test_from_nothing_to_the_end(tmp_path):
    follower = Follower(tmp_path / "run")
    assert follower.look().phase == "absent"
    run = Writer(tmp_path / "run")
    seen = follower.look()
    assert (seen.phase, seen.command, seen.name, seen.total, seen.best, seen.left) == (
        "starting", "tune", "sales", 4, None, None,
    )  # fmt: skip
    run.epochs(0, 1, 2)
    run.epochs(1, 1)
    seen = follower.look()
    assert seen.phase == "searching" and [(one.name, len(one.losses)) for one in seen.running] == [(0, 2), (1, 1)]
    assert seen.running[0].last["learning_rate"] == 0.01 and seen.running[0].best == (2, 0.25)
    run.ended(0)
    seen = follower.look()
    assert [one.name for one in seen.running] == [1]
    assert seen.best is not None and seen.best.settings == {"window": "24", "hidden": "64,32", "learning_rate": "0.003"}
    run.ended(1, 0.9, epochs=1)
    run.epochs(2, 1)
    run.ended(2, math.inf, epochs=1, status="diverged")
    run.epochs(3, 1)
    run.ended(3, 0.7, epochs=1)
    seen = follower.look()
    assert seen.bests == (0.8, 0.8, 0.8, 0.7) and seen.best is not None and seen.best.number == 3
    assert seen.ended[0].message == "said of 0,\nin two lines" and not seen.running
    run.epochs("refit", 1)
    run.epochs("refit before test", 1, 2)
    seen = follower.look()
    assert seen.phase == "training anew" and [one.name for one in seen.refits] == ["refit", "refit before test"]
    run.finish()
    seen = follower.look()
    assert (seen.phase, seen.is_over, seen.elapsed) == ("finished", True, 12.5)
    run.finish(interrupted=True)
    assert follower.look().phase == "interrupted"


def test_a_trial_that_goes_on_from_where_it_paused_runs_again(tmp_path):
    run, follower = Writer(tmp_path), Follower(tmp_path)
    run.epochs(0, 1, 2)
    run.ended(0, 0.9, status="paused")
    seen = follower.look()
    assert not seen.running and seen.ended[0].status == "paused"
    run.epochs(0, 3)
    seen = follower.look()
    assert [len(one.losses) for one in seen.running] == [3] and len(seen.ended) == 1
    assert seen.left is None and seen.pace == pytest.approx(60 * seen.concurrency / 2)


def test_after_a_resume_only_what_is_still_there_counts(tmp_path):
    """A resume cuts off the epochs of trials that had not ended, and they are told again."""
    run, follower = Writer(tmp_path), Follower(tmp_path)
    run.epochs(0, 1, 2)
    run.ended(0)
    run.epochs(1, 1, 2, 3)
    run.finish()
    assert follower.look().phase == "finished"
    events = (tmp_path / "events.jsonl").read_text().splitlines(keepends=True)
    run.folder.write_text("events.jsonl", "".join(events[:2]))
    os.utime(tmp_path / "summary.json", (1, 1))
    run.begin(trials=9)
    seen = follower.look()
    assert seen.phase == "searching" and not seen.running and seen.total == 9 and len(seen.ended) == 1
    run.epochs(1, 1, 2)
    assert [(one.name, len(one.losses)) for one in follower.look().running] == [(1, 2)]


def test_an_epoch_told_twice_counts_once(tmp_path):
    run, follower = Writer(tmp_path), Follower(tmp_path)
    run.epochs(0, 1, 2, 3)
    run.epochs(0, 2, loss=8.0)
    (training,) = follower.look().running
    assert training.losses == [0.5, 4.0]


def test_a_line_torn_in_the_middle_is_passed_over(tmp_path):
    run, follower = Writer(tmp_path), Follower(tmp_path)
    run.epochs(0, 1)
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"trial": 0, "epo\n[1]\n{"trial": 0, "epoch": "x"}\n')
    run.epochs(0, 2)
    assert [len(one.losses) for one in follower.look().running] == [2]


def test_a_run_without_its_process_has_stopped_until_one_goes_on(tmp_path):
    run, follower = Writer(tmp_path), Follower(tmp_path)
    run.epochs(0, 1)
    assert follower.look().held is None and follower.look().phase == "searching"
    lock = held(tmp_path)
    assert follower.look().held is True and not follower.look().is_over
    os.close(lock)
    seen = follower.look()
    assert seen.phase == "stopped" and seen.is_over and [one.name for one in seen.running] == [0]
    lock = held(tmp_path)
    assert follower.look().phase == "searching"
    run.finish()
    assert follower.look().phase == "finished" and not follower.look().is_over, "the report is still to be written"
    os.close(lock)
    assert follower.look().is_over


def test_time_left_is_what_is_left_to_do_by_the_pace_so_far(tmp_path):
    run = Writer(tmp_path)
    began = (tmp_path / "run.json").stat().st_mtime
    run.epochs(0, 1, 2)
    run.ended(0)
    run.epochs(1, 1)
    seen = Follower(tmp_path, clock=lambda: began + 3.0).look()
    # Three seconds of training in three: one trial after another, two seconds each, one second of the next one done.
    assert (seen.elapsed, seen.concurrency, seen.pace) == (pytest.approx(3), pytest.approx(1), pytest.approx(30))
    assert seen.left == pytest.approx(2 * 3 - 1)
    assert Follower(tmp_path, clock=lambda: began + 1.5).look().left == pytest.approx((2 * 3 - 1) / 2)
    run.begin(time_limit=4)
    began = (tmp_path / "run.json").stat().st_mtime
    assert Follower(tmp_path, clock=lambda: began + 3.0).look().left == pytest.approx(1)


def test_following_writes_nothing(tmp_path):
    run = Writer(tmp_path)
    run.epochs(0, 1)
    os.close(held(tmp_path))
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.rglob("*")}
    follower = Follower(tmp_path)
    for _ in range(3):
        follower.look()
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.rglob("*")} == before
    for path in before:
        path.chmod(0o444)
    assert follower.look().phase == "stopped"


def test_a_discarded_run_is_absent(tmp_path):
    run, follower = Writer(tmp_path / "run"), Follower(tmp_path / "run")
    assert follower.look().phase == "starting"
    run.folder.discard()
    assert follower.look().phase == "absent"
    RunFolder(tmp_path / "run")
    assert follower.look().phase == "absent"

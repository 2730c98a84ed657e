"""Processes under watch: what is counted, and what a kill leaves."""

import signal
import sys

import pytest

from tests.benchmarks.modules import BENCHMARKS, module


@pytest.fixture(scope="module")
def watch():
    sys.path.append(str(BENCHMARKS))
    try:
        yield module("tuning/watch.py")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def samples(watch):
    """Two seconds before the search, then a trial every second, 100 MiB and one more with each trial."""
    looks = [watch.Sample(at, None if at < 2 else at - 2, 100.0 + max(at - 2, 0)) for at in range(12)]
    return watch.Watched(watch.Finished(0, "", "", 12.5, 120.0), tuple(looks))


def test_a_search_is_read_from_looks(samples):
    assert samples.began_s == 2
    assert samples.finished(1.5) == 0
    assert samples.finished(6.4) == 4
    assert samples.reached_s(9) == 11
    assert samples.rss_mib(3, 5) == [103.0, 104.0]


def test_a_trial_that_no_look_saw_ends_with_the_process(samples):
    assert samples.reached_s(10) == 12.5


def test_progress_is_none_before_the_run_exists_and_counts_whole_lines(watch, tmp_path):
    count = watch.gatewise_trials(tmp_path)
    assert count() is None
    (tmp_path / "run.json").write_text("{}")
    assert count() == 0
    (tmp_path / "trials.csv").write_text("number,score\n0,1.0\n1,2.0\n2,")
    assert count() == 2


def test_watching_sees_memory_and_the_end(watch):
    code = "import time; held = bytearray(64 * 2**20); time.sleep(0.8); print('done')"
    watched = watch.watch([sys.executable, "-c", code], {}, lambda: 1)
    assert watched.done.status == 0 and watched.done.output == "done\n"
    assert max(watched.rss_mib(1, 2)) > 64


def test_a_kill_reaches_children_and_is_told(watch, tmp_path):
    sign = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(sign)!r}).touch()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    life = watch.live([sys.executable, "-c", code], {}, signal.SIGKILL, seconds=0.5)
    assert life.killed and life.status == -signal.SIGKILL and not life.hung
    watch.live([sys.executable, "-c", "import time; time.sleep(2)"], {}, signal.SIGKILL, seconds=5)
    assert not sign.exists()


def test_a_process_that_ends_in_time_was_not_killed(watch):
    life = watch.live([sys.executable, "-c", "import sys; sys.exit('no table')"], {}, signal.SIGKILL, seconds=20)
    assert not life.killed and life.status == 1 and life.complaint == "no table"


def test_a_kill_when_a_file_appears(watch, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    code = f"import time, pathlib as p; p.Path({str(first)!r}).touch(); time.sleep(1); p.Path({str(second)!r}).touch()"
    life = watch.live([sys.executable, "-c", code], {}, signal.SIGKILL, when=first.exists)
    assert life.killed and first.exists() and not second.exists()

"""Where programs run: one thread per lane, the same bits on each, and a compile cache that never stands in the way."""

import os
import subprocess
import sys
import threading

import jax
import numpy as np
import pytest

from gatewise.architecture import Architecture
from gatewise.model.network import initialise
from gatewise.train import device as device_module
from gatewise.train.device import CACHE_VARIABLE, cache_folder, device, own_lane, place
from gatewise.train.forecaster import forecaster

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3))
WINDOWS = np.random.default_rng(0).standard_normal((20, 6)).astype(np.float32)

FORECAST = """
import sys
import numpy as np
from gatewise.architecture import Architecture
from gatewise.model.network import initialise
from gatewise.train.forecaster import forecaster
small = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3))
made = forecaster(small, 3)(initialise(small, 0), np.ones((20, 6), np.float32))
sys.stdout.write(made.tobytes().hex())
"""


def test_lanes_are_apart_are_reused_and_give_the_same_bits():
    with own_lane():
        first = device()
        with own_lane():
            second = device()
            assert second != first
            on_second = forecaster(SMALL, 3)(initialise(SMALL, 0), WINDOWS)
        on_first = forecaster(SMALL, 3)(initialise(SMALL, 0), WINDOWS)
    with own_lane():
        assert device() == first
    np.testing.assert_array_equal(on_first, on_second)


def test_a_lane_belongs_to_its_thread():
    with own_lane():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(device()))
        thread.start()
        thread.join()
        with own_lane():
            assert seen != [device()]


def test_clients_made_at_once_leave_the_environment_as_it_was(monkeypatch):
    monkeypatch.setattr("gatewise.train.device._threads", {})
    before, meeting = os.environ.get("NPROC"), threading.Barrier(8)

    def make() -> None:
        with own_lane():
            meeting.wait()
            device()

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.environ.get("NPROC") == before


def test_arrays_follow_the_lane_and_stay_where_they_are():
    with own_lane(), own_lane():
        here = place(WINDOWS)
        assert here.devices() == {device()}
        assert place(here).unsafe_buffer_pointer() == here.unsafe_buffer_pointer()


def test_users_own_device_is_left_alone():
    place(WINDOWS)
    before = os.environ.get("NPROC")
    with own_lane():
        device()
    assert os.environ.get("NPROC") == before
    assert jax.numpy.ones(2).devices() == {jax.devices()[0]}


@pytest.mark.skipif(sys.platform != "linux", reason="how many threads a client takes was looked at on Linux only")
def test_a_lane_works_on_one_thread_beside_the_caller():
    code = (
        "import os, jax, numpy as np; from gatewise.train.device import place;"
        "x = place(np.ones((1500, 1500), np.float32)); f = jax.jit(lambda x: x @ x); f(x).block_until_ready();"
        "import time; wall, cpu = time.perf_counter(), time.process_time();"
        "[f(x).block_until_ready() for _ in range(8)];"
        "print((time.process_time() - cpu) / (time.perf_counter() - wall))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.5


@pytest.mark.parametrize("damage", [b"", b"not a program", None])
def test_a_damaged_cache_entry_is_ignored(tmp_path, damage):
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path)}
    runs = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", FORECAST], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        runs.append(done.stdout)
        entries = list(tmp_path.glob("*-cache"))
        assert entries
        for entry in entries:
            whole = entry.read_bytes()
            entry.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert runs[0] == runs[1] and runs[0]


def test_processes_that_start_at_once_share_a_cache(tmp_path):
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path)}
    command = [sys.executable, "-c", FORECAST]
    started = [subprocess.Popen(command, env=environment, stdout=-1, stderr=-1) for _ in range(3)]
    said = [process.communicate() for process in started]
    assert all(process.returncode == 0 for process in started), said
    assert len({out for out, _ in said}) == 1


def test_a_cache_folder_that_cannot_be_written_is_no_obstacle(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    environment = {**os.environ, CACHE_VARIABLE: str(blocked / "cache")}
    done = subprocess.run([sys.executable, "-c", FORECAST], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


def test_the_variable_moves_the_cache_and_switches_it_off(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv(CACHE_VARIABLE, "")
    assert cache_folder() is None


def test_freed_memory_goes_back_to_the_system_where_there_is_such_a_call(monkeypatch):
    asked = []
    monkeypatch.setattr(device_module, "_trim", lambda: asked.append)
    device_module.return_freed_memory()
    assert asked == [0]
    monkeypatch.setattr(device_module, "_trim", lambda: None)
    device_module.return_freed_memory()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_only_the_c_library_of_linux_is_asked(platform, monkeypatch):
    monkeypatch.setattr(device_module.sys, "platform", platform)
    assert device_module._trim.__wrapped__() is None

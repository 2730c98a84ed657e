import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from filelock import FileLock

from gatewise.cli.main import main
from tests.panels import seasonal_values

FLAGS = ["--horizon", "3", "--trials", "4", "--set", "hidden=8", "--set", "epochs=4", "--set", "window=12",
         "--set", "patch=1", "--members", "2", "--set", "vary=learning_rate,dropout",
         "--set", "baselines=none"]  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": dates, "sales": seasonal_values().round(3)}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    assert main(["tune", str(table), *FLAGS, "--out", str(out), "-q"]) == 0
    return out


def without_seconds(folder):
    return pd.read_csv(folder / "trials.csv").drop(columns="seconds").to_csv()


def test_a_killed_search_goes_on_and_ends_the_same(table, run, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "gatewise", "tune", str(table), *FLAGS, "--out", str(out), "-q"]
    running = subprocess.Popen(command, env=os.environ)
    deadline = time.monotonic() + 90
    while not (out / "events.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL) if os.name == "posix" else running.kill()
    running.wait()
    assert not (out / "summary.json").exists()
    assert main(["tune", "--resume", str(out), "-q"]) == 0
    assert without_seconds(out) == without_seconds(run)
    for name in ("forecast.csv", "backtest.csv", "best.toml", "leaderboard.csv", "findings.jsonl"):
        assert (out / name).read_bytes() == (run / name).read_bytes(), name
    events = [(one["trial"], one["epoch"]) for one in map(json.loads, (out / "events.jsonl").read_text().splitlines())]
    assert len(events) == len(set(events)) == len((run / "events.jsonl").read_text().splitlines())


def test_a_finished_run_has_nothing_left_to_do_but_takes_more_trials(run, table, tmp_path, capsys):
    assert main(["tune", "--resume", str(run)]) == 0
    assert "is finished: nothing is left to do" in capsys.readouterr().err
    assert main(["tune", "--resume", str(run), "--trials", "5", "-q"]) == 0
    more = [*FLAGS[:3], "5", *FLAGS[4:]]
    assert main(["tune", str(table), *more, "--out", str(tmp_path / "at-once"), "-q"]) == 0
    assert without_seconds(run) == without_seconds(tmp_path / "at-once")
    assert (run / "forecast.csv").read_bytes() == (tmp_path / "at-once" / "forecast.csv").read_bytes()


def test_a_run_killed_in_its_last_moment_is_finished_by_the_next_process(run, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(run, out)
    (out / "report.html").unlink()
    for left in ("model/.tmpAbc", ".summary.json.partial", "checkpoints/trial-0001.partial"):
        (out / left).write_bytes(b"half")
    assert main(["tune", "--resume", str(out), "-q"]) == 0
    files = [{path.relative_to(folder) for path in folder.rglob("*")} for folder in (run, out)]
    assert files[0] == files[1]
    (out / "model" / ".tmpAbc").write_bytes(b"half")
    assert main(["tune", "--resume", str(out), "-q"]) == 0
    assert not (out / "model" / ".tmpAbc").exists()


def test_a_second_process_is_refused(run, capsys):
    with FileLock(run / ".lock"):
        assert main(["tune", "--resume", str(run), "--trials", "6"]) == 2
    assert "only one process may work on a run" in capsys.readouterr().err


def test_what_cannot_be_gone_on_with_is_said(run, table, tmp_path, capsys):
    for arguments, said in [
        (["--resume", str(tmp_path)], "holds no run.json"),
        (["--resume", str(run), "--seed", "3"], "seed is given, too"),
        (["--resume", str(run), "--out", str(tmp_path / "x")], "--out is given, too"),
        ([], "tune needs DATA"),
    ]:
        assert main(["tune", *arguments]) == 2
        assert said in capsys.readouterr().err
    changed = tmp_path / "changed.csv"
    changed.write_text(table.read_text().replace("2000-01,", "2000-01,9"))
    assert main(["tune", str(changed), "--resume", str(run), "--trials", "9"]) == 2
    assert "they have changed since" in capsys.readouterr().err

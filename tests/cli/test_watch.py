"""`gatewise watch` as a user runs it: on a run that goes on, has died, has ended, or is still to begin."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from gatewise.cli.main import main
from gatewise.cli.watching import Lines, panel
from gatewise.runs.follow import Follower
from tests.runs.writing import Writer


@pytest.fixture
def run(tmp_path) -> Writer:
    """Return a run with two trials that ended, of which the second one is the best, and one under way."""
    run = Writer(tmp_path / "run")
    run.epochs(0, 1, 2)
    run.ended(0)
    run.ended(1, 0.7)
    run.epochs(2, 1, 2, 3)
    return run


def test_once_shows_the_run_as_it_stands(run, capsys):
    assert main(["watch", str(run.path), "--once"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"run +tune sales +\S*run", said) and "searching, " in said
    assert "2/4" in said and "MASE 0.7000 on validation (trial 1, epoch 1)" in said
    assert "window 24, hidden 64,32, learning_rate 0.003" in said and "0.8 to 0.7" in said
    (line,) = [line for line in said.splitlines() if line.startswith("trial 2")]
    assert line.split() == ["trial", "2", "3/10", "0.2667", "0.1667", "3", "█▃▁", "0.01", "25%", "0.003", "1"]
    assert "said of 1, in two lines" in said


def test_json_is_one_snapshot_and_nothing_else(run, capsys):
    run.ended(3, float("inf"), status="diverged")
    assert main(["watch", str(run.path), "--json"]) == 0
    seen = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert seen["phase"] == "searching" and seen["trials"] == {"finished": 3, "total": 4}
    assert (
        seen["best"]["trial"] == 1
        and seen["best"]["settings"]["hidden"] == "64,32"
        and seen["bests"] == [0.8, 0.7, 0.7]
    )
    assert [one["trial"] for one in seen["running"]] == [2] and seen["running"][0]["clipped"] == 0.25
    assert seen["ended"][2]["score"] is None and seen["seconds_left"] is not None


def test_a_line_for_each_trial_until_the_summary_is_there(run, capsys):
    def go_on() -> None:
        time.sleep(0.7)
        run.ended(2, 0.6, epochs=3)
        time.sleep(0.7)
        run.epochs("refit", 1)
        time.sleep(0.7)
        run.finish()

    writer = threading.Thread(target=go_on)
    writer.start()
    assert main(["watch", str(run.path)]) == 0
    writer.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("following tune sales in ") and [line[:13] for line in lines[1:4]] == [
        "trial 0 (1/4)", "trial 1 (2/4)", "trial 2 (3/4)",
    ]  # fmt: skip
    assert "MASE 0.6000 on validation (best so far), 3 epochs, 3.0 s; said of 2, in two lines" in lines[3]
    assert lines[4] == "training the chosen networks anew on more rows"
    assert lines[5].startswith("finished after 12.5 s and 3 trials: It beats them.") and "report.html" in lines[6]


def test_a_run_that_has_died_is_said_and_is_exit_status_1(run, capsys):
    pytest.importorskip("fcntl", reason="no such locks on Windows")
    (run.path / ".lock").touch()
    assert main(["watch", str(run.path), "--wait", "0"]) == 1
    said = capsys.readouterr().out
    assert "stopped before its end, after 2 trials: no process works on it any more" in said
    assert f"gatewise tune --resume {run.path}" in said


def test_a_run_that_has_stopped_may_be_gone_on_with(run, capsys):
    fcntl = pytest.importorskip("fcntl", reason="no such locks on Windows")
    (run.path / ".lock").touch()

    def go_on() -> None:
        with (run.path / ".lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run.begin()
            time.sleep(0.7)
            run.ended(2, 0.6, epochs=3)
            run.finish()

    threading.Timer(0.7, go_on).start()
    assert main(["watch", str(run.path), "--wait", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "stopped, " in lines[0] and lines[3] == "the run goes on"
    assert lines[4].startswith("trial 2 (3/4): MASE 0.6000") and lines[5].startswith("finished")


def test_a_run_that_was_discarded_while_watched_is_exit_status_1(run, capsys):
    threading.Timer(0.7, run.folder.discard).start()
    assert main(["watch", str(run.path)]) == 1
    assert "the run ended before there was anything to keep" in capsys.readouterr().out


def test_silence_is_said_once_where_nobody_knows_whether_the_run_lives(run):
    news = (run.path / "trials.csv").stat().st_mtime
    lines, follower = Lines(), Follower(run.path, clock=lambda: news + 300.0)
    said = [*lines.of(follower.look()), *lines.of(follower.look())]
    assert sum("no news for 5 min 0 s: a long epoch, or the run has died" in line for line in said[1:]) == 1


def test_a_trial_that_paused_and_ended_has_two_lines(run):
    lines, follower = Lines(), Follower(run.path)
    run.ended(2, 0.9, status="paused")
    first = list(lines.of(follower.look()))
    run.ended(2, 0.65, epochs=9)
    (line,) = lines.of(follower.look())
    assert "trial 2 (3/4): MASE 0.9000" in first[3] and "trial 2 (3/4): MASE 0.6500 on validation (best so far)" in line
    # A resume begins with what had been told, one after another.
    for epochs, status in ((2, "paused"), (9, "early-stopped")):
        run.ended(2, 0.9 - 0.25 * (epochs == 9), epochs=epochs, status=status)
        assert list(lines.of(follower.look())) == []


@pytest.mark.parametrize("height", [1, 10, 24, 60])
def test_the_panel_fits_the_terminal(tmp_path, height):
    from rich.console import Console

    run = Writer(tmp_path / "run", trials=99)
    for number in range(40):
        run.epochs(number, 1)
        run.ended(number, 0.9 - number / 100, epochs=1)
    for number in range(40, 60):
        run.epochs(number, 1)
    console = Console(width=120, height=height, record=True, file=io.StringIO())
    console.print(panel(Follower(run.path).look(), height))
    shown = console.export_text().splitlines()
    assert len(shown) <= max(height, 18)
    assert "trial 59" in "\n".join(shown) and "39  " in "\n".join(shown)


def test_a_run_that_is_still_to_begin_is_waited_for(tmp_path, capsys):
    path = tmp_path / "later"
    threading.Timer(0.7, lambda: Writer(path)).start()
    assert main(["watch", str(path), "--once", "--wait", "20"]) == 0
    assert "starting, " in capsys.readouterr().out


def test_a_folder_that_is_no_run_is_refused_with_the_run_that_may_be_meant(run, tmp_path, capsys):
    assert main(["watch", str(tmp_path), "--wait", "0"]) == 2
    said = capsys.readouterr().err
    assert "RUN_DIR must be the folder of a run" in said and f"is '{run.path}'" in said
    assert main(["watch", str(tmp_path / "x" / "y"), "--wait", "0", "--json"]) == 2
    said = capsys.readouterr()
    assert "one in runs/" in said.err and said.out == ""
    assert main(["watch", str(run.path), "--wait", "-1"]) == 2
    assert "--wait must be a number of seconds from 0, but is -1" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal and signals")
def test_on_a_terminal_it_is_live_and_ctrl_c_leaves_with_status_0(run):
    import pty

    before = sorted(run.path.iterdir())
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "gatewise", "watch", str(run.path)]
    watching = subprocess.Popen(
        command, stdin=its_end, stdout=its_end, stderr=its_end,
        env={**os.environ, "COLUMNS": "140", "LINES": "30", "TERM": "xterm"},
    )  # fmt: skip
    os.close(its_end)
    _read_until(terminal, "trial 2")
    run.epochs(2, 4)
    assert "4/10" in _read_until(terminal, "4/10")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 0
    os.close(terminal)
    assert sorted(run.path.iterdir()) == before


def _read_until(terminal: int, text: str) -> str:
    seen, deadline = "", time.monotonic() + 60
    while text not in seen:
        assert time.monotonic() < deadline, seen
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def test_watching_loads_no_heavy_library(run):
    heavy = "sorted({'jax', 'pandas', 'optuna', 'numpy'} & set(sys.modules))"
    code = (
        f"import sys; from gatewise.cli.main import main; main(['watch', {str(run.path)!r}, '--once']); print({heavy})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip().endswith("[]")

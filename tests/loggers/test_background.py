"""A log on a thread of its own: in order, from many threads, and never in the way of the run."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gatewise.loggers.background import Background
from tests.runs.writing import a_trial, an_epoch


class Noted:
    """Notes what it is told, on which thread, and fails where it shall."""

    def __init__(self, fails_at: str = "", waits: float = 0.0):
        self.told, self.threads, self.fails_at, self.waits = [], set(), fails_at, waits

    def _note(self, what: str, *facts) -> None:
        self.threads.add(threading.current_thread().name)
        time.sleep(self.waits)
        if what == self.fails_at:
            raise OSError("no space left")
        self.told.append((what, *facts))

    def open(self):
        self._note("open")

    def start(self, name, settings):
        self._note("start", name)

    def epoch(self, name, number, measured, at):
        self._note("epoch", name, number, measured, at)

    def trial(self, name, trial):
        self._note("trial", name)

    def close(self, summary):
        self._note("close", summary)


def test_everything_is_told_in_order_on_one_thread():
    log, said = Noted(), []
    background = Background("noted", log, said.append, clock=lambda: 17.0)
    listener = background.listener()
    listener.on_start(2, a_trial(2).settings)
    listener.on_epoch(2, an_epoch(1, float("nan")))
    listener.on_trial(a_trial(2))
    listener.on_epoch(-2, an_epoch(1))
    background.close({"verdict": "good"})
    assert [one[:2] for one in log.told] == [
        ("open",), ("start", "trial 2"), ("epoch", "trial 2"), ("trial", "trial 2"), ("epoch", "refit before test"),
        ("close", {"verdict": "good"}),
    ]  # fmt: skip
    assert "loss/validation" not in log.told[2][3] and log.told[2][4] == 17.0
    assert log.threads == {"log-noted"} and said == []


def test_many_threads_may_tell_at_once():
    log = Noted()
    background = Background("noted", log, lambda message: None)
    listener = background.listener()
    with ThreadPoolExecutor(8) as workers:
        for number in range(8):
            workers.submit(lambda number=number: [listener.on_epoch(number, an_epoch(k)) for k in range(1, 101)])
    background.close(None)
    for number in range(8):
        assert [one[2] for one in log.told if one[:2] == ("epoch", f"trial {number}")] == list(range(1, 101))


def test_the_first_failure_is_said_and_then_there_is_silence():
    for fails_at, told in (("open", []), ("epoch", ["open", "start"]), ("close", ["open", "start"])):
        log, said = Noted(fails_at), []
        background = Background("noted", log, said.append)
        background.listener().on_start(0, a_trial(0).settings)
        if fails_at != "close":
            for number in (1, 2):
                background.listener().on_epoch(0, an_epoch(number))
        background.close(None)
        assert [one[0] for one in log.told] == told
        assert said == ["the noted log ends here, and the run goes on without it: OSError: no space left"]


def test_a_log_that_hangs_holds_no_training_up_and_the_end_only_so_long():
    log, said = Noted(waits=0.5), []
    background = Background("noted", log, said.append)
    began = time.monotonic()
    for number in range(1, 1001):
        background.listener().on_epoch(0, an_epoch(number))
    assert time.monotonic() - began < 0.4
    background.close(None, patience=0.1)
    assert time.monotonic() - began < 2 and said == [
        "the noted log is not complete: it was not written 0.1 s after the run's end."
    ]

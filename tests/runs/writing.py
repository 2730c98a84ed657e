"""Run folders as the program itself writes them, step by step."""

import json
import math
from pathlib import Path

from gatewise.runs.store import RunFolder
from gatewise.search.study import Trial
from gatewise.settings import Settings
from gatewise.train.fit import Epoch

VARIED = ("window", "hidden", "learning_rate")


def an_epoch(number: int, loss: float = 0.5, seconds: float = 1.0) -> Epoch:
    return Epoch(number, loss + 0.1, loss, 0.01, 1.0, 2.0, 0.25, 0.003, seconds)


def a_trial(number: int, score: float = 0.8, epochs: int = 2, status: str = "early-stopped") -> Trial:
    settings = Settings.of(window=24, hidden=(64, 32), learning_rate=0.003)
    message = f"said of {number},\nin two lines"
    return Trial(number, settings, status, message, score, 1, epochs, 0.6, 0.5, float(epochs))


class Writer:
    """Writes what a run writes, when the test says so."""

    def __init__(self, path: Path, **settings):
        self.folder = RunFolder(path)
        self.path = path
        self.begin(**settings)

    def begin(self, **settings) -> None:
        self.folder.write_settings("run.toml", Settings.of(**{"trials": 4, "epochs": 10, "jobs": 2, **settings}))
        self.folder.write_json("run.json", {"command": "tune", "given": {}, "data": None, "future_data": None})
        self.folder.write_json("data.json", {"name": "sales"})

    def epochs(self, name: int | str, *numbers: int, loss: float = 0.5) -> None:
        for number in numbers:
            self.folder.add_epoch(name, an_epoch(number, loss / number))

    def ended(self, number: int, *arguments, **named) -> None:
        self.folder.add_trial(a_trial(number, *arguments, **named), VARIED)

    def finish(self, **facts) -> None:
        document = {"seconds": 12.5, "interrupted": False, "verdict": "It beats them.", "score": math.nan, **facts}
        self.folder.write_json("summary.json", json.loads(json.dumps(document)))

"""Trainings that take their steps together give what each gives alone, whoever else is there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from gatewise.architecture import architecture_of
from gatewise.data.windows import Windows
from gatewise.settings import Settings
from gatewise.train.fit import Lessons, train
from gatewise.train.population import Populations
from gatewise.train.program import table_of

SETTINGS = Settings.of(window=6, patch=1, horizon=2, hidden=(4,), batch_size=8, epochs=5, base="last", dropout=0.2)
NUMBERS = np.arange(40, dtype=np.int32)
LEARN = Windows(NUMBERS, NUMBERS, NUMBERS, np.zeros_like(NUMBERS), np.zeros_like(NUMBERS))


@pytest.fixture(scope="module")
def lessons() -> Lessons:
    return Lessons(table_of(np.sin(np.arange(60) / 3), np.ones(60, bool)), LEARN, np.ones(1, np.float32))


def trained(lessons: Lessons, change: dict) -> np.ndarray:
    settings = SETTINGS.change(**change)
    return train(settings, architecture_of(settings), lessons, None).parameters


def together(lessons: Lessons, *, members: list[dict], places: int = 3) -> list[np.ndarray]:
    populations, everybody = Populations(places), Barrier(len(members))

    def run(change: dict) -> np.ndarray:
        with populations.entered():
            everybody.wait()
            return trained(lessons, change)

    with ThreadPoolExecutor(len(members)) as workers:
        return list(workers.map(run, members))


MEMBERS = [{"learning_rate": 1e-3, "averaging": 0.9}, {"learning_rate": 1e-2, "seed": 3}, {"epochs": 2, "l2": 0.01}]


def test_members_match_trainings_alone(lessons):
    alone = [trained(lessons, change) for change in MEMBERS]
    for one, other in zip(together(lessons, members=MEMBERS), alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_result_does_not_depend_on_who_else_is_there(lessons):
    crowd = together(lessons, members=MEMBERS)
    for number, change in enumerate(MEMBERS):
        np.testing.assert_array_equal(together(lessons, members=[change])[0], crowd[number])


def test_more_trainings_than_places_take_turns(lessons):
    made = together(lessons, members=[{"seed": seed, "epochs": 1} for seed in range(5)], places=2)
    assert len({one.tobytes() for one in made}) == 5


def test_a_failure_reaches_every_member(lessons, monkeypatch):
    def fail(*_) -> None:
        raise RuntimeError("device lost")

    monkeypatch.setattr("gatewise.train.population._joint_program", lambda *_: fail)
    with pytest.raises(RuntimeError, match="device lost"):
        together(lessons, members=MEMBERS)

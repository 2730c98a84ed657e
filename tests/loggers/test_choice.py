"""Which logs there are, what is said where one cannot be, and how they hear of a run."""

import pytest

from gatewise import tune
from gatewise.errors import SettingsError
from gatewise.loggers.choice import LIBRARIES, checked_logs, logged, merged
from gatewise.planning import plan
from gatewise.search.study import Listener
from tests.panels import panel_of_values, seasonal_values


def made(**given):
    quick = {"horizon": 3, "hidden": (4,), "epochs": 1, "windows_per_epoch": 64, "vary": "dropout", "trials": 1}
    return plan("tune", panel_of_values(seasonal_values()), {**quick, **given})


def test_names_come_as_text_or_one_by_one():
    assert checked_logs("mlflow, tensorboard,mlflow") == ("mlflow", "tensorboard")
    assert checked_logs(["wandb"]) == ("wandb",) and checked_logs("") == checked_logs(()) == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [("tensorbord", "names 'tensorbord'. Did you mean 'tensorboard'?"), ("comet", "among tensorboard, mlflow, wandb")],
)
def test_an_unknown_log_is_refused(names, said):
    with pytest.raises(SettingsError, match=r"log must name logs") as error:
        checked_logs(names)
    assert said in str(error.value)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_is_said_with_its_extra_before_anything_is_read(name, monkeypatch, tmp_path):
    monkeypatch.setattr("gatewise.loggers.choice.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="which is not installed") as error:
        tune("no-such-table.csv", 3, out=tmp_path / "run", log=(name,))
    assert f'pip install "gatewise[{name}]"' in str(error.value) and not (tmp_path / "run").exists()


def test_a_log_needs_a_run_folder():
    with pytest.raises(SettingsError, match="log 'tensorboard' is written into the run folder, but there is none"):
        tune("no-such-table.csv", 3, log="tensorboard")
    with pytest.raises(SettingsError, match="Name one with out"), logged(["tensorboard"], None, made()):
        pass


def test_several_listeners_hear_the_same_in_their_order():
    heard = []
    first, second = (
        Listener(on_start=lambda number, settings, who=who: heard.append((who, number))) for who in ("a", "b")
    )
    both = merged(first, Listener(), second)
    both.on_start(3, made().settings)
    both.on_epoch(3, None)
    assert heard == [("a", 3), ("b", 3)]


def test_without_logs_the_listener_is_told_and_nothing_is_written(tmp_path):
    heard = []
    with logged((), tmp_path, made(), Listener(on_trial=heard.append)) as logs:
        logs.listener.on_trial("trial")
    assert heard == ["trial"] and not list(tmp_path.iterdir())

"""The logs of one real search, written by the real libraries and read back."""

import json
import math
import os
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("tensorboardX")
pytest.importorskip("mlflow")
pytest.importorskip("wandb")

from mlflow import MlflowClient
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
from wandb.proto import wandb_internal_pb2

from gatewise.experiment import run
from gatewise.loggers.choice import LIBRARIES, logged
from gatewise.loggers.mlflow import MlflowLog
from gatewise.loggers.tensorboard import TensorBoardLog
from gatewise.loggers.wandb import WandbLog
from gatewise.loggers.words import measures
from gatewise.outcome import Outcome
from gatewise.planning import plan
from gatewise.runs.store import RunFolder
from tests.panels import panel_of_values, seasonal_values
from tests.runs.writing import a_trial, an_epoch

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

GIVEN = {"horizon": 3, "hidden": (4,), "window": 12, "patch": 1, "epochs": 3, "windows_per_epoch": 64, "trials": 2,
         "members": 1, "test_windows": 2, "val_windows": 3, "vary": "learning_rate,dropout"}  # fmt: skip


@dataclass
class Logged:
    """A run, its folder, the events that it wrote itself, and what its logs complained of."""

    folder: Path
    outcome: Outcome
    said: list[str]

    def events(self, trial: int | str) -> list[dict]:
        lines = map(json.loads, (self.folder / "events.jsonl").read_text().splitlines())
        return [line for line in lines if line["trial"] == trial]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Logged:
    folder = RunFolder(tmp_path_factory.mktemp("logs") / "run")
    made, said = plan("tune", panel_of_values(seasonal_values()), GIVEN), []
    with logged(LIBRARIES, folder.path, made, warn=said.append) as logs:
        outcome = run(made, folder, listener=logs.listener)
        logs.summary = outcome.summary(folder.path)
    return Logged(folder.path, outcome, said)


def test_nothing_was_complained_of_and_every_log_has_its_folder(done, capfd):
    assert done.said == []
    assert {"tensorboard", "mlflow", "wandb"} < {path.name for path in done.folder.iterdir()}


def records(path: Path) -> list[Event]:
    """Return the events of a TensorBoard file: length, checksum, bytes, checksum."""
    raw, at, made = path.read_bytes(), 0, []
    while at < len(raw):
        (size,) = struct.unpack_from("<Q", raw, at)
        made.append(Event.FromString(raw[at + 12 : at + 12 + size]))
        at += 16 + size
    return made


def test_tensorboard_has_every_epoch_the_hyperparameters_and_the_score(done):
    for trial in done.outcome.trials:
        (path,) = (done.folder / "tensorboard" / f"trial-{trial.number}").iterdir()
        values = [(event.step, value) for event in records(path) for value in event.summary.value]
        for name, tag in (("val_loss", "loss/validation"), ("learning_rate", "learning_rate")):
            read = [(step, value.simple_value) for step, value in values if value.tag == tag]
            assert read == [(one["epoch"], pytest.approx(one[name])) for one in done.events(trial.number)]
        assert [(step, value.simple_value) for step, value in values if value.tag == "score"] == [
            (trial.epochs, pytest.approx(trial.score))
        ]
        hyper = [value.metadata.plugin_data.content for _, value in values if value.tag.startswith("_hparams_")]
        read = [HParamsPluginData.FromString(one) for one in hyper]
        assert len(read) == 3
        settings = next(one.session_start_info for one in read if one.HasField("session_start_info")).hparams
        assert settings["dropout"].number_value == trial.settings.dropout
    assert (done.folder / "tensorboard" / "refit-before-test").is_dir()
    (path,) = (path for path in (done.folder / "tensorboard").iterdir() if path.is_file())
    values = {value.tag: value for event in records(path) for value in event.summary.value}
    mase = done.outcome.leaderboard.set_index("model").MASE
    assert values["test_MASE/gatewise"].simple_value == pytest.approx(mase["gatewise"])
    assert done.outcome.verdict.encode() in values["verdict/text_summary"].tensor.string_val[0]


def test_mlflow_has_a_parent_and_a_child_for_each_training(done):
    client = MlflowClient(f"sqlite:///{done.folder / 'mlflow' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(done.outcome.plan.panel.name)
    runs = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"tune", "trial 0", "trial 1", "refit", "refit before test"}
    assert {one.info.status for one in runs.values()} == {"FINISHED"}
    parent = runs.pop("tune")
    assert {one.data.tags["mlflow.parentRunId"] for one in runs.values()} == {parent.info.run_id}
    assert parent.data.tags["gatewise.verdict"] == done.outcome.verdict
    assert parent.data.metrics["score"] == pytest.approx(done.outcome.chosen.score)
    assert "test_MASE/last_value" in parent.data.metrics and parent.data.params["hidden"] == "4"
    for trial in done.outcome.trials:
        one = runs[f"trial {trial.number}"]
        assert one.data.params == {name: str(getattr(trial.settings, name)) for name in ("learning_rate", "dropout")}
        assert one.data.metrics["score"] == pytest.approx(trial.score)
        history = client.get_metric_history(one.info.run_id, "loss/validation")
        read = [(point.step, point.value) for point in sorted(history, key=lambda point: point.step)]
        assert read == [(event["epoch"], pytest.approx(event["val_loss"])) for event in done.events(trial.number)]


def wandb_records(path: Path):
    """Yield the records of a W&B file: those of LevelDB's log, in blocks of 32 KiB behind seven bytes."""
    # Another process writes it, and may still be at it for a moment after the log was closed.
    size, deadline = -1, time.monotonic() + 20
    while size != path.stat().st_size and time.monotonic() < deadline:
        size = path.stat().st_size
        time.sleep(0.3)
    raw, at, part = path.read_bytes(), 7, b""
    assert raw.startswith(b":W&B")
    while at + 7 <= len(raw):
        if (left := 32768 - at % 32768) < 7:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", raw, at)
        part, at = part + raw[at + 7 : at + 7 + size], at + 7 + size
        if kind in (1, 4):
            yield wandb_internal_pb2.Record.FromString(part)
            part = b""


def by_key(items) -> dict:
    return {one.key or "/".join(one.nested_key): json.loads(one.value_json) for one in items}


def test_wandb_has_an_offline_run_for_each_training_in_one_group(done):
    runs = {}
    for path in (done.folder / "wandb").glob("offline-run-*/*.wandb"):
        made = {"history": [], "summary": {}}
        for record in wandb_records(path):
            match record.WhichOneof("record_type"):
                case "run":
                    made["run"] = record.run
                case "history":
                    made["history"].append(by_key(record.history.item))
                case "summary":
                    made["summary"] |= by_key(record.summary.update)
                case "exit":
                    made["exit"] = record.exit.exit_code
        runs[made["run"].display_name] = made
    assert set(runs) == {"summary", "trial 0", "trial 1", "refit", "refit before test"}
    assert len({one["run"].run_group for one in runs.values()}) == 1
    assert {one["exit"] for one in runs.values()} == {0}
    assert runs["summary"]["summary"]["verdict"] == done.outcome.verdict
    for trial in done.outcome.trials:
        one = runs[f"trial {trial.number}"]
        assert by_key(one["run"].config.update)["dropout"] == trial.settings.dropout
        assert one["summary"]["score"] == pytest.approx(trial.score)
        read = [(point["epoch"], point["loss/train"]) for point in one["history"]]
        assert read == [(event["epoch"], pytest.approx(event["train_loss"])) for event in done.events(trial.number)]
        assert all(math.isfinite(point["update_ratio"]) for point in one["history"])


def test_a_trial_that_pauses_and_goes_on_in_a_later_process_stays_one(tmp_path):
    made = plan("tune", panel_of_values(seasonal_values()), GIVEN)
    for first, status in ((1, "paused"), (3, "early-stopped")):
        logs = [TensorBoardLog(tmp_path / "tensorboard", made.varied),
                MlflowLog(tmp_path / "mlflow", "sales", "tune", made.settings, made.varied)]  # fmt: skip
        for log in logs:
            log.open()
            log.start("trial 7", made.settings)
            for number in (first, first + 1):
                log.epoch("trial 7", number, measures(an_epoch(number)), at=float(number))
            log.trial("trial 7", a_trial(7, 0.9 / first, first + 1, status))
            log.close(None)
    files = sorted((tmp_path / "tensorboard" / "trial-7").iterdir())
    read = [(event.step, value.tag) for path in files for event in records(path) for value in event.summary.value]
    assert [step for step, tag in read if tag == "loss/train"] == [1, 2, 3, 4] and len(files) == 2
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow' / 'mlflow.db'}")
    runs = {
        one.info.run_name: one for one in client.search_runs([client.get_experiment_by_name("sales").experiment_id])
    }
    assert set(runs) == {"tune", "trial 7"} and runs["tune"].info.status == "FAILED"
    one = runs["trial 7"]
    assert one.info.status == "FINISHED" and one.data.metrics["score"] == pytest.approx(0.3)
    history = client.get_metric_history(one.info.run_id, "loss/train")
    assert sorted(point.step for point in history) == [1, 2, 3, 4]


def test_wandb_keeps_a_paused_trial_open(tmp_path):
    made = plan("tune", panel_of_values(seasonal_values()), GIVEN)
    log = WandbLog(tmp_path, "sales", "tune", made.settings)
    log.open()
    for first, status in ((1, "paused"), (3, "diverged")):
        log.start("trial 7", made.settings)
        for number in (first, first + 1):
            log.epoch("trial 7", number, measures(an_epoch(number)), at=float(number))
        log.trial("trial 7", a_trial(7, 0.9, first + 1, status))
    log.close(None)
    read = {}
    for path in (tmp_path / "wandb").glob("offline-run-*/*.wandb"):
        all_ = list(wandb_records(path))
        name = next(one.run.display_name for one in all_ if one.WhichOneof("record_type") == "run")
        steps = [by_key(one.history.item)["epoch"] for one in all_ if one.WhichOneof("record_type") == "history"]
        read[name] = steps, next(one.exit.exit_code for one in all_ if one.WhichOneof("record_type") == "exit")
    assert read == {"trial 7": ([1, 2, 3, 4], 1), "summary": ([], 1)}


def test_the_libraries_were_told_to_send_nothing(done):
    assert os.environ["WANDB_ERROR_REPORTING"] == "false" and os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert not [name for name in sys.modules if name.startswith(("torch", "tensorflow"))]

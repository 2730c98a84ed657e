"""`gatewise sweep` and `gatewise lr-find` from end to end on a small table, as a user runs them."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

import gatewise
from gatewise.cli.main import main
from tests.panels import seasonal_values

QUICK = ["--horizon", "3", "--set", "hidden=4", "--set", "epochs=2", "--set", "window=12", "--set", "patch=1"]


def frame() -> pd.DataFrame:
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    return pd.DataFrame({"month": dates, "sales": seasonal_values().round(3)})


@pytest.fixture
def table(tmp_path) -> Path:
    frame().to_csv(tmp_path / "sales.csv", index=False)
    return tmp_path / "sales.csv"


def test_sweep_writes_its_folder_and_says_the_choice(table, tmp_path, capsys):
    out = tmp_path / "study"
    assert main(["sweep", str(table), "--over", "hidden=4,8", "--seeds", "2", "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr()
    assert {path.name for path in out.iterdir()} == {
        "sweep.csv", "sweep.json", "sweep.svg", "sweep.html", "best.toml", "trials.csv",
    }  # fmt: skip
    rows = pd.read_csv(out / "sweep.csv")
    assert rows["value"].tolist() == [4, 8] and rows["seeds"].tolist() == [2, 2] and rows["chosen"].sum() == 1
    trials = pd.read_csv(out / "trials.csv")
    assert sorted(zip(trials["hidden"], trials["seed"], strict=True)) == [(4, 0), (4, 1), (8, 0), (8, 1)]
    assert trials.groupby("hidden")["score"].mean().tolist() == pytest.approx(rows["score"].tolist())
    summary = json.loads((out / "sweep.json").read_text())
    assert summary["reason"] in " ".join(said.out.split()) and str(out / "sweep.html") in said.out
    assert "hidden 8, seed 1: MASE" in said.err and summary["chosen"] in ("4", "8")
    ET.fromstring((out / "sweep.svg").read_text())
    assert f"hidden = [{summary['chosen']}]" in (out / "best.toml").read_text()


def test_sweep_as_json_prints_nothing_else(table, tmp_path, capsys):
    flags = ["--over", "hidden=4..8", "--seeds", "1", "--json", "-q", "--out", str(tmp_path / "study")]
    assert main(["sweep", str(table), *flags, *QUICK]) == 0
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert summary["knob"] == "hidden" and summary["stopped"] and summary["values"][0] == "4" and not said.err


def test_the_knob_in_the_settings_gives_way_to_the_study(table, tmp_path, capsys):
    config = tmp_path / "best.toml"
    config.write_text("[network]\ndropout = 0.4\n[training]\nepochs = 1\n")
    flags = [
        "--over",
        "dropout=0,0.2",
        "--seeds",
        "1",
        "--config",
        str(config),
        "--out",
        str(tmp_path / "study"),
        "--json",
    ]
    assert main(["sweep", str(table), *flags, *QUICK]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == ["0", "0.2"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--over", "droput=0,1"], "Did you mean 'dropout'"),
        (["--over", "dropout=0,1.5"], "dropout must be less than 1"),
        (["--over", "hidden=4"], "2 to 100 different values"),
        (["--over", "decay_rate=0.5,0.9", "--set", "schedule=constant"], "none with schedule constant"),
        (["--over", "window=4,6", "--set", "base=season"], "no value of 'window' can be trained"),
        (["--over", "hidden=4,8", "--seeds", "0"], "--seeds"),
        ([], "--over"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(flags, message, table, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert main(["sweep", str(table), "--out", str(tmp_path / "study"), *QUICK, *flags]) == 2
    assert message in capsys.readouterr().err and sorted(tmp_path.rglob("*")) == before


def test_lr_find_shows_the_curve_and_writes_it(table, tmp_path, capsys):
    out = tmp_path / "rates"
    assert main(["lr-find", str(table), "--seeds", "1", "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {f"lr-find.{kind}" for kind in ("csv", "json", "svg", "html")}
    summary = json.loads((out / "lr-find.json").read_text())
    assert f"--set learning_rate={summary['suggestion']:.2g}" in said and "•" in said and "* suggestion" in said
    curve = pd.read_csv(out / "lr-find.csv")
    assert curve["learning_rate"].is_monotonic_increasing and len(curve) == len(summary["losses"])
    ET.fromstring((out / "lr-find.svg").read_text())


def test_lr_find_as_json_writes_no_file(table, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert main(["lr-find", str(table), "--seeds", "1", "--json", "-q", *QUICK]) == 0
    assert json.loads(capsys.readouterr().out)["rates"] and sorted(tmp_path.rglob("*")) == before


def test_both_from_python():
    given = {"horizon": 3, "hidden": (4,), "epochs": 2, "window": 12, "patch": 1, "jobs": 1}
    found = gatewise.sweep(frame(), over="dropout", values=[0.0, 0.3], seeds=2, **given)
    assert found.chosen in (0.0, 0.3) and "dropout" in repr(found)
    rates = gatewise.lr_find(frame(), seeds=1, **{name: value for name, value in given.items() if name != "epochs"})
    assert rates.suggestion is not None and rates.rates[0] < rates.suggestion < rates.rates[-1]

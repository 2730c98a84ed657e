"""`gatewise ablate` and `gatewise advise` as a user runs them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from gatewise.cli.main import main
from tests.panels import seasonal_values

SETTINGS = (
    "hidden=4", "epochs=1", "window=12", "patch=12", "base=season", "normalise=mean", "windows_per_epoch=64",
    "val_windows=4", "test_windows=1",
)  # fmt: skip
QUICK = [part for setting in SETTINGS for part in ("--set", setting)]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": dates, "sales": seasonal_values()}).to_csv(folder / "sales.csv", index=False)
    vary = ["--set", "vary=learning_rate,dropout,noise", "--trials", "12"]
    run = ["tune", str(folder / "sales.csv"), "--horizon", "3", "--out", str(folder / "run"), "-q"]
    assert main([*run, *vary, *QUICK]) == 0
    return folder / "run"


def test_ablate_shows_a_table_and_writes_beside_the_run(run_dir, capsys):
    capsys.readouterr()
    assert main(["ablate", str(run_dir), "--seeds", "2", "--jobs", "2"]) == 0
    said = capsys.readouterr()
    assert "What each trick was worth" in said.out and "the test part was never touched" in said.out
    assert "training 1/" in said.err and "the winner, seed" in said.err and "clipping off" in said.err
    assert (run_dir / "ablation" / "ablation.html").is_file()
    assert main(["ablate", str(run_dir), "--seeds", "2", "--json", "-q"]) == 0
    said = capsys.readouterr()
    assert said.err == "" and json.loads(said.out)["seeds"] == [1000, 1001]
    assert (run_dir / "ablation-2" / "ablation.json").is_file(), "earlier results stay"


def test_advise_shows_bars_and_flags_that_work(run_dir, tmp_path, capsys):
    capsys.readouterr()
    assert main(["advise", str(run_dir)]) == 0
    said = capsys.readouterr().out
    assert "What mattered over 12 trials" in said and "learning_rate" in said and "What to try next" in said
    assert main(["advise", str(run_dir), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trials"] == 12 and {one["name"] for one in document["importance"]["knobs"]} == {
        "learning_rate", "dropout", "noise"
    }  # fmt: skip
    # The flags of a second search around the winner are ready to paste.
    flags = ["--config", str(run_dir / "best.toml"), "--set", "vary=learning_rate,dropout", "--trials", "2"]
    assert main(["tune", str(run_dir.parent / "sales.csv"), *flags, "--out", str(tmp_path / "again"), "-q"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("method", ["fanova", "ped-anova", "mean-decrease"])
def test_advise_has_optunas_evaluators(run_dir, capsys, method):
    capsys.readouterr()
    assert main(["advise", str(run_dir), "--method", method]) == 0
    assert f"({method})" in capsys.readouterr().out


def test_what_advise_cannot_do_is_said(run_dir, tmp_path, capsys):
    for arguments, words in (
        ([str(tmp_path)], "holds no study.db"),
        ([str(run_dir), "--method", "guess"], "--method must be one of additive, fanova"),
    ):
        assert main(["advise", *arguments]) == 2
        assert words in capsys.readouterr().err
    short = ["tune", str(run_dir.parent / "sales.csv"), "--horizon", "3", "--out", str(tmp_path / "run"), "-q"]
    assert main([*short, "--trials", "2", "--set", "vary=dropout", *QUICK]) == 0
    assert main(["advise", str(tmp_path / "run")]) == 2
    assert "at least 10 different trials with a score, but the search has 2" in capsys.readouterr().err

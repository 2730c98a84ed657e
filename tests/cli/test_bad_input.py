"""Bad input: a message with rule, value and remedy, exit status 2, and nothing left behind."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gatewise.cli.main import main
from tests.panels import seasonal_values

QUICK = ["--set", "hidden=8", "--set", "epochs=1", "--set", "window=12", "--members", "1"]


def frame(length: int = 100) -> pd.DataFrame:
    dates = pd.date_range("2000-01-01", periods=length, freq="MS").strftime("%Y-%m-%d")
    return pd.DataFrame({"ds": dates, "y": seasonal_values(length)})


def csv(path: Path, table: pd.DataFrame) -> Path:
    table.to_csv(path, index=False)
    return path


def refused(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must be refused; return its message."""
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sorted(tmp_path.rglob("*")) == before
    return said.err


def with_values(name: str, row: int, value: object) -> pd.DataFrame:
    table = frame().astype({name: object})
    table.loc[row, name] = value
    return table


TABLES = [
    ("only a header", frame(0), r"header|no rows|only"),
    ("no numeric column", frame()[["ds"]].assign(name="x"), "numbers|numeric"),
    ("text in a number column", with_values("y", 41, "twelve"), r"row 42.*twelve|twelve.*row 42"),
    ("infinite value", with_values("y", 10, np.inf), "must hold finite numbers, but row 11"),
    ("fewer rows than season and horizon", frame(15), r"season \+ horizon.*has 15"),
    ("no window to train on", frame(20), "training part must hold at least one window"),
    ("conflicting duplicates", pd.concat([frame(), frame().tail(1).assign(y=1.0)]), "one value at a time"),
    ("a value beyond all bounds", with_values("y", 10, 1e300), "at most 1e.100 in size, but row 11"),
    ("two columns of time", frame().assign(time="12:00", ds="2020-01-01"), "one value at a time"),
    ("too much missing", frame().assign(y=np.where(np.arange(100) % 2, np.nan, 1.0)), "max_missing|missing"),
    ("several candidates", frame().assign(z=1.0 * np.arange(100)).rename(columns={"y": "x"}), "--target"),
]


@pytest.mark.parametrize(("name", "table", "message"), TABLES, ids=[case[0] for case in TABLES])
@pytest.mark.parametrize("verb", ["fit", "tune"])
def test_bad_table(verb, name, table, message, tmp_path, capsys):
    path = csv(tmp_path / "table.csv", table)
    flags = ["--horizon", "6", "--out", str(tmp_path / "run"), *QUICK]
    said = refused([verb, str(path), *flags], tmp_path, capsys)
    assert pd.Series([said.replace("\n", " ")]).str.contains(message, case=False)[0], said


@pytest.mark.parametrize("verb", ["check", "fit", "tune"])
def test_missing_and_empty_file(verb, tmp_path, capsys):
    said = refused([verb, str(tmp_path / "none.csv")], tmp_path, capsys)
    assert "none.csv" in said
    (tmp_path / "empty.csv").write_text("")
    assert "empty" in refused([verb, str(tmp_path / "empty.csv")], tmp_path, capsys)


SETTINGS = [
    (["--horizon", "0"], "horizon must be greater than or equal to 1, but is '0'"),
    (["--set", "dropout=-0.1"], "dropout must be greater than or equal to 0, but is -0.1"),
    (["--set", "droput=0.1"], "unknown setting 'droput'. Did you mean 'dropout'?"),
    (["--set", "dropout"], "--set takes name=value"),
    (["--target", "sales"], "sales"),
    (["--time", "date"], "date"),
    (["--freq", "fortnight"], "fortnight"),
    (["--preset", "best"], "preset must be 'auto' or 'classic', but is 'best'"),
    (["--level", "80,195"], "level must lie between 1 and 99"),
    (["--horizn", "3"], "--horizn"),
    (["--config", "none.toml"], "none.toml"),
    (["--seed", "-1"], "seed must be"),
    (["-q", "-v"], "exclude each other"),
]


@pytest.mark.parametrize(("flags", "message"), SETTINGS, ids=[" ".join(flags) for flags, _ in SETTINGS])
def test_bad_setting(flags, message, tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    assert message in refused(["fit", str(path), "--out", str(tmp_path / "run"), *flags], tmp_path, capsys)


def test_a_typo_in_a_config_file(tmp_path, capsys):
    path, config = csv(tmp_path / "table.csv", frame()), tmp_path / "run.toml"
    config.write_text("[network]\nhiden = [8]\n")
    said = refused(["fit", str(path), "--config", str(config), "--out", str(tmp_path / "run")], tmp_path, capsys)
    assert "unknown setting 'hiden'" in said and "Did you mean 'hidden'?" in said


def test_a_search_with_nothing_to_vary(tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    said = refused(
        ["tune", str(path), "--horizon", "3", "--set", "vary=seed", "--out", str(tmp_path / "r")], tmp_path, capsys
    )
    assert "vary must name settings that a search can vary here, but it names 'seed'" in said


def test_out_that_is_not_empty_is_left_as_it_is(tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    out = tmp_path / "run"
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    said = refused(["fit", str(path), "--horizon", "3", "--out", str(out), *QUICK], tmp_path, capsys)
    assert "exists and is not empty" in said and (out / "mine.txt").read_text() == "precious"


def test_out_below_a_file(tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    said = refused(["fit", str(path), "--horizon", "3", "--out", str(path / "run"), *QUICK], tmp_path, capsys)
    assert "must name a folder that can be written" in said


def test_read_only_folder(tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):  # root writes anywhere, but not into the kernel's own folder
        locked = Path("/proc/gatewise")
        if not sys.platform.startswith("linux"):
            pytest.skip("no folder refuses this user")
    said = refused(["fit", str(path), "--horizon", "3", "--out", str(locked / "run"), *QUICK], tmp_path, capsys)
    assert "must name a folder that can be written" in said


def test_constant_series_is_a_warning_and_a_sound_forecast(tmp_path, capsys):
    path, out = csv(tmp_path / "table.csv", frame().assign(y=42.0)), tmp_path / "run"
    assert main(["check", str(path)]) == 0
    assert "constant" in capsys.readouterr().out
    flags = ["--horizon", "3", "--target", "y", *QUICK]
    assert main(["fit", str(path), *flags, "--out", str(out)]) == 0
    assert "warning" in capsys.readouterr().err
    np.testing.assert_allclose(pd.read_csv(out / "forecast.csv").gatewise, 42, atol=0.5)


def test_a_diverging_fit_fails_with_status_1(tmp_path, capsys):
    path = csv(tmp_path / "table.csv", frame())
    wild = ["--set", "optimizer=sgd", "--set", "learning_rate=1e12", "--set", "clip_norm=0", "--set", "loss=mse"]
    assert main(["fit", str(path), "--horizon", "3", "--out", str(tmp_path / "run"), *QUICK, *wild]) == 1
    assert (
        "diverged at epoch 1 with learning_rate 1e+12: try learning_rate 0.1 or clip_norm 1" in capsys.readouterr().err
    )


def test_predict_from_no_model_or_a_damaged_or_newer_one(tmp_path, capsys):
    assert "has no model.json" in refused(["predict", str(tmp_path)], tmp_path, capsys)
    model = tmp_path / "run" / "model"
    model.mkdir(parents=True)
    (model / "model.json").write_text("{")
    assert "is damaged" in refused(["predict", str(tmp_path / "run")], tmp_path, capsys)
    (model / "model.json").write_text(json.dumps({"format": 99, "gatewise": "9.9"}))
    assert "Install a newer gatewise" in refused(["predict", str(tmp_path / "run")], tmp_path, capsys)


def test_columns_named_without_newer_data(tmp_path, capsys):
    path, out = csv(tmp_path / "table.csv", frame()), tmp_path / "run"
    assert main(["fit", str(path), "--horizon", "3", "--out", str(out), "-q", *QUICK]) == 0
    capsys.readouterr()
    assert "--target names a column of newer data" in refused(["predict", str(out), "--target", "y"], tmp_path, capsys)

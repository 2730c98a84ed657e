"""The commands from end to end on small tables, as a user runs them."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

from gatewise.cli.main import main
from gatewise.cli.training import _forecast_head
from tests.panels import seasonal_values

QUICK = ["--set", "hidden=8", "--set", "epochs=2", "--set", "window=12", "--set", "patch=1", "--members", "1"]
RUN_FILES = {
    "run.json", "run.toml", "best.toml", "data.json", "trials.csv", "events.jsonl", "model", "forecast.csv",
    "backtest.csv", "leaderboard.csv", "report.html", "summary.json", "journal.jsonl", "checkpoints", ".lock",
    "findings.jsonl", "evaluation.json", "report.json", "figures",
}  # fmt: skip


def same_forecast(said: str, file: Path) -> bool:
    """Tell whether a text is the forecast of a file, which has the best baseline and the recommended one beside it."""
    kept, alone = pd.read_csv(file, dtype=str), pd.read_csv(io.StringIO(said), dtype=str)
    more = list(kept.columns.drop(alone.columns))
    taken = kept["recommended"].isin([*kept["gatewise"], *kept[more[0]]]).all()
    return alone.equals(kept[alone.columns]) and more[-1] == "recommended" and taken


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "sales.csv"
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    pd.DataFrame({"month": dates, "sales": seasonal_values().round(3)}).to_csv(path, index=False)
    return path


def test_fit_writes_a_whole_run_folder(table, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["fit", str(table), "--horizon", "3", "--test-windows", "2", "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr()
    assert "Leaderboard" in said.out and "seasonal_naive" in said.out and str(out / "report.html") in said.out
    assert "time column 'month'" in said.err and "trial 0 (1/1)" in said.err
    assert {path.name for path in out.iterdir()} == RUN_FILES
    forecast = pd.read_csv(out / "forecast.csv")
    bounds = ["-lo-80", "-hi-80", "-lo-95", "-hi-95"]
    best = min(
        (row for row in pd.read_csv(out / "leaderboard.csv").itertuples() if row.model != "gatewise"),
        key=lambda row: row.MASE,
    ).model
    models = [name + bound for name in ("gatewise", best) for bound in ("", *bounds)]
    assert list(forecast.columns) == ["unique_id", "ds", *models, "recommended"]
    assert forecast.ds.tolist() == ["2013-05-01", "2013-06-01", "2013-07-01"]
    backtest = pd.read_csv(out / "backtest.csv")
    np.testing.assert_allclose(backtest.y, seasonal_values().round(3)[-6:])
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert {event["trial"] for event in events} == {0, "refit", "refit before test"}
    assert {"epoch", "train_loss", "val_loss", "learning_rate", "gradient_norm", "clipped", "seconds"} <= set(events[0])


def test_fit_with_several_members(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gatewise.ensemble.MUCH_WORSE", 100.0)
    out = tmp_path / "run"
    flags = ["--horizon", "3", "--members", "2", "--set", "base=season", "--out", str(out), *QUICK[:-2]]
    assert main(["fit", str(table), *flags]) == 0
    said = capsys.readouterr()
    assert "trial 1 (2/2)" in said.err and "median of 2 networks" in said.out
    assert {path.name for path in out.iterdir()} == RUN_FILES
    members = json.loads((out / "model" / "model.json").read_text())["members"]
    assert len(members) == 2 and len(pd.read_csv(out / "trials.csv")) == 2
    events = [json.loads(line)["trial"] for line in (out / "events.jsonl").read_text().splitlines()]
    assert {"refit, network 2", "refit before test, network 2"} < set(events)
    assert main(["predict", str(out)]) == 0
    assert same_forecast(capsys.readouterr().out, out / "forecast.csv")
    again = tmp_path / "again"
    assert main(["fit", str(table), "--config", str(out / "run.toml"), "--out", str(again), "-q"]) == 0
    assert (again / "forecast.csv").read_bytes() == (out / "forecast.csv").read_bytes()
    capsys.readouterr()


def test_a_whole_search_is_repeatable_from_its_run_toml(table, tmp_path, capsys):
    """With nothing named to vary the search starts from the portfolio, and does so again."""
    first, again = tmp_path / "first", tmp_path / "again"
    small = [*QUICK[:4], "--set", "windows_per_epoch=64"]
    flags = ["--horizon", "3", "--trials", "2", "--jobs", "1", "--out", str(first), "-q", *small]
    assert main(["tune", str(table), *flags]) == 0
    assert main(["tune", str(table), "--config", str(first / "run.toml"), "--out", str(again), "-q"]) == 0
    tables = [pd.read_csv(folder / "trials.csv").drop(columns="seconds") for folder in (first, again)]
    pd.testing.assert_frame_equal(*tables)
    assert len(tables[0].drop_duplicates(["window", "base", "normalise", "rescale"])) == 2
    assert (first / "forecast.csv").read_bytes() == (again / "forecast.csv").read_bytes()
    capsys.readouterr()


@pytest.fixture
def priced(tmp_path) -> tuple[Path, Path]:
    """Return a table with a price known ahead, and one of the prices of the next three months alone."""
    dates = pd.date_range("2000-01-01", periods=163, freq="MS").strftime("%Y-%m")
    price = np.random.default_rng(0).standard_normal(163).round(3)
    whole = pd.DataFrame({"month": dates, "sales": (seasonal_values(163) - 5 * price).round(3), "price": price})
    whole[:160].to_csv(tmp_path / "sales.csv", index=False)
    whole[160:].drop(columns="sales").to_csv(tmp_path / "prices.csv", index=False)
    return tmp_path / "sales.csv", tmp_path / "prices.csv"


@pytest.mark.parametrize("verb", ["fit", "tune"])
def test_without_future_rows_all_but_the_forecast_is_written(verb, priced, tmp_path, capsys):
    data, prices = priced
    flags = ["--horizon", "3", "--target", "sales", "--future", "price", "--test-windows", "2", *QUICK]
    flags += ["--trials", "2", "--set", "vary=dropout", "--jobs", "1"] if verb == "tune" else []
    blind, seeing = tmp_path / "blind", tmp_path / "seeing"
    assert main([verb, str(data), *flags, "--out", str(blind)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    files = RUN_FILES | ({"study.db", "importance.json"} if verb == "tune" else set())
    assert {path.name for path in blind.iterdir()} == files - {"forecast.csv"}
    assert "No forecast.csv: it needs the covariates known ahead (price) for the 3 steps" in said
    assert (
        "gatewise predict RUN_DIR --future-data TABLE" in said and "forecast.csv " not in said.split("validation")[-1]
    )
    page = (blind / "report.html").read_text()
    assert "No forecast.csv: it needs" in page and len(pd.read_csv(blind / "backtest.csv")) == 6
    assert "No forecast.csv" in json.loads((blind / "summary.json").read_text())["notes"][0]
    # Later, with the prices: the forecast that the same run makes where it knows them.
    assert main(["predict", str(blind), "--future-data", str(prices)]) == 0
    later = capsys.readouterr().out
    assert main([verb, str(data), *flags, "--future-data", str(prices), "--out", str(seeing), "-q"]) == 0
    assert {path.name for path in seeing.iterdir()} == files
    assert same_forecast(later, seeing / "forecast.csv") and later.count("\n") == 4
    assert "No forecast.csv" not in capsys.readouterr().out


def test_future_data_that_are_too_short_are_as_good_as_none(priced, tmp_path, capsys):
    data, prices = priced
    pd.read_csv(prices)[:2].to_csv(tmp_path / "short.csv", index=False)
    flags = ["--horizon", "3", "--target", "sales", "--future", "price", "--out", str(tmp_path / "run"), "-q", *QUICK]
    assert main(["fit", str(data), *flags, "--future-data", str(tmp_path / "short.csv"), "--json"]) == 0
    assert "No forecast.csv" in json.loads(capsys.readouterr().out)["notes"][0]
    assert not (tmp_path / "run" / "forecast.csv").exists()


def test_tune_is_repeatable_from_its_run_toml(table, tmp_path, capsys):
    first, again = tmp_path / "first", tmp_path / "again"
    flags = ["--horizon", "3", "--trials", "3", "--set", "vary=learning_rate,dropout", "--jobs", "2", *QUICK]
    assert main(["tune", str(table), *flags, "--out", str(first), "-q"]) == 0
    assert (
        main(["tune", str(table), "--config", str(first / "run.toml"), "--jobs", "1", "--out", str(again), "-q"]) == 0
    )
    assert (first / "forecast.csv").read_bytes() == (again / "forecast.csv").read_bytes()
    trials = pd.read_csv(first / "trials.csv")
    assert len(trials) == 3 and {"score", "status", "learning_rate", "dropout"} <= set(trials.columns)
    study = optuna.load_study(study_name="gatewise", storage=f"sqlite:///{first / 'study.db'}")
    assert len(study.trials) == 3 and study.best_value == pytest.approx(trials.score.min())
    best = tmp_path / "best"
    assert main(["fit", str(table), "--config", str(first / "best.toml"), "--out", str(best), "-q"]) == 0
    assert (best / "forecast.csv").read_bytes() == (first / "forecast.csv").read_bytes()
    capsys.readouterr()


def test_json_is_all_that_stands_on_stdout(table, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["fit", str(table), "--horizon", "3", "--out", str(out), "--json", *QUICK]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["run_folder"] == str(out) and summary["leaderboard"][0]["MASE"] > 0 and summary["verdict"]


def test_predict_from_a_run_and_from_newer_data(table, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["fit", str(table), "--horizon", "3", "--out", str(out), "-q", *QUICK]) == 0
    capsys.readouterr()
    assert main(["predict", str(out)]) == 0
    assert same_forecast(capsys.readouterr().out, out / "forecast.csv")
    frame = pd.read_csv(table)
    frame.loc[len(frame)] = ["2013-05", 180.0]
    newer = tmp_path / "newer.csv"
    frame.to_csv(newer, index=False)
    assert main(["predict", str(out), "--data", str(newer), "--horizon", "2", "--level", "50", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [row["ds"][:7] for row in made["forecast"]] == ["2013-06", "2013-07"]
    assert set(made["forecast"][0]) == {"unique_id", "ds", "gatewise", "gatewise-lo-50", "gatewise-hi-50"}
    assert main(["predict", str(out), "--out", str(tmp_path / "forecast")]) == 0
    assert same_forecast((tmp_path / "forecast" / "forecast.csv").read_text(), out / "forecast.csv")


def test_check_trains_nothing_and_writes_nothing(table, tmp_path, capsys):
    before = set(tmp_path.rglob("*"))
    assert main(["check", str(table)]) == 0
    assert "12 (strength" in capsys.readouterr().out
    assert main(["check", str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["season"] == 12
    assert set(tmp_path.rglob("*")) == before


def test_classic_trains_the_textbook_network(table, tmp_path, capsys):
    out = tmp_path / "run"
    flags = ["--preset", "classic", "--horizon", "1", "--set", "epochs=1", "--out", str(out), "-q"]
    assert main(["fit", str(table), *flags]) == 0
    (member,) = json.loads((out / "model" / "model.json").read_text())["members"]
    assert member["parameters"] == 29345
    assert len(pd.read_csv(out / "backtest.csv")) == 32
    capsys.readouterr()


def test_without_a_test_part_there_is_no_leaderboard(table, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["fit", str(table), "--horizon", "3", "--test-windows", "0", "--out", str(out), *QUICK]) == 0
    assert not (out / "leaderboard.csv").exists() and (out / "forecast.csv").exists()
    assert "no verdict" in capsys.readouterr().out


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gatewise", *arguments]


def test_help_imports_no_heavy_library():
    heavy = "sorted({'jax', 'pandas', 'optuna'} & set(sys.modules))"
    code = f"import sys; from gatewise.cli.main import main; main(['--help']); print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip().endswith("[]") and "tune" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ on Windows")
def test_ctrl_c_keeps_the_best_so_far(table, tmp_path):
    out = tmp_path / "run"
    flags = [
        "--horizon",
        "3",
        "--set",
        "hidden=8",
        "--set",
        "window=12",
        "--set",
        "epochs=100000",
        "--set",
        "patience=100000",
        "--members",
        "1",
    ]
    running = subprocess.Popen(
        command("fit", str(table), *flags, "--out", str(out)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    deadline = time.monotonic() + 90
    while not (out / "events.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    said, errors = running.communicate(timeout=90)
    assert running.returncode == 130, errors
    assert "keeping the best so far" in errors and "the validated model stands in" in said
    # Its one trial goes on when the run is resumed, so the journal has no word of it yet.
    assert {path.name for path in out.iterdir()} == RUN_FILES - {"journal.jsonl"}
    assert f"tune --resume {out}" in said
    assert json.loads((out / "summary.json").read_text())["interrupted"] is True


def test_odd_names_in_the_table_and_in_the_path(tmp_path, capsys):
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    parts = [pd.DataFrame({"id": name, "month": dates, "y": seasonal_values()}) for name in ("a[/x]", "[bold]<script>")]
    path, out = tmp_path / "odd.csv", tmp_path / "what?a#b%20 [run]"
    pd.concat(parts).to_csv(path, index=False)
    assert main(["fit", str(path), "--horizon", "3", "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr().out
    assert "a[/x]" in said and str(out / "report.html") in said
    assert {path.name for path in out.iterdir()} == RUN_FILES and len(list(tmp_path.iterdir())) == 2


def test_version_and_no_command(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("gatewise 0.")
    assert main([]) == 0
    said = capsys.readouterr()
    assert "tune" in said.out and said.err == ""


def test_ids_keep_their_leading_zeros(tmp_path, capsys):
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m-%d")
    parts = [pd.DataFrame({"store": name, "ds": dates, "y": seasonal_values()}) for name in ("001", "01", "10")]
    path, out = tmp_path / "stores.csv", tmp_path / "run"
    pd.concat(parts).to_csv(path, index=False)
    assert main(["fit", str(path), "--id", "store", "--horizon", "3", "--out", str(out), "-q", *QUICK]) == 0
    forecast = pd.read_csv(out / "forecast.csv", dtype={"unique_id": str})
    assert forecast.unique_id.unique().tolist() == ["001", "01", "10"]
    capsys.readouterr()


def test_files_keep_small_swings_on_large_values(tmp_path, capsys):
    dates = pd.date_range("2000-01-01", periods=160, freq="MS").strftime("%Y-%m")
    path, out = tmp_path / "large.csv", tmp_path / "run"
    pd.DataFrame({"month": dates, "y": 1e12 + seasonal_values()}).to_csv(path, index=False)
    assert main(["fit", str(path), "--horizon", "12", "--out", str(out), "-q", *QUICK]) == 0
    made = pd.read_csv(out / "forecast.csv").gatewise - 1e12
    assert made.nunique() == 12 and made.between(100, 250).all()
    capsys.readouterr()


def test_newer_data_with_other_column_names(table, tmp_path, capsys):
    out, newer = tmp_path / "run", tmp_path / "newer.csv"
    assert main(["fit", str(table), "--horizon", "3", "--out", str(out), "-q", *QUICK]) == 0
    pd.read_csv(table).rename(columns={"month": "when", "sales": "sold"}).assign(price=1.0).to_csv(newer, index=False)
    capsys.readouterr()
    assert main(["predict", str(out), "--data", str(newer), "--time", "when", "--target", "sold"]) == 0
    assert capsys.readouterr().out.count("\n") == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_line(table, tmp_path):
    out = tmp_path / "run"
    assert main(["fit", str(table), "--horizon", "3", "--out", str(out), "-q", *QUICK]) == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command("predict", str(out)), stdout=full, stderr=subprocess.PIPE, text=True, timeout=90)
    assert (
        done.returncode == 1
        and done.stderr.startswith("error: cannot read or write")
        and "Traceback" not in done.stderr
    )


def test_an_unexpected_error_is_one_line_with_a_way_to_its_traceback(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("gatewise.experiment.run", lambda *_, **__: 1 / 0)
    flags = ["fit", str(table), "--horizon", "3", "--out", str(tmp_path / "run"), *QUICK]
    assert main(flags) == 1
    assert "error: unexpected ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.setenv("GATEWISE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main([*flags[: -len(QUICK)], "--out", str(tmp_path / "again"), *QUICK])


@pytest.mark.parametrize("recommended", ["gatewise", "drift"])
def test_the_forecast_on_the_terminal_has_the_baseline_where_it_is_recommended(recommended):
    row = {"unique_id": "a", "ds": pd.Timestamp("2020-01-01"), "gatewise": 1.0, "drift": 2.0, "recommended": 2.0}
    table = _forecast_head(pd.DataFrame([row]), recommended, several=False)
    assert [one.header for one in table.columns] == ["ds", *dict.fromkeys(["gatewise", recommended])]
    assert str(table.title).endswith("recommended: drift") == (recommended == "drift")

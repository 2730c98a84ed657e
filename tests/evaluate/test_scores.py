"""Scores of a backtest by step, series and origin against plain loops, and probabilistic ones against Nixtla's."""

import json

import numpy as np
import pandas as pd
import pytest
from utilsforecast.losses import coverage, quantile_loss

from gatewise.ensemble import Forecast
from gatewise.evaluate.evaluation import evaluate
from gatewise.evaluate.optimism import Optimism
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.rivals import Made
from gatewise.evaluate.scores import (
    Scales,
    by_origin,
    by_series,
    by_step,
    errors_by_origin,
    intervals,
    leaderboard,
    probabilistic,
)
from gatewise.metrics import crps
from gatewise.runs.store import finite
from tests.panels import panel_of_values, seasonal_values

SCALES = Scales({"a": 2.0, "b": 4.0}, {"a": 3.0, "b": 5.0})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"unique_id": name, "ds": 100 + 3 * origin + step, "cutoff": 99 + 3 * origin}
        for name in "ab"
        for origin in range(4)
        for step in range(3)
    ]
    made = pd.DataFrame(rows)
    made["y"] = rng.normal(50, 5, len(made))
    made.loc[5, "y"] = np.nan
    made["gatewise"] = made["y"].fillna(50) + rng.normal(0, 1, len(made))
    for level, width in ((80, 1.5), (95, 2.5)):
        made[f"gatewise-lo-{level}"] = made["gatewise"] - width
        made[f"gatewise-hi-{level}"] = made["gatewise"] + width
    return made.assign(drift=made["y"].fillna(50) + rng.normal(0, 2, len(made)))


def error(table, model, rows):
    return float(np.nanmean(np.abs(table[model] - table.y)[rows]))


def test_by_step_series_and_origin(table):
    step = np.tile(np.arange(3), 8)
    steps = by_step(table, SCALES, 3)
    for model in ("gatewise", "drift"):
        assert steps[model]["MAE"] == pytest.approx([error(table, model, step == one) for one in range(3)])
        scaled = {name: [] for name in "ab"}
        for name in "ab":
            for cutoff in sorted(table.cutoff.unique()):
                rows = (table.unique_id == name) & (table.cutoff == cutoff)
                scaled[name].append(error(table, model, rows) / SCALES.absolute[name])
        np.testing.assert_allclose(errors_by_origin(table, SCALES)[model].T, [scaled["a"], scaled["b"]])
        series = {one["unique_id"]: one[model] for one in by_series(table, SCALES)}
        assert series == pytest.approx({name: np.mean(scaled[name]) for name in "ab"})
        assert [one[model] for one in by_origin(table, SCALES)] == pytest.approx(
            [np.mean([scaled[name][origin] for name in "ab"]) for origin in range(4)]
        )
    assert [one["cutoff"] for one in by_origin(table, SCALES)] == ["99", "102", "105", "108"]
    inside = np.abs(table.gatewise - table.y) <= 1.5
    known = table.y.notna()
    assert steps["gatewise"]["coverage-80"] == pytest.approx([inside[known & (step == one)].mean() for one in range(3)])


def test_an_origin_that_lacks_a_row_does_not_count_for_the_steps(table):
    steps = by_step(table.drop(index=[0]), SCALES, 3)["drift"]["MAE"]
    rest = table.drop(index=[0, 1, 2])
    assert steps == pytest.approx([error(rest, "drift", np.tile(np.arange(3), 7) == one) for one in range(3)])
    none_whole = table.groupby(["unique_id", "cutoff"]).tail(2)
    assert np.isnan(by_step(none_whole, SCALES, 3)["drift"]["MAE"]).tolist() == [True] * 3


def test_intervals_and_quantiles_agree_with_utilsforecast(table):
    known = table.dropna()
    for one in intervals(table):
        assert one["width"] == pytest.approx({80: 3.0, 95: 5.0}[one["level"]]) and one["truths"] == 23
        frame = coverage(known.drop(columns="cutoff").assign(unique_id="x"), ["gatewise"], one["level"])
        assert one["coverage"] == pytest.approx(frame["gatewise"].iloc[0])
    columns = {0.025: "gatewise-lo-95", 0.1: "gatewise-lo-80", 0.5: "gatewise"}
    columns |= {0.9: "gatewise-hi-80", 0.975: "gatewise-hi-95"}
    frame = known.drop(columns="cutoff").assign(unique_id="x")
    losses = {level: quantile_loss(frame, {"m": column}, level)["m"].iloc[0] for level, column in columns.items()}
    mean, score = probabilistic(table, "gatewise")
    assert mean == pytest.approx(np.mean(list(losses.values()))) and score == pytest.approx(crps(losses))
    assert np.isnan(probabilistic(table, "drift")).all()


def test_crps_of_many_quantiles_is_that_of_the_distribution():
    """Of a standard normal forecast at the truth 0 it is (sqrt(2) - 1) / sqrt(pi) (Gneiting and Raftery, 2007)."""
    from scipy.stats import norm

    grid = np.linspace(0.001, 0.999, 999)
    losses = {level: max(level * -norm.ppf(level), (level - 1) * -norm.ppf(level)) for level in grid}
    assert crps(losses) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), rel=1e-3)


def test_models_of_a_backtest_from_elsewhere_are_scored_as_well(table):
    assert set(leaderboard(table.rename(columns={"drift": "NHITS"}), SCALES).model) == {"gatewise", "NHITS"}


def test_evaluation_is_plain_data_and_names_the_best_baseline():
    panel = panel_of_values(seasonal_values(), 3 * seasonal_values(140, seed=1))
    origins = Origins.of(panel, (9, 6, 3), 3)
    truth = origins.truth
    near, far = truth + 0.1, truth + 5.0
    shape = (3, 2, 3)
    made = Forecast(near.reshape(shape), {80: near.reshape(shape) - 1}, {80: near.reshape(shape) + 1})
    rivals = Made({"last_value": far, "drift": far + 1}, {}, {"drift": 0.5}, {"AutoETS": "AutoETS failed: it does."})
    found = evaluate(origins, made, rivals, 12)
    said = json.loads(json.dumps(finite({**found.to_dict(), "optimism": Optimism(0.4, 0.5, 3, 0.1).to_dict()})))
    assert said["comparison"]["against"] == "last_value" and said["comparison"]["decision"] == "better"
    assert said["recommended"] == "gatewise" and said["lag_copy"] is None
    assert said["left_out"] == [{"model": "AutoETS", "why": "AutoETS failed: it does."}]
    assert [one["model"] for one in said["models"]] == ["gatewise", "last_value", "drift"]
    assert said["models"][0]["CRPS"] > 0 and said["models"][1]["CRPS"] is None
    assert said["intervals"][0]["by_step"] == [1, 1, 1] and len(said["by_origin"]) == 3
    assert "the best of 3 configurations" in said["optimism"]["message"]


def test_a_copy_is_said_in_the_verdict():
    walk = np.random.default_rng(0).normal(size=200).cumsum()
    panel = panel_of_values(walk)
    origins = Origins.of(panel, tuple(range(40, 0, -1)), 1)
    last = np.array([[one[-1]] for one in origins.histories])
    rivals = Made({"last_value": last, "drift": last + 3}, {}, {}, {})
    found = evaluate(origins, Forecast(last.reshape(40, 1, 1) + 0.001, {}, {}), rivals, 1)
    assert found.copy.steps == 1 and "copy of the past" in found.verdict.text
    assert found.verdict.decision == "tie" and found.verdict.recommended == "last_value"

"""The baselines against what they are said to be, and against Nixtla's."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from gatewise.evaluate import rivals as rivals_module
from gatewise.evaluate.baselines import drift, last_value, seasonal_naive, window_mean
from gatewise.evaluate.linear import LinearBaseline
from gatewise.evaluate.origins import Origins
from gatewise.evaluate.rivals import Rivals
from gatewise.evaluate.statistical import STATISTICAL, Running, affordable
from gatewise.settings import Settings
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(window=24, horizon=4, season=12)


def test_naive_forecasts():
    values = seasonal_values()
    assert last_value(values, 3, 12).tolist() == [values[-1]] * 3
    assert seasonal_naive(values, 14, 12).tolist() == [*values[-12:], *values[-12:-10]]
    assert seasonal_naive(values[:5], 2, 12).tolist() == [values[4]] * 2
    assert drift(np.array([1.0, 9.0, 3.0]), 2, 1).tolist() == [4.0, 5.0] and drift(np.ones(1), 2, 1).tolist() == [1, 1]
    assert window_mean(values, 2, 12) == pytest.approx([values[-24:].mean()] * 2)
    assert window_mean(np.array([1.0, 2.0]), 1, 1).tolist() == [1.5]


def test_linear_finds_a_linear_law_whatever_the_level_and_the_unit():
    """A sinusoid obeys a linear recursion, so the forecast is exact, also on a series of another level and unit."""
    wave = np.sin(2 * np.pi * np.arange(200) / 12)
    made = LinearBaseline(panel_of_values(5 + wave), SETTINGS).forecast(
        [1e6 + 1e3 * wave[:150], 5 + wave[:101], 1e-9 * (5 + wave[:101])]
    )
    np.testing.assert_allclose(made[0], 1e6 + 1e3 * wave[150:154], atol=20)
    np.testing.assert_allclose(made[1], 5 + wave[101:105], atol=0.02)
    np.testing.assert_allclose(1e9 * made[2], made[1], rtol=1e-9)


def test_linear_needs_a_window():
    with pytest.raises(ValueError, match="no series holds a window of 12 and a horizon of 4"):
        LinearBaseline(panel_of_values(np.arange(10.0)), SETTINGS)


def test_statistical_models_forecast_as_statsforecast_does_and_leave_no_process():
    from statsforecast.models import AutoETS, AutoTheta

    histories = [seasonal_values(), 3 * seasonal_values(80, seed=1)]
    with Running(("AutoTheta", "AutoETS"), histories, 4, 12, 60) as running:
        made = running.results(120)
        processes = [process for process, _ in running._workers]
    for name, model in (("AutoTheta", AutoTheta), ("AutoETS", AutoETS)):
        assert made[name].why == "" and made[name].seconds > 0
        for history, forecast in zip(histories, made[name].forecasts, strict=True):
            np.testing.assert_array_equal(forecast, model(season_length=12).forecast(history, 4)["mean"])
    assert all(process.poll() is not None for process in processes)


def test_a_model_that_is_not_done_in_time_is_left_out_and_its_process_ended():
    began = time.monotonic()
    with Running(("AutoETS",), [seasonal_values()] * 50, 4, 12, 0.1) as running:
        made = running.results(0.1)["AutoETS"]
        assert made.forecasts is None and "0 of 50 forecasts were done" in made.why
        assert "did not end within its 0 s" in made.why and "setting baseline_time" in made.why
    with Running(("AutoETS",), [seasonal_values()] * 50, 4, 12, 60) as running:
        made = running.results(60, lambda: True)["AutoETS"]
        assert made.forecasts is None and "the run came to its end: 0 of 50 forecasts were done" in made.why
    assert time.monotonic() - began < 10


def test_a_model_that_fails_says_why_and_the_next_one_goes_on():
    histories = [np.full(3, np.nan)]
    with Running(("AutoTheta", "AutoETS"), histories, 4, 1, 60) as running:
        made = running.results(120)
    assert all(one.forecasts is None and " failed: " in one.why for one in made.values())


def test_a_worker_ends_when_its_parent_is_gone():
    worker = subprocess.Popen(
        [sys.executable, "-m", "gatewise.evaluate.statistical_worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdin is not None
    tasks = {"models": ["AutoETS"], "horizon": 4, "season": 1, "limit_s": 1e6, "lengths": [60] * 100_000}
    worker.stdin.write(json.dumps(tasks).encode() + b"\n" + np.tile(np.arange(60.0), 100_000).tobytes())
    worker.stdin.close()
    assert worker.wait(60) == 1
    assert worker.stdout is not None
    worker.stdout.close()


def test_arima_is_tried_unasked_only_where_it_is_quick():
    assert affordable([np.zeros(120)], 12) == STATISTICAL
    assert affordable([np.zeros(1500)], 7) == STATISTICAL[:2] and affordable([], 1) == STATISTICAL


def test_rivals_are_those_asked_for_and_the_naive_ones():
    panel = panel_of_values(seasonal_values())
    origins = Origins.of(panel, (8, 4), 4)

    def names(chosen):
        with Rivals(panel, origins, SETTINGS.change(baselines=chosen)) as rivals:
            made = rivals.made(0)
        assert all(one.shape == (2, 4) for one in made.test.values())
        assert all(one.shape == (1, 4) for one in made.ahead.values())
        return list(made.test)

    assert names("none") == ["last_value", "seasonal_naive"]
    assert names("linear,drift") == ["last_value", "seasonal_naive", "drift", "linear"]


def test_rivals_say_why_a_baseline_is_missing(monkeypatch):
    panel = panel_of_values(np.arange(10.0))
    origins = Origins.of(panel, (4,), 4)
    with Rivals(panel, origins, SETTINGS.change(baselines="linear", window=48)) as rivals:
        assert "The linear baseline cannot be fitted" in rivals.made(0).left_out["linear"]
    monkeypatch.setattr(rivals_module, "MOST_VALUES", 10)
    with Rivals(panel, origins, SETTINGS.change(baselines="AutoETS")) as rivals:
        assert "AutoETS was not tried" in rivals.made(0).left_out["AutoETS"]

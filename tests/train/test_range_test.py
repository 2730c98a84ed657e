"""The range test trains the very program of the training, and looks at nothing but training windows."""

import numpy as np
import pytest

from gatewise.settings import Settings
from gatewise.train.range_test import suggest_learning_rate
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values
from tests.train.compiling import compiles

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=2, hidden=(8,), normalise="mean", epochs=1
)


def bench_of(values: np.ndarray, settings: Settings = SETTINGS) -> Workbench:
    return Workbench.of(panel_of_values(values), settings)


def test_it_suggests_a_rate_that_trains_well():
    bench = bench_of(seasonal_values())
    found = suggest_learning_rate(bench, SETTINGS)
    assert found.suggestion is not None and 1e-4 < found.suggestion < 0.5
    assert found.losses[0] == pytest.approx(1.0, abs=0.01), "at the lowest rate nothing is learned yet"
    trained = {
        rate: bench.train(SETTINGS.change(learning_rate=rate, epochs=5)).score
        for rate in (found.suggestion, found.suggestion / 1000)
    }
    assert trained[found.suggestion] < trained[found.suggestion / 1000]


def test_validation_and_test_part_play_no_role():
    values = seasonal_values()
    other = values.copy()
    other[-18:] *= -3.0
    first, second = (suggest_learning_rate(bench_of(one), SETTINGS, steps=40) for one in (values, other))
    assert first.losses == second.losses and first.suggestion == second.suggestion


def test_it_compiles_nothing_beyond_the_training():
    bench = bench_of(seasonal_values())
    bench.train(SETTINGS)
    assert compiles(lambda: suggest_learning_rate(bench, SETTINGS.change(dropout=0.2), steps=20, seeds=2)) == 0


def test_seeds_are_averaged_and_repeatable():
    bench = bench_of(seasonal_values())
    single = [suggest_learning_rate(bench, SETTINGS.change(seed=seed), steps=40).losses for seed in (3, 4)]
    both = suggest_learning_rate(bench, SETTINGS.change(seed=3), steps=40, seeds=2).losses
    np.testing.assert_allclose(both, np.mean(single, axis=0), rtol=1e-12)


def test_it_ends_soon_after_the_loss_blows_up():
    settings = SETTINGS.change(optimizer="sgd", clip_norm=0, loss="mse", normalise="none")
    found = suggest_learning_rate(bench_of(seasonal_values(), settings), settings)
    assert found.diverges_at is not None and found.rates[-1] < 10.0
    assert found.highest_stable == pytest.approx(found.diverges_at / 10)


def test_stopping_leaves_the_curve_so_far():
    found = suggest_learning_rate(bench_of(seasonal_values()), SETTINGS, should_stop=lambda: True)
    assert len(found.rates) == len(found.losses) == 0 and found.suggestion is None

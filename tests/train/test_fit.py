"""The epoch loop: early stopping, best weights, divergence, interruption, coverage of the windows."""

import math

import numpy as np
import pytest

from gatewise.data.windows import Windows
from gatewise.fitted import Workbench
from gatewise.settings import Settings
from gatewise.train.fit import _epochs_of_batches
from tests.panels import panel_of_values, seasonal_values

BASE = {
    "window": 12,
    "horizon": 3,
    "season": 12,
    "val_windows": 6,
    "test_windows": 1,
    "hidden": (8,),
    "normalise": "mean",
}


def bench(**values):
    settings = Settings.of(**{**BASE, "epochs": 6, **values})
    return Workbench.of(panel_of_values(seasonal_values()), settings), settings


def windows_of(count: int) -> Windows:
    numbers = np.arange(count, dtype=np.int32)
    return Windows(numbers, numbers, numbers, numbers)


@pytest.mark.parametrize(("count", "batch", "per_epoch"), [(10, 4, None), (10, 16, None), (10, 4, 25), (10, 4, 7)])
def test_every_window_is_used_equally_often(count, batch, per_epoch):
    settings = Settings.of(batch_size=batch, windows_per_epoch=per_epoch)
    stream = _epochs_of_batches(windows_of(count), settings)
    epochs = [next(stream) for _ in range(count)]
    assert all(epoch.shape[1] == batch for epoch in epochs)
    drawn = np.concatenate([epoch[epoch >= 0] for epoch in epochs])
    used = np.bincount(drawn, minlength=count)
    assert len(drawn) == count * (per_epoch or count)
    assert used.max() - used.min() <= 1


def test_training_learns_and_reports_each_epoch():
    table, settings = bench(learning_rate=0.01)
    seen = []
    training = table.train(settings, observe=seen.append).training
    assert [epoch.number for epoch in seen] == [1, 2, 3, 4, 5, 6] and tuple(seen) == training.epochs
    assert training.status == "epoch-limit"
    assert training.epochs[-1].train_loss < training.epochs[0].train_loss
    assert all(epoch.gradient_norm > 0 and 0 <= epoch.clipped <= 1 for epoch in seen)


def test_early_stopping_waits_for_patience_and_restores_the_best_weights():
    table, settings = bench(learning_rate=0.05, epochs=60, patience=3)
    candidate = table.train(settings)
    training = candidate.training
    losses = [epoch.val_loss for epoch in training.epochs]
    assert training.status == "early-stopped"
    assert training.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == training.best_epoch + 3
    again = table.train(settings.change(epochs=training.best_epoch, schedule="constant")).training
    np.testing.assert_array_equal(again.parameters, training.parameters)


def test_min_delta_asks_for_more_than_a_hair():
    table, settings = bench(epochs=30, patience=2, min_delta=10.0)
    training = table.train(settings).training
    assert training.status == "early-stopped" and training.best_epoch == 1 and len(training.epochs) == 3


def test_interruption_keeps_the_best_weights_so_far():
    table, settings = bench(epochs=50)
    seen = []
    training = table.train(settings, observe=seen.append, should_stop=lambda: len(seen) >= 2).training
    assert training.status == "interrupted" and len(training.epochs) == 2
    assert training.best_epoch in (1, 2) and math.isfinite(training.best_loss)


def test_divergence_is_said_with_epoch_cause_and_remedy():
    table, settings = bench(optimizer="sgd", learning_rate=1e9, clip_norm=0.0, loss="mse")
    candidate = table.train(settings)
    assert candidate.training.status == "diverged"
    assert "diverged at epoch" in candidate.training.message and "try learning_rate" in candidate.training.message
    assert np.isfinite(candidate.training.parameters).all()


def test_clipped_share_is_recorded():
    table, settings = bench(clip_norm=1e-6)
    assert all(epoch.clipped == 1.0 for epoch in table.train(settings).training.epochs)
    assert all(epoch.clipped == 0.0 for epoch in table.train(settings.change(clip_norm=0)).training.epochs)


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_both_ways_of_decoding_validate_the_whole_horizon(decoding):
    table, settings = bench(decoding=decoding, horizon=4)
    candidate = table.train(settings)
    assert candidate.fitted.residuals.shape[1] == 4 and math.isfinite(candidate.score)

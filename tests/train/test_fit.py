"""The epoch loop: early stopping, best weights, divergence, interruption, coverage of the windows."""

import math

import numpy as np
import pytest

from gatewise.data.windows import Windows
from gatewise.settings import Settings
from gatewise.train.fit import epochs_of_batches
from gatewise.workbench import Workbench
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


def windows_of(*counts: int) -> Windows:
    """Return windows of series with so many each."""
    numbers = np.arange(sum(counts), dtype=np.int32)
    return Windows(numbers, numbers, numbers, numbers, np.repeat(np.arange(len(counts)), counts))


@pytest.mark.parametrize(("count", "batch", "per_epoch"), [(10, 4, None), (10, 16, None), (10, 4, 25), (10, 4, 7)])
def test_every_window_is_used_equally_often(count, batch, per_epoch):
    settings = Settings.of(batch_size=batch, windows_per_epoch=per_epoch)
    stream = epochs_of_batches(windows_of(count), settings)
    epochs = [next(stream) for _ in range(count)]
    assert all(epoch.shape[1] == batch for epoch in epochs)
    drawn = np.concatenate([epoch[epoch >= 0] for epoch in epochs])
    used = np.bincount(drawn, minlength=count)
    assert len(drawn) == count * (per_epoch or count)
    assert used.max() - used.min() <= 1


@pytest.mark.parametrize("per_epoch", [None, 6, 100])
def test_sampling_by_series_uses_every_series_equally_often(per_epoch):
    windows = windows_of(1, 50, 7)
    settings = Settings.of(batch_size=4, windows_per_epoch=per_epoch, sampling="series")
    stream = epochs_of_batches(windows, settings)
    drawn = np.concatenate([epoch[epoch >= 0] for epoch in (next(stream) for _ in range(12))])
    assert len(drawn) == 12 * (per_epoch or 58)
    of_series = np.bincount(windows.series[drawn], minlength=3)
    assert of_series.max() - of_series.min() <= 1
    long = drawn[windows.series[drawn] == 1]
    assert np.unique(long).size > min(len(long), 50) / 2, "its windows are drawn at random"
    assert {*long} <= set(range(1, 51))


def test_the_order_of_windows_comes_from_the_seed_alone():
    for sampling in ("windows", "series"):
        first, second, other = (
            next(epochs_of_batches(windows_of(30, 10), Settings.of(seed=seed, sampling=sampling))) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, second)
        assert (first != other).any()


def test_averaged_weights_are_validated_and_kept():
    table, settings = bench(learning_rate=0.02, epochs=4, patience=9)
    plain, averaged = (table.train(settings.change(averaging=decay)) for decay in (0.0, 0.9))
    losses = [[epoch.train_loss for epoch in one.training.epochs] for one in (plain, averaged)]
    assert losses[0] == losses[1], "the steps are the same"
    assert (plain.training.parameters != averaged.training.parameters).any()
    assert [e.val_loss for e in plain.training.epochs] != [e.val_loss for e in averaged.training.epochs]


@pytest.mark.parametrize("loss", ["mse", "mae", "mase", "huber", "quantile"])
def test_validation_loss_is_that_of_the_forecasts(loss):
    """A training of one epoch: its validation loss against the loss of what its weights forecast."""
    table, settings = bench(loss=loss, epochs=1)
    candidate = table.train(settings)
    scaled = candidate.fitted.scaler
    truth, made = table.truth.values, candidate.forecast
    errors = (made - truth[:, None]) / scaled.scale[0]
    if loss == "quantile":
        levels = np.array(candidate.fitted.architecture.quantiles)[None, :, None]
        wanted = 2 * np.where(errors < 0, -levels * errors, (1 - levels) * errors).mean()
    elif loss == "huber":
        size = np.abs(errors)
        wanted = np.where(size <= 1, 0.5 * size**2, size - 0.5).mean()
    else:
        wanted = (errors**2 if loss == "mse" else np.abs(errors)).mean()
    assert candidate.training.best_loss == pytest.approx(wanted, rel=1e-3)


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


@pytest.mark.parametrize("decoding", ["direct", "segments", "recursive"])
def test_every_way_of_decoding_validates_the_whole_horizon(decoding):
    table, settings = bench(decoding=decoding, horizon=4, segment=3)
    candidate = table.train(settings)
    assert candidate.forecast.shape == (len(table.truth.values), 1, 4) and math.isfinite(candidate.score)

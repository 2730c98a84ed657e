"""The textbook recipe in Keras: each series scaled to 0-1, LSTM 64 -> dropout 0.2 -> LSTM 32 -> dropout 0.2 -> Dense.

Adam, mean squared error, batches of 32, all steps of the horizon at once, 100 epochs, early stopping on the validation
rows with patience 5, the best weights restored. An epoch is 500 random batches at most, so that a large panel is
validated often enough; a short series, whose epoch has two, gets 3000 steps and the patience of 500. Scaled on the
training part, as the recipe has it: a level that this never saw is the recipe's own trouble.
"""

from __future__ import annotations

import time

import keras
import numpy as np
import pandas as pd
from task import Task

BATCH, BATCHES_PER_EPOCH, MOST_JUDGED = 32, 500, 2048
EPOCHS, STEPS, PATIENCE, PATIENT_STEPS = 100, 3000, 5, 500


class Windows(keras.utils.PyDataset):
    """Random windows of all series, gathered when they are due."""

    def __init__(self, values: np.ndarray, starts: np.ndarray, window: int, horizon: int, batches: int):
        super().__init__()
        self.values, self.window, self.horizon, self.batches = values, window, horizon, batches
        self.random = np.random.default_rng(0)
        self.starts = self.random.permutation(starts)

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        return gathered(self.values, self.starts[number * BATCH : (number + 1) * BATCH], self.window, self.horizon)

    def on_epoch_end(self) -> None:
        self.random.shuffle(self.starts)


class Deadline(keras.callbacks.Callback):
    """Ends the training when its time is up."""

    def __init__(self, seconds: float):
        super().__init__()
        self.ends = time.monotonic() + seconds

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if time.monotonic() > self.ends:
            self.model.stop_training = True


def gathered(values: np.ndarray, starts: np.ndarray, window: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs ``(window, step, 1)`` and targets ``(window, horizon)``."""
    block = values[starts[:, None] + np.arange(window + horizon)]
    return block[:, :window, None], block[:, window:]


def forecast(task: Task) -> pd.DataFrame:
    """Return the frame."""
    keras.utils.set_random_seed(0)
    window, horizon = task.window, task.horizon
    scaled, ranges, learn, judge, offset = [], [], [], [], 0
    for values in task.series.values():
        seen = len(values) - task.test_rows
        cut = max(seen - task.validation, 2)
        low, high = values[:cut].min(), values[:cut].max()
        ranges.append((low, high - low or 1.0))
        scaled.append((values[:seen] - low) / ranges[-1][1])
        learn.append(offset + np.arange(max(cut - window - horizon + 1, 0)))
        judge.append(offset + np.arange(max(cut - window, 0), max(seen - window - horizon + 1, 0)))
        offset += seen
    flat, starts = np.concatenate(scaled).astype(np.float32), np.concatenate(learn)
    judged = np.concatenate(judge)
    judged = judged[np.linspace(0, len(judged) - 1, min(len(judged), MOST_JUDGED)).astype(int)]
    batches = 2 if task.quick else min(BATCHES_PER_EPOCH, -(-len(starts) // BATCH))
    model = _network(window, horizon)
    model.fit(
        Windows(flat, starts, window, horizon, batches),
        validation_data=gathered(flat, judged, window, horizon),
        epochs=1 if task.quick else max(EPOCHS, STEPS // batches),
        callbacks=[
            keras.callbacks.EarlyStopping(patience=max(PATIENCE, PATIENT_STEPS // batches), restore_best_weights=True),
            Deadline(task.seconds),
        ],
        verbose=0,
    )

    def ahead(histories: np.ndarray, number: int) -> np.ndarray:
        low, width = ranges[number]
        inputs = ((histories - low) / width).astype(np.float32)[..., None]
        return model.predict(inputs, verbose=0).astype(np.float64) * width + low

    return task.from_origins(ahead, window)


def _network(window: int, horizon: int) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((window, 1)),
            keras.layers.LSTM(64, return_sequences=True),
            keras.layers.Dropout(0.2),
            keras.layers.LSTM(32),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(horizon),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    return model

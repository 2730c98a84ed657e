"""Darts' BlockRNN with LSTM layers of 64 units, stopped early on the validation rows, or when its minutes run out.

Series are scaled to 0-1 on the rows before the test part by Darts' own Scaler. An epoch is 500 batches at most, so that
a large panel is validated often enough; the best weights are kept. Training stops after 10 epochs without a better
validation loss, and never before 500 such steps: an epoch of a short series has two.
"""

from __future__ import annotations

import logging
import tempfile

import numpy as np
import pandas as pd
from darts import TimeSeries
from darts.dataprocessing.transformers import Scaler
from darts.models import BlockRNNModel
from pytorch_lightning.callbacks import EarlyStopping
from task import Task

BATCH, BATCHES_PER_EPOCH, PATIENCE, PATIENT_STEPS = 32, 500, 10, 500


def forecast(task: Task) -> pd.DataFrame:
    """Return the frame."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    window, horizon = task.window, task.horizon
    whole = [TimeSeries.from_values(values.astype("float32")[:, None]) for values in task.series.values()]
    scaler = Scaler()
    seen = scaler.fit_transform([one[: -task.test_rows] for one in whole])
    learn = [one[: -task.validation] for one in seen]
    judge = [one[-(task.validation + window) :] for one in seen]
    with tempfile.TemporaryDirectory() as folder:
        learn = [one for one in learn if len(one) >= window + horizon]
        batches = -(-sum(len(one) - window - horizon + 1 for one in learn) // BATCH)
        model = _model(task, window, min(batches, BATCHES_PER_EPOCH), folder)
        model.fit(
            learn,
            val_series=[one for one in judge if len(one) >= window + horizon],
            verbose=False,
            load_best=True,
        )
    scaled = scaler.transform(whole)
    histories = [
        one[len(one) - distance - window : len(one) - distance] for one in scaled for distance in task.distances
    ]
    made = model.predict(horizon, series=histories, verbose=False, show_warnings=False)
    shape = (len(whole), len(task.distances), horizon)
    framed = np.concatenate([one.values()[:, 0] for one in made]).reshape(shape)

    def ahead(_: np.ndarray, number: int) -> np.ndarray:
        series = TimeSeries.from_values(framed[number].reshape(-1, 1))
        return scaler.inverse_transform(series, series_idx=number).values().reshape(shape[1:])

    return task.from_origins(ahead, window)


def _model(task: Task, window: int, batches: int, folder: str) -> BlockRNNModel:
    return BlockRNNModel(
        input_chunk_length=window,
        output_chunk_length=task.horizon,
        model="LSTM",
        hidden_dim=64,
        n_rnn_layers=2,
        dropout=0.1,
        batch_size=BATCH,
        n_epochs=1 if task.quick else 10_000,
        random_state=1,
        save_checkpoints=True,
        force_reset=True,
        work_dir=folder,
        model_name="peer",
        pl_trainer_kwargs={
            "accelerator": "cpu",
            "callbacks": [EarlyStopping(monitor="val_loss", patience=max(PATIENCE, PATIENT_STEPS // batches))],
            "max_time": {"seconds": task.seconds},
            "limit_train_batches": 2 if task.quick else batches,
            "logger": False,
            "enable_model_summary": False,
            "enable_progress_bar": False,
        },
    )

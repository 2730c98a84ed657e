"""NeuralForecast's LSTM on one series, without validation, logger, checkpoints and progress bar.

What differs from the common network, because the API has no way to say it:

- `encoder_hidden_size` is one number for all layers, so the textbook's 64 -> 32 becomes 48 -> 48 (4 % fewer
  operations).
- Dropout stands between the layers only, not after the last one.
- The head is one dense layer (``decoder_layers=1``), as everywhere; the default would be an MLP with 128 units.
- It counts steps and knows no epochs: each step draws `windows_batch_size` windows at random from all of them. As many
  steps as the others make in an epoch count as one here. With one series Lightning sees an epoch of its own in every
  step; its cost is part of what a user of NeuralForecast waits for, so it is timed.
"""

from __future__ import annotations

import logging

from networks import NETWORKS, series
from peers.clock import Clock, lightning_callback


def measure(network: str, seconds: float) -> dict[str, float]:
    """Return epochs per second."""
    import pandas as pd
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MSE
    from neuralforecast.models import LSTM

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    chosen = NETWORKS[network]
    clock = Clock(seconds)
    model = LSTM(
        h=1,
        input_size=chosen.window,
        encoder_n_layers=len(chosen.hidden),
        encoder_hidden_size=chosen.equal,
        encoder_dropout=chosen.dropout,
        decoder_layers=1,
        loss=MSE(),
        max_steps=10**9,
        val_check_steps=10**9,
        learning_rate=1e-3,
        windows_batch_size=chosen.batch,
        scaler_type="identity",
        accelerator="cpu",
        callbacks=[lightning_callback(clock, chosen.steps)],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    table = pd.DataFrame({"unique_id": "one", "ds": range(chosen.rows), "y": series(chosen)})
    NeuralForecast([model], freq=1).fit(table, val_size=0)
    return {"epochs/s": clock.rate}

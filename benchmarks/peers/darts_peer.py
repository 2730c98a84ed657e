"""Darts' BlockRNNModel with LSTM layers, without validation, logger, checkpoints and progress bar.

What differs from the common network, because the API has no way to say it:

- `hidden_dim` is one number for all layers, so the textbook's 64 -> 32 becomes 48 -> 48 (4 % fewer operations).
- Dropout stands between the layers only, not after the last one.

An epoch is every window once, as for the others. `RNNModel` would not do: it learns to forecast at every step of a
window, the one behind the window among them.
"""

from __future__ import annotations

import logging

from networks import NETWORKS, series
from peers.clock import Clock, lightning_callback


def measure(network: str, seconds: float) -> dict[str, float]:
    """Return epochs per second."""
    from darts import TimeSeries
    from darts.models import BlockRNNModel

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    chosen = NETWORKS[network]
    clock = Clock(seconds)
    model = BlockRNNModel(
        input_chunk_length=chosen.window,
        output_chunk_length=1,
        model="LSTM",
        hidden_dim=chosen.equal,
        n_rnn_layers=len(chosen.hidden),
        dropout=chosen.dropout,
        batch_size=chosen.batch,
        n_epochs=10**6,
        optimizer_kwargs={"lr": 1e-3},
        pl_trainer_kwargs={
            "accelerator": "cpu",
            "callbacks": [lightning_callback(clock, chosen.steps)],
            "logger": False,
            "enable_checkpointing": False,
            "enable_model_summary": False,
            "enable_progress_bar": False,
        },
    )
    model.fit(TimeSeries.from_values(series(chosen)[:, None]), verbose=False)
    return {"epochs/s": clock.rate}

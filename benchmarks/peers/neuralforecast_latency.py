"""NeuralForecast's forecasts of the same series with a saved LSTM of the same size.

Its head turns the last `h` hidden states into one step each, and it makes no intervals; Gatewise's makes all steps from
the last state, and its `predict` adds intervals.
"""

from __future__ import annotations

import logging

from peers.clock import latency_ms, once_ms
from peers.latency_series import HORIZON, ROWS, UNITS, WINDOW, frame


def measure(folder: str, prepare: bool = False, calls: int = 200, lengths: tuple[int, ...] = ()) -> dict[str, float]:
    """Return latencies, after another process has written the model; the arguments are those of Gatewise."""
    from neuralforecast import NeuralForecast
    from neuralforecast.models import LSTM

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    if prepare:
        model = LSTM(
            h=HORIZON,
            input_size=WINDOW,
            encoder_n_layers=1,
            encoder_hidden_size=UNITS,
            decoder_layers=1,
            max_steps=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
        )
        fitted = NeuralForecast([model], freq="h")
        fitted.fit(frame(ROWS))
        fitted.save(folder, save_dataset=False, overwrite=True)
        return {}
    fitted, load_ms = once_ms(lambda: NeuralForecast.load(folder))
    newer = frame(ROWS)
    _, first_ms = once_ms(lambda: fitted.predict(df=newer))
    slowest = 0.0
    figures = latency_ms(lambda: fitted.predict(df=newer), calls, "predict from a new table")
    for rows in lengths:
        other = frame(rows)
        slowest = max(slowest, once_ms(lambda other=other: fitted.predict(df=other))[1])
    return {"load, ms": load_ms, "first call, ms": first_ms, **figures, "other lengths, slowest ms": slowest}

"""The tutorial's recipe as a script of its own: ``python keras_tutorial.py TABLE`` trains 10 epochs and forecasts.

Read the table, fill gaps, scale to 0-1 on the training part, windows of 10, LSTM 64 -> Dropout 0.2 -> LSTM 32 ->
Dropout 0.2 -> Dense 1, Adam, 10 epochs in batches of 32 on the first 80 % of the rows, forecasts of the last 20 %,
scaling undone, RMSE printed.
"""

from __future__ import annotations

import sys

import keras
import numpy as np
import pandas as pd

WINDOW = 10


def main(path: str) -> None:
    """Train and forecast."""
    values = pd.read_csv(path).iloc[:, -1].interpolate().to_numpy(np.float32)
    cut = int(len(values) * 0.8)
    low, high = values[:cut].min(), values[:cut].max()
    scaled = (values - low) / (high - low)
    view = np.lib.stride_tricks.sliding_window_view(scaled, WINDOW + 1)
    inputs, targets = view[:, :-1, None], view[:, -1:]
    model = keras.Sequential(
        [
            keras.Input((WINDOW, 1)),
            keras.layers.LSTM(64, return_sequences=True),
            keras.layers.Dropout(0.2),
            keras.layers.LSTM(32),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    first = cut - WINDOW
    model.fit(inputs[:first], targets[:first], epochs=10, batch_size=32, verbose=0)
    forecast = model.predict(inputs[first:], verbose=0)[:, 0] * (high - low) + low
    print(float(np.sqrt(np.mean((forecast - values[cut:]) ** 2))))


if __name__ == "__main__":
    main(sys.argv[1])

"""Keras 3 on whichever backend KERAS_BACKEND names, trained with `Model.fit` as tutorials do."""

from __future__ import annotations

import time

from networks import Network, windows


def measure(network: Network, epochs: int, jobs: int = 1) -> float:
    """Return epochs per second."""
    import keras

    inputs, targets = windows(network)
    layers: list = [keras.Input((network.window, 1))]
    for number, unit in enumerate(network.hidden):
        layers += [keras.layers.LSTM(unit, return_sequences=number < len(network.hidden) - 1)]
        layers += [keras.layers.Dropout(network.dropout)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    model.fit(inputs, targets, batch_size=network.batch, epochs=1, verbose=0)
    began = time.perf_counter()
    model.fit(inputs, targets, batch_size=network.batch, epochs=epochs, verbose=0)
    return epochs / (time.perf_counter() - began)

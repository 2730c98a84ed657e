"""Keras 3 on whichever backend KERAS_BACKEND names, trained with `Model.fit` as tutorials do."""

from __future__ import annotations

from typing import Any

from networks import NETWORKS, windows
from peers.clock import Clock


def measure(network: str, seconds: float) -> dict[str, float]:
    """Return epochs per second."""
    import keras

    chosen = NETWORKS[network]
    inputs, targets = windows(chosen)
    layers: list = [keras.Input((chosen.window, 1))]
    for number, unit in enumerate(chosen.hidden):
        layers += [keras.layers.LSTM(unit, return_sequences=number < len(chosen.hidden) - 1)]
        layers += [keras.layers.Dropout(chosen.dropout)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    clock = Clock(seconds)

    def ended(epoch: int, logs: Any = None) -> None:
        model.stop_training = clock.tick()

    timing = keras.callbacks.LambdaCallback(on_epoch_end=ended)
    model.fit(inputs, targets, batch_size=chosen.batch, epochs=10**6, verbose=0, callbacks=[timing])
    return {"epochs/s": clock.rate}

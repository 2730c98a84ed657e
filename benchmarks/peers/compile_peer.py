"""How long Gatewise's programs take to be ready: traced, lowered, and compiled or taken from the cache."""

from __future__ import annotations

import time

import numpy as np
from networks import NETWORKS, series
from peers.prepared import lessons_of

from gatewise.architecture import architecture_of
from gatewise.settings import Settings
from gatewise.train.fit import train
from gatewise.train.forecaster import forecaster

MANY = 256
"""Windows that a forecast of many has: few and many are compiled apart."""


def measure(network: str, horizon: int) -> dict[str, float]:
    """Return, for each program, the duration of its first call minus that of its second, in seconds."""
    chosen = NETWORKS[network]
    settings = Settings.of(
        window=chosen.window,
        horizon=horizon,
        hidden=chosen.hidden,
        dropout=chosen.dropout,
        batch_size=chosen.batch,
        windows_per_epoch=chosen.batch,
    )
    values = series(chosen)
    lessons = lessons_of(values, chosen.rows - chosen.window - horizon)
    # Epochs of one step: whatever the first takes beyond the second is the program getting ready.
    training = train(settings, architecture_of(settings), lessons, None, epochs=2)
    first, second = (epoch.seconds for epoch in training.epochs)
    many = np.tile(values[: chosen.window], (MANY, 1))
    return {
        "training, s": first - second,
        "forecast of one window, s": _forecaster_ready(settings, training.parameters, many[:1]),
        "forecast of many windows, s": _forecaster_ready(settings, training.parameters, many),
    }


def _forecaster_ready(settings: Settings, parameters: np.ndarray, windows: np.ndarray) -> float:
    forecast = forecaster(architecture_of(settings), settings.horizon or 1)
    durations = []
    for _ in range(2):
        began = time.perf_counter()
        forecast(parameters, windows)
        durations.append(time.perf_counter() - began)
    return durations[0] - durations[1]

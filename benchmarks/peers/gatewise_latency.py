"""Gatewise's forecasts of one series with a saved model."""

from __future__ import annotations

from typing import Any

import jax
from peers.clock import latency_ms, once_ms
from peers.latency_series import HORIZON, ROWS, UNITS, WINDOW, frame

from gatewise import Forecaster

COMPILED = "/jax/core/compile/backend_compile_duration"
"""Event of JAX when a program is compiled, or taken from the cache."""


def measure(folder: str, prepare: bool = False, calls: int = 200, lengths: tuple[int, ...] = ()) -> dict[str, float]:
    """Return latencies, after another process has written the model.

    Args:
        folder: of the model.
        prepare: True writes it and measures nothing.
        calls: timed calls of each kind.
        lengths: other lengths of the series, one call each.
    """
    if prepare:
        model = Forecaster(horizon=HORIZON, window=WINDOW, hidden=UNITS, season=HORIZON, patch=1, epochs=1)
        model.fit(frame(ROWS)).save(folder)
        return {}
    model, load_ms = once_ms(lambda: Forecaster.load(folder))
    newer = frame(ROWS)
    _, first_ms = once_ms(lambda: model.predict(data=newer))
    _, panel = model.forecast_of(newer)
    figures = {
        "load, ms": load_ms,
        "first call, ms": first_ms,
        **latency_ms(lambda: model.predict(data=newer), calls, "predict from a new table"),
        **latency_ms(model.predict, calls, "predict from the saved history"),
        **latency_ms(lambda: model.model_.forecast(panel, HORIZON), calls, "inner forecast"),
    }
    return figures | _other_lengths(model, lengths)


def _other_lengths(model: Forecaster, lengths: tuple[int, ...]) -> dict[str, float]:
    """Return how long the first call for each new length takes, and how many programs these calls compiled."""
    compiled = 0

    def count(event: str, duration: float, **_: Any) -> None:
        nonlocal compiled
        compiled += event == COMPILED

    jax.monitoring.register_event_duration_secs_listener(count)
    slowest = 0.0
    for rows in lengths:
        newer = frame(rows)
        slowest = max(slowest, once_ms(lambda newer=newer: model.predict(data=newer))[1])
    return {"other lengths, slowest ms": slowest, "programs compiled for them": compiled}

"""How many programs a piece of work compiles."""

from collections.abc import Callable
from typing import Any

import jax


def compiles(make: Callable[[], Any]) -> int:
    """Return how many programs were compiled while `make` ran."""
    counted = []

    def listen(event: str, *_, **__) -> None:
        counted.append(event) if event == "/jax/core/compile/backend_compile_duration" else None

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        make()
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    return len(counted)

"""The networks and the data that every peer trains: the same sizes, batches, windows and optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NETWORKS", "Network", "series", "windows"]


class Network(NamedTuple):
    """One network with its training.

    Attributes:
        hidden: units of each LSTM layer; dropout follows each of them, and a dense layer of one unit ends it.
        equal: units of every layer where an API has one size for all; about as many operations, never more.
        window: steps that it sees.
        batch: windows per optimizer step.
        dropout: share of units dropped.
        rows: length of the series.
    """

    hidden: tuple[int, ...]
    equal: int
    window: int
    batch: int
    dropout: float
    rows: int

    @property
    def steps(self) -> int:
        """Optimizer steps per epoch."""
        return -(-(self.rows - self.window) // self.batch)

    @property
    def flops(self) -> float:
        """Useful floating-point operations of an epoch: the LSTM's products, forward and twice as many backward."""
        total, feature = 0, 1
        for unit in self.hidden:
            total += 2 * 4 * unit * (feature + unit)
            feature = unit
        return 3.0 * total * self.window * (self.rows - self.window)

    def with_equal_layers(self) -> Network:
        """Return this network with layers of one size, as some APIs want it."""
        return self._replace(hidden=(self.equal,) * len(self.hidden))


NETWORKS = {
    "textbook": Network(hidden=(64, 32), equal=48, window=10, batch=32, dropout=0.2, rows=2284),
    "larger": Network(hidden=(128, 128), equal=128, window=48, batch=64, dropout=0.2, rows=2284),
}


def series(network: Network) -> np.ndarray:
    """Return the series: a rising cycle with noise, scaled to 0-1, float32."""
    import numpy as np  # here, so that the process that starts the others stays small

    time = np.arange(network.rows)
    noise = np.random.default_rng(0).standard_normal(network.rows)
    values = 0.02 * time + 3 * np.sin(2 * np.pi * time / 52) + 0.3 * noise
    return ((values - values.min()) / (values.max() - values.min())).astype(np.float32)


def windows(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs ``(window, time, 1)`` and targets ``(window, 1)``, as the peers want them."""
    import numpy as np

    values = series(network)
    view = np.lib.stride_tricks.sliding_window_view(values, network.window + 1)
    return view[:, :-1, None].copy(), view[:, -1:].copy()

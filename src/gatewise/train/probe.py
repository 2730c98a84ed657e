"""A look inside a trained network: how open its gates stand, how far back its gradients reach, and what it beats.

All of it is NumPy on a small sample of windows: nothing is traced or compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.architecture import Architecture
from gatewise.model.network import layout_of, sample_of
from gatewise.model.recipe import frame, unframe
from gatewise.train.loss import HUBER_DELTA, loss_of
from gatewise.train.unrolled import Layer, hidden_gradients, unroll

if TYPE_CHECKING:
    from gatewise.train.fit import Validation

__all__ = ["LEAST_WINDOWS", "MOST_STEPS", "MOST_WINDOWS", "SATURATED", "LayerProbe", "Probe", "probe"]

MOST_WINDOWS, LEAST_WINDOWS, MOST_STEPS = 32, 8, 2048
"""Windows of the sample, evenly spread over the validation part: as many as make about so many steps of the LSTM."""

SATURATED = 0.05
"""A sigmoid gate nearer than this to 0 or 1 counts as saturated, as does a candidate nearer than this to -1 or 1: the
slope there, at most 0.05, lets through a fifth of what it does in the middle.

Source: Karpathy, Johnson and Fei-Fei (2016), "Visualizing and understanding recurrent networks", section 4.2, who count
gates below 0.1 and above 0.9.
"""


@dataclass(frozen=True)
class LayerProbe:
    """What one LSTM layer does, over all windows of the sample and all their steps.

    Attributes:
        forget: mean forget gate, 0-1; a cell keeps that share of itself from step to step.
        longest_forget: mean forget gate of the tenth of units that remember longest.
        saturated: share of values at the end of their range, 0-1, by gate: input, forget, candidate, output.
        gradient: norm of the gradient of the loss by the hidden state, mean over the windows, by distance back in time
            (0 for the last step), as a share of the largest.
    """

    forget: float
    longest_forget: float
    saturated: dict[str, float]
    gradient: tuple[float, ...]

    def reach(self, share: float) -> int:
        """Return how many steps of the LSTM, from the last one back, have at least a share of the largest gradient."""
        faint = sum(1 for _ in takewhile(lambda one: one < share, reversed(self.gradient)))
        return len(self.gradient) - faint


@dataclass(frozen=True)
class Probe:
    """What the network does on a sample of windows.

    Attributes:
        windows: how many were looked at.
        layers: by layer, the first one first.
        loss: mean loss of its forecasts.
        base_loss: that of what it forecasts around, without the network.
        last_loss: that of repeating the window's last value.
    """

    windows: int
    layers: tuple[LayerProbe, ...]
    loss: float
    base_loss: float
    last_loss: float

    @property
    def plain_loss(self) -> float:
        """The loss of the better of both forecasts that need no network."""
        return min(self.base_loss, self.last_loss)


def probe(
    architecture: Architecture, parameters: np.ndarray, validation: Validation, linear: np.ndarray | None = None
) -> Probe | None:
    """Look at a network on a sample of the validation windows.

    Where the horizon is longer than what the head forecasts at once, only that first part is looked at.

    Args:
        architecture: the network.
        parameters: its weights, flat, shape ``(parameter,)``.
        validation: windows and their targets, in the scaled series' units.
        linear: the linear base, shape ``(window + 1, horizon)``; None with another base.

    Returns:
        What was found; None where that is no finite number, or no target was observed.

    Example:
        >>> from gatewise.train.fit import Validation
        >>> from gatewise.train.forecaster import Histories
        >>> from gatewise.model.network import initialise
        >>> a = Architecture(window=6, patch=2, horizon=1, hidden=(4,))
        >>> windows, ones = np.ones((3, 6), np.float32), np.ones((3, 1), np.float32)
        >>> seen = probe(a, initialise(a, 0), Validation(Histories(windows), ones, ones > 0, ones[:, 0]))
        >>> seen.windows, len(seen.layers[0].gradient), seen.base_loss, seen.last_loss
        (3, 3, 1.0, 0.0)
    """
    a, (histories, targets) = architecture, (validation.histories, validation.target[:, : architecture.horizon])
    if len(parameters) != layout_of(a).size or not len(histories):
        return None
    count = min(max(MOST_STEPS // a.steps, LEAST_WINDOWS), MOST_WINDOWS)
    rows = np.unique(np.linspace(0, len(histories) - 1, count).round().astype(int))
    weight = (validation.observed[rows, : a.horizon] * validation.weight[rows, None]).T
    if not weight.sum() > 0:
        return None
    weight, target, window = weight / weight.sum(), targets[rows].T, histories.windows[rows].T
    features = None if histories.features is None else histories.features[rows].swapaxes(0, 1)
    static = None if histories.static is None else histories.static[rows]
    series = None if histories.series is None else histories.series[rows]

    def loss(forecast: np.ndarray) -> float:
        """Return the weighted mean loss of point forecasts ``(horizon, batch)`` or of quantiles before them."""
        return float((loss_of(a.loss, a.quantiles)(forecast - target).mean(axis=0) * weight).sum())

    # Weights may be huge, and their diagnosis must not fail on that: what is not finite is thrown away at the end.
    with np.errstate(all="ignore"):
        framed = frame(a, window, linear)
        unrolled = unroll(a, parameters, sample_of(a, framed.inputs, features, static, series))
        forecast = unframe(framed, unrolled.outputs)
        upstream = _slope(a, forecast - target) * weight * framed.scale
        gradients = hidden_gradients(a, unrolled, upstream.astype(np.float32))
        made = Probe(
            windows=len(rows),
            layers=tuple(map(_layer_probe, unrolled.layers, gradients)),
            loss=loss(forecast),
            base_loss=loss(framed.base[None]),
            last_loss=loss(window[-1:][None]),
        )
    numbers = [made.loss, made.base_loss, made.last_loss, *(one for layer in made.layers for one in layer.gradient)]
    return made if np.isfinite(numbers).all() else None


def _slope(a: Architecture, error: np.ndarray) -> np.ndarray:
    """Return the derivative of the quantiles' mean loss by each forecast, shape ``(quantile, horizon, batch)``."""
    if a.loss == "mse":
        return 2 * error
    if a.loss == "huber":
        return np.clip(error, -HUBER_DELTA, HUBER_DELTA)
    skew: Any = 0.0
    if a.quantiles:
        skew = 1 - 2 * np.array(a.quantiles, error.dtype)[:, None, None]
    return (np.sign(error) + skew) / len(error)


def _layer_probe(layer: Layer, gradient: np.ndarray) -> LayerProbe:
    i, f, g, o = np.split(layer.gates, 4, axis=-1)
    of_unit = f.mean(axis=(0, 1))
    norms = np.linalg.norm(gradient, axis=-1).mean(axis=1)[::-1]
    return LayerProbe(
        forget=float(of_unit.mean()),
        longest_forget=float(np.quantile(of_unit, 0.9)),
        saturated={
            "input": _share(np.abs(i - 0.5) > 0.5 - SATURATED),
            "forget": _share(np.abs(f - 0.5) > 0.5 - SATURATED),
            "candidate": _share(np.abs(g) > 1 - SATURATED),
            "output": _share(np.abs(o - 0.5) > 0.5 - SATURATED),
        },
        gradient=tuple((norms / max(float(norms.max()), np.finfo(np.float32).tiny)).tolist()),
    )


def _share(true: np.ndarray) -> float:
    return float(true.mean())

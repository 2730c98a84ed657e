"""The training loss against plain loops: windows gathered and padded, framed, forecast, compared and weighed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture, Knobs
from gatewise.model.network import Masks, initialise, layout_of, sample_of
from gatewise.model.random import key_of
from gatewise.train.program import Batches, Table, _loss
from tests.model.plain import plain_network
from tests.model.plain_recipe import plain_base, plain_level, plain_scale
from tests.train.cases import KINDS, batch, seen_by


def places(a: Architecture, start: int, first: int) -> list[int]:
    """Return the rows of a window and of what comes after it; those before the series stand for its first season."""
    season, made = max(a.season, a.long_season), []
    for place in range(start, start + a.window + a.horizon):
        while place < first:
            place += season
        made.append(place)
    return made


def element(a: Architecture, error: float, quantile: int) -> float:
    match a.loss:
        case "mse":
            return error**2
        case "huber":
            return 0.5 * error**2 if abs(error) <= 1 else abs(error) - 0.5
        case "quantile":
            level = a.quantiles[quantile]
            return 2 * (-level * error if error < 0 else (1 - level) * error)
        case _:
            return abs(error)


def plain_loss(a: Architecture, flat: np.ndarray, table: Table, windows: Batches) -> tuple[float, float]:
    """Return the sum of weighted losses and the sum of weights."""
    count = len(windows.start)
    rows = np.array([places(a, int(windows.start[b]), int(windows.first[b])) for b in range(count)]).T
    values = np.asarray(table.values)[rows]
    inputs, bases, scales = np.zeros((a.window, count)), [], []
    linear = None if table.linear is None else np.asarray(table.linear).tolist()
    for b in range(count):
        window = values[: a.window, b].tolist()
        level, scale = plain_level(a, window), plain_scale(a, window)
        inputs[:, b] = [(value - level) / scale for value in window]
        scales.append(scale)
        bases.append(plain_base(a, window, linear))
    features = None if table.features is None else np.asarray(table.features)[rows]
    static = None if table.static is None else np.asarray(table.static)[np.asarray(windows.series)]
    sample = sample_of(a, inputs, features, static, np.asarray(windows.series))
    ones = Masks((None,) * len(a.hidden), tuple(np.ones((count, unit)) for unit in a.hidden))
    made = plain_network(a, layout_of(a).split(flat), sample, ones)
    total = weights = 0.0
    for b in range(count):
        for step in range(a.horizon):
            if not table.observed[rows[a.window + step, b]]:
                continue
            truth = values[a.window + step, b]
            errors = [bases[b][step] + scales[b] * one - truth for one in made[:, step, b]]
            weight = float(windows.weight[b])
            total += weight * sum(element(a, error, q) for q, error in enumerate(errors)) / len(errors)
            weights += weight
    return total, weights


@pytest.mark.parametrize("kind", KINDS)
def test_training_loss_equals_plain_loops(kind):
    a = KINDS[kind]
    layout = layout_of(a)
    flat = initialise(a, 3).astype(np.float64) + 0.3 * np.random.default_rng(0).standard_normal(layout.size)
    with jax.enable_x64(True):
        table, windows = seen_by(a), batch()
        knobs = Knobs(*(jnp.float64(value) for value in Knobs()))

        def loss(flat):
            return _loss(a, layout.split(flat), knobs, table, windows, key_of(0))

        mean, (total, weights) = jax.jit(loss)(jnp.asarray(flat))
        wanted, wanted_weights = plain_loss(a, flat, table, windows)
    assert float(weights) == wanted_weights < np.asarray(windows.weight).sum() * a.horizon, "some targets are missing"
    # The levels of the pinball loss are numbers in single precision.
    assert float(total) == pytest.approx(wanted, rel=1e-6)
    assert float(mean) == pytest.approx(wanted / wanted_weights, rel=1e-6)

"""The compiled forecasts: order, programs shared, and forecasts fed back beyond the head's horizon."""

import jax
import numpy as np
import pytest

from gatewise.architecture import Architecture, Widths
from gatewise.model.network import apply, initialise, layout_of, no_masks, sample_of
from gatewise.model.recipe import frame, unframe
from gatewise.train.forecaster import FEW, Histories, compile_forecasters, forecaster
from tests.train.compiling import compiles

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3), normalise="mean", base="last", batch_size=5)
FULL = SMALL._replace(
    widths=Widths(past=1, future=2, static=2, series=4), embedding=2, quantiles=(0.5, 0.1, 0.9), base="linear"
)
LINEAR = np.random.default_rng(9).standard_normal((7, 3)).astype(np.float32) / 7


def weights(architecture: Architecture) -> np.ndarray:
    """Return weights far from their start, so that everything that is read matters."""
    return initialise(architecture, 0) + 0.3 * np.random.default_rng(1).standard_normal(
        layout_of(architecture).size
    ).astype(np.float32)


def histories(architecture: Architecture, count: int, ahead: int) -> Histories:
    """Return random windows; the last is of a series that training never saw."""
    generator = np.random.default_rng(2)

    def drawn(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    widths = architecture.widths
    series = generator.integers(0, widths.series, count).astype(np.int32)
    series[-1] = widths.series
    return Histories(
        drawn(count, 6), drawn(count, 6 + ahead, widths.past + widths.future), drawn(count, widths.static), series
    )


def block_by_block(a: Architecture, flat: np.ndarray, seen: Histories, horizon: int) -> np.ndarray:
    """Forecast a head's length at a time, one window at a time, and append the medians to the window."""
    matrices, made = layout_of(a).split(flat), []
    network = jax.jit(lambda sample: apply(a, matrices, sample, no_masks(a, 1)))
    for row in range(len(seen)):
        window, parts = seen.windows[row].copy(), []
        for first in range(0, horizon, a.horizon):
            features = seen.features[row, first : first + a.window + a.horizon]
            missing = a.window + a.horizon - len(features)
            features = np.pad(features, ((0, missing), (0, 0)))
            framed = frame(a, window[:, None], LINEAR)
            one = sample_of(a, framed.inputs, features[:, None], seen.static[row][None], seen.series[row][None])
            parts.append(unframe(framed, np.asarray(network(one)))[:, :, 0])
            window = np.concatenate([window, parts[-1][0]])[-a.window :]
        made.append(np.concatenate(parts, axis=1)[:, :horizon])
    return np.stack(made)


@pytest.mark.parametrize("horizon", [2, 3, 8])
@pytest.mark.parametrize("segment", [0, 2])
def test_forecasts_equal_windows_fed_forward_one_by_one(segment, horizon):
    a = FULL._replace(segment=segment)
    seen, flat = histories(a, 5, horizon), weights(a)
    made = forecaster(a, horizon)(flat, seen, LINEAR)
    np.testing.assert_allclose(made, block_by_block(a, flat, seen, horizon), rtol=1e-4, atol=1e-4)


def test_an_unknown_series_takes_the_mean_of_all_embeddings():
    seen, flat = histories(FULL, 4, 3), weights(FULL)
    layout = layout_of(FULL)
    matrices = layout.split(flat.copy())
    matrices[2][1] = matrices[2].mean(axis=0)
    known = Histories(seen.windows, seen.features, seen.static, np.array([1, 1, 1, 1], np.int32))
    unknown = Histories(seen.windows, seen.features, seen.static, np.full(4, 4, np.int32))
    as_known = forecaster(FULL, 3)(np.concatenate([one.ravel() for one in matrices]), known, LINEAR)
    np.testing.assert_allclose(forecaster(FULL, 3)(flat, unknown, LINEAR), as_known, rtol=1e-5, atol=1e-5)


def test_recursive_forecast_feeds_its_own_steps_back():
    one = SMALL._replace(horizon=1)
    parameters = initialise(one, 0)
    values = np.sin(np.arange(60) / 3).astype(np.float32)
    whole = forecaster(one, 4)(parameters, values[None, 20:26])[0, 0]
    fed = values[:26].copy()
    for step in range(4):
        made = forecaster(one, 1)(parameters, fed[None, -6:])[0, 0, 0]
        assert whole[step] == pytest.approx(made, abs=1e-6)
        fed = np.append(fed, made)


def test_many_windows_come_back_in_their_order():
    windows = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32).repeat(60, axis=0)
    make, parameters = forecaster(SMALL, 3), initialise(SMALL, 0)
    made = make(parameters, windows)
    assert made.shape == (3000, 1, 3)
    np.testing.assert_array_equal(made[0], made[59])
    alone = np.concatenate([make(parameters, one[None]) for one in windows[::60]])
    np.testing.assert_allclose(made[::60], alone, atol=1e-6)
    assert make(parameters, windows[:0]).shape == (0, 1, 3)


def test_forecast_programs_are_shared_by_batch_size_and_optimizer():
    window = np.zeros((1, 6), np.float32)
    forecaster(SMALL, 3)(initialise(SMALL, 0), window)
    for other in (SMALL._replace(batch_size=64), SMALL._replace(optimizer="sgd", loss="mae")):
        assert compiles(lambda other=other: forecaster(other, 3)(initialise(SMALL, 0), window)) == 0


def test_programs_made_ready_ahead_are_those_that_run():
    compile_forecasters(FULL, 5)
    for count in (2, FEW + 3, 300):
        seen = histories(FULL, count, 5)
        assert compiles(lambda seen=seen: forecaster(FULL, 5)(weights(FULL), seen, LINEAR)) == 0

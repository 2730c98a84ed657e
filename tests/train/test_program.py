"""The compiled programs: gradients, compile counts, padding, and forecasts fed back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture, Knobs
from gatewise.model.network import initialise, layout_of
from gatewise.model.random import key_of
from gatewise.train.forecaster import forecaster
from gatewise.train.program import CHUNK, Batches, Table, _loss, size_class, table_of, trainer

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3), normalise="mean", base="last", batch_size=5)


def batches(starts: np.ndarray, rate: float = 0.01, weight: float = 1.0) -> Batches:
    steps, batch = starts.shape
    padded = np.zeros((CHUNK, batch), np.int32)
    padded[:steps] = starts
    rates = np.full(CHUNK, rate, np.float32)
    return Batches(padded, padded, padded, np.full((CHUNK, batch), weight, np.float32), rates, np.int32(steps))


def wave(length: int = 60) -> Table:
    return table_of(np.sin(np.arange(length) / 3), np.ones(length))


STARTS = np.random.default_rng(0).integers(0, 50, (4, 5))


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.parametrize("normalise", ["none", "standard"])
def test_gradient_equals_finite_differences(loss, normalise):
    """Central differences in float64, over the whole way from the gathered window to the loss."""
    architecture = SMALL._replace(loss=loss, normalise=normalise)
    layout = layout_of(architecture)
    with jax.enable_x64(True):
        flat = jnp.asarray(initialise(architecture, 3), jnp.float64)
        table = Table(jnp.sin(jnp.arange(60) / 3.0) * 2, jnp.ones(60, bool))
        batch = Batches(*(jnp.asarray(part[0]) for part in batches(STARTS)[:-1]), count=1)
        knobs = Knobs(*(jnp.float64(value) for value in Knobs()))

        @jax.jit
        def value(flat):
            return _loss(architecture, layout.split(flat), knobs, table, batch, key_of(0))[0]

        gradient = jax.jit(jax.grad(value))(flat)
        for index in np.random.default_rng(0).integers(0, layout.size, 25):
            step = jnp.zeros(layout.size).at[index].set(1e-6)
            difference = (value(flat + step) - value(flat - step)) / 2e-6
            assert float(gradient[index]) == pytest.approx(float(difference), rel=2e-4, abs=1e-7)


def compiles(make) -> int:
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


def train_once(knobs: Knobs, length: int, rate: float) -> None:
    program = trainer(SMALL)
    state = program.start(initialise(SMALL, 0), knobs, 0)
    program.steps(state, knobs, wave(length), batches(STARTS[:2], rate))
    for count in (1 + length // 200, length):
        forecaster(SMALL, 3)(initialise(SMALL, 0), np.zeros((count, 6), np.float32))


def test_other_knobs_and_other_lengths_compile_nothing():
    train_once(Knobs(), 60, 0.01)
    other = Knobs(dropout=0.5, recurrent_dropout=0.1, l2=1e-3, weight_decay=0.1, clip_norm=0.1, noise=0.1, shift=2.0)
    assert compiles(lambda: train_once(other, 900, 0.1)) == 0


def test_padding_weighs_nothing():
    program, knobs, table = trainer(SMALL), Knobs(), wave()
    full = np.concatenate([STARTS[:1, :3], np.zeros((1, 2), int)], axis=1)
    padded = batches(full)
    padded.weight[0, 3:] = 0
    results = []
    for filler in (0, 7):
        padded.start[0, 3:] = filler
        state, measured = program.steps(program.start(initialise(SMALL, 0), knobs, 0), knobs, table, padded)
        results.append((np.asarray(state.parameters), float(measured.targets)))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert results[0][1] == 3 * SMALL.horizon


def test_filled_targets_do_not_count():
    observed = np.ones(60)
    observed[20:23] = 0
    values = np.sin(np.arange(60) / 3)
    wild = values.copy()
    wild[20:23] = 99
    starts = np.full((2, 5), 14)
    program, results = trainer(SMALL), []
    for series in (values, wild):
        state = program.start(initialise(SMALL, 0), Knobs(), 0)
        state, measured = program.steps(state, Knobs(), table_of(series, observed), batches(starts))
        results.append(np.asarray(state.parameters))
        assert float(measured.targets) == 0
    np.testing.assert_array_equal(results[0], results[1])


def test_l2_pulls_weights_and_spares_biases():
    program, table = trainer(SMALL._replace(optimizer="sgd")), wave()
    before = initialise(SMALL, 0) + np.float32(0.1)
    mask = layout_of(SMALL).weights_mask()
    steps = {}
    for l2 in (0.0, 0.5):
        knobs = Knobs(l2=l2, momentum=0.0)
        state, _ = program.steps(program.start(before, knobs, 0), knobs, table, batches(STARTS[:1], 0.01))
        steps[l2] = np.asarray(state.parameters)
    np.testing.assert_allclose(steps[0.5] - steps[0.0], -0.01 * 2 * 0.5 * before * mask, atol=1e-6)


def test_decoupled_weight_decay_is_apart_from_the_gradient():
    program, table = trainer(SMALL), wave()
    before = initialise(SMALL, 0) + np.float32(0.1)
    mask = layout_of(SMALL).weights_mask()
    steps = {}
    for decay in (0.0, 0.1):
        knobs = Knobs(weight_decay=decay)
        state, _ = program.steps(program.start(before, knobs, 0), knobs, table, batches(STARTS[:1], 0.01))
        steps[decay] = np.asarray(state.parameters)
    np.testing.assert_allclose(steps[0.1] - steps[0.0], -0.01 * 0.1 * before * mask, atol=1e-6)


def test_recursive_forecast_feeds_its_own_steps_back():
    one = SMALL._replace(horizon=1)
    parameters = initialise(one, 0)
    values = np.sin(np.arange(60) / 3).astype(np.float32)
    whole = forecaster(one, 4)(parameters, values[None, 20:26])[0]
    fed = values[:26].copy()
    for step in range(4):
        made = forecaster(one, 1)(parameters, fed[None, -6:])[0, 0]
        assert whole[step] == pytest.approx(made, abs=1e-6)
        fed = np.append(fed, made)


def test_many_windows_come_back_in_their_order():
    windows = np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32).repeat(60, axis=0)
    make, parameters = forecaster(SMALL, 3), initialise(SMALL, 0)
    made = make(parameters, windows)
    assert made.shape == (3000, 3)
    np.testing.assert_array_equal(made[0], made[59])
    np.testing.assert_allclose(
        made[::60], np.concatenate([make(parameters, one[None]) for one in windows[::60]]), atol=1e-6
    )
    assert make(parameters, windows[:0]).shape == (0, 3)


def test_forecast_programs_are_shared_by_batch_size_and_optimizer():
    window = np.zeros((1, 6), np.float32)
    forecaster(SMALL, 3)(initialise(SMALL, 0), window)
    for other in (SMALL._replace(batch_size=64), SMALL._replace(optimizer="sgd", loss="mae")):
        assert compiles(lambda other=other: forecaster(other, 3)(initialise(SMALL, 0), window)) == 0


def test_size_classes_grow_by_at_most_a_quarter():
    lengths = np.arange(1024, 50_000, 97)
    padded = np.array([size_class(int(length)) for length in lengths])
    assert (padded >= lengths).all() and (padded <= lengths * 1.25 + 1).all()
    assert len(set(padded)) < 30

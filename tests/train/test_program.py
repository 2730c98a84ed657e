"""The compiled training program: compile counts, padding, missing targets, decay, averaging."""

import numpy as np
import pytest

from gatewise.architecture import Architecture, Knobs
from gatewise.model.network import initialise, layout_of
from gatewise.train.forecaster import forecaster
from gatewise.train.program import size_class, table_of, trainer
from tests.train.chunks import STARTS, batches, wave
from tests.train.compiling import compiles

SMALL = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3), normalise="mean", base="last", batch_size=5)


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


def test_the_running_mean_of_the_weights_equals_a_plain_loop():
    """The decay grows from a tenth towards the knob, so that the random start is soon forgotten."""
    program, table, knobs = trainer(SMALL), wave(), Knobs(averaging=0.7)
    average = initialise(SMALL, 0).astype(np.float64)
    state = program.start(initialise(SMALL, 0), knobs, 0)
    for made in range(30):
        state, _ = program.steps(state, knobs, table, batches(STARTS[made % 4][None], 0.05))
        keep = min(0.7, (1 + made) / (10 + made))
        average = keep * average + (1 - keep) * np.asarray(state.parameters)
        np.testing.assert_allclose(state.average, average, atol=1e-6)
    assert np.abs(state.average - np.asarray(state.parameters)).max() > 1e-3


def test_averaging_leaves_the_steps_as_they_are_and_zero_is_the_parameters_themselves():
    program, table, made = trainer(SMALL), wave(), {}
    for averaging in (0.0, 0.9):
        knobs = Knobs(averaging=averaging)
        made[averaging], _ = program.steps(program.start(initialise(SMALL, 0), knobs, 0), knobs, table, batches(STARTS))
    np.testing.assert_array_equal(made[0.0].parameters, made[0.9].parameters)
    np.testing.assert_array_equal(made[0.0].average, made[0.0].parameters)


def test_a_chunk_of_steps_equals_the_steps_one_by_one():
    program, table, knobs = trainer(SMALL), wave(), Knobs(dropout=0.3, noise=0.1, averaging=0.5)
    at_once, measured = program.steps(program.start(initialise(SMALL, 0), knobs, 9), knobs, table, batches(STARTS))
    state, loss = program.start(initialise(SMALL, 0), knobs, 9), 0.0
    for starts in STARTS:
        state, one = program.steps(state, knobs, table, batches(starts[None]))
        loss += float(one.loss)
    np.testing.assert_allclose(state.average, at_once.average, atol=1e-6)
    assert float(measured.loss) == pytest.approx(loss, rel=1e-5)


def test_series_weigh_in_the_loss_as_told():
    """Two windows, one weighing three times as much, train as that one three times beside the other."""
    program, knobs, table, made = trainer(SMALL), Knobs(clip_norm=1e9), wave(), []
    for starts, weight in (([3, 30, 0, 0, 0], [3, 1, 0, 0, 0]), ([3, 3, 3, 30, 0], [1, 1, 1, 1, 0])):
        chunk = batches(np.array([starts]))
        chunk.weight[0] = weight
        state, measured = program.steps(program.start(initialise(SMALL, 0), knobs, 0), knobs, table, chunk)
        made.append((np.asarray(state.parameters), float(measured.loss), float(measured.targets)))
    np.testing.assert_allclose(made[0][0], made[1][0], atol=1e-5)
    assert made[0][1:] == pytest.approx(made[1][1:], rel=1e-5)


def test_size_classes_grow_by_at_most_a_quarter():
    lengths = np.arange(1024, 50_000, 97)
    padded = np.array([size_class(int(length)) for length in lengths])
    assert (padded >= lengths).all() and (padded <= lengths * 1.25 + 1).all()
    assert len(set(padded)) < 30

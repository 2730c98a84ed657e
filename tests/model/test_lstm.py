"""The LSTM layer against plain loops, autodiff, and Keras's own numbers."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture
from gatewise.model.lstm import lstm, parts
from gatewise.model.network import Sample, apply, layout_of, no_masks

SHAPES = [(1, 1, 1, 1), (5, 3, 2, 4), (12, 2, 7, 3)]


def random_layer(time: int, batch: int, feature: int, unit: int):
    generator = np.random.default_rng(time)
    weights = generator.standard_normal((feature + unit + 1, 4 * unit))
    mask = generator.integers(0, 2, (batch, unit)) * 2.0
    return weights, generator.standard_normal((time, batch, feature)), mask


def plain_lstm(weights, inputs, mask, np=np):
    """The equations, one step after another."""
    kernel, recurrent, bias = parts(weights)
    unit = len(recurrent)
    hidden = cell = np.zeros((inputs.shape[1], unit))
    states = []
    for x in inputs:
        z = x @ kernel + (hidden * mask) @ recurrent + bias[None, :]
        i, f, g, o = (z[:, k * unit : (k + 1) * unit] for k in range(4))
        cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        hidden = np.tanh(cell) / (1 + np.exp(-o))
        states.append(hidden)
    return np.stack(states), cell


@pytest.mark.parametrize("shape", SHAPES)
def test_forward_equals_a_plain_loop(shape):
    weights, inputs, mask = random_layer(*shape)
    with jax.enable_x64(True):
        made = lstm(jnp.asarray(weights), jnp.asarray(inputs), jnp.asarray(mask))
    for ours, plain in zip(made, plain_lstm(weights, inputs, mask), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_hand_written_gradient_equals_autodiff_of_a_plain_loop(shape):
    """For whatever flows back from the hidden states alone, from the last cell alone, and from both."""
    weights, inputs, mask = random_layer(*shape)
    with jax.enable_x64(True):
        weights, inputs, mask = map(jnp.asarray, (weights, inputs, mask))
        (hidden, cell), ours = jax.vjp(lambda w, x: lstm(w, x, mask), weights, inputs)
        _, plain = jax.vjp(lambda w, x: plain_lstm(w, x, mask, jnp), weights, inputs)
        generator = np.random.default_rng(0)
        from_hidden, from_cell = (jnp.asarray(generator.standard_normal(one.shape)) for one in (hidden, cell))
        for upstream in (
            (from_hidden, jnp.zeros_like(cell)),
            (jnp.zeros_like(hidden), from_cell),
            (from_hidden, from_cell),
        ):
            for made, wanted in zip(ours(upstream), plain(upstream), strict=True):
                np.testing.assert_allclose(made, wanted, rtol=1e-10, atol=1e-10)


@pytest.fixture(scope="module")
def keras():
    return json.loads((Path(__file__).parent / "keras_lstm.json").read_text())


def keras_weights(keras) -> list[np.ndarray]:
    arrays = []
    for entry in keras["weights"]:
        shape, k = tuple(entry["shape"]), entry["k"]
        j = np.arange(np.prod(shape), dtype=np.float64)
        flat = 1.5 * np.sin(1.0 + 0.37 * j + 0.001 * j * j + 1.7 * k) / np.sqrt(shape[0])
        arrays.append(flat.reshape(shape).astype(np.float32))
        assert arrays[-1].astype(np.float64).sum() == pytest.approx(entry["sum"], abs=1e-6)
    return arrays


TEXTBOOK = Architecture(window=10, patch=1, horizon=1, hidden=(64, 32))


def test_textbook_network_has_keras_parameters(keras):
    assert layout_of(TEXTBOOK).size == keras["parameters"] == 29345


def test_weights_copied_into_keras_give_the_same_outputs(keras):
    """Stored numbers of Keras (its version stands in the file), written by benchmarks/keras_reference.py."""
    matrices = layout_of(TEXTBOOK).split(jnp.concatenate([w.reshape(-1) for w in keras_weights(keras)]))
    inputs = jnp.asarray(np.array(keras["inputs"], np.float32)).swapaxes(0, 1)
    first, _ = lstm(matrices[0], inputs, jnp.ones((8, 64), jnp.float32))
    wanted = np.array(keras["lstm_1_sequences"])
    np.testing.assert_allclose(first.swapaxes(0, 1)[np.array(keras["sequence_windows"])], wanted, atol=1e-5)
    made = apply(TEXTBOOK, matrices, Sample(inputs[:, :, 0]), no_masks(TEXTBOOK, 8))
    np.testing.assert_allclose(made[0].T, np.array(keras["predictions"]), atol=1e-5)


def test_gradients_equal_those_of_keras(keras):
    matrices = layout_of(TEXTBOOK).split(jnp.concatenate([w.reshape(-1) for w in keras_weights(keras)]))
    inputs = jnp.asarray(np.array(keras["inputs"], np.float32)).swapaxes(0, 1)

    def loss(matrices):
        return jnp.mean(apply(TEXTBOOK, matrices, Sample(inputs[:, :, 0]), no_masks(TEXTBOOK, 8)) ** 2)

    value, gradients = jax.value_and_grad(loss)(matrices)
    assert float(value) == pytest.approx(keras["mse_against_zeros"], abs=1e-6)
    *layers, head = gradients
    pieces = [piece for layer in layers for piece in parts(layer)] + [head[:-1], head[-1]]
    norms = [float(jnp.linalg.norm(piece.reshape(-1))) for piece in pieces]
    np.testing.assert_allclose(norms, keras["gradient_l2_norms"], atol=1e-5)

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
from gatewise.model.precision import rounded

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


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_forward_equals_a_plain_loop(shape, inner):
    weights, inputs, mask = random_layer(*shape)
    with jax.enable_x64(True):
        made = lstm(jnp.asarray(weights), jnp.asarray(inputs), jnp.asarray(mask), inner=inner)
    for ours, plain in zip(made, plain_lstm(weights, inputs, mask), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_hand_written_gradient_equals_autodiff_of_a_plain_loop(shape, inner):
    """For whatever flows back from the hidden states alone, from the last cell alone, and from both."""
    weights, inputs, mask = random_layer(*shape)
    with jax.enable_x64(True):
        weights, inputs, mask = map(jnp.asarray, (weights, inputs, mask))
        (hidden, cell), ours = jax.vjp(lambda w, x: lstm(w, x, mask, inner=inner), weights, inputs)
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


def states_and_gradients(shape, **manner):
    """The hidden states of a layer, the gradients by its weights and inputs, and those of two layers side by side."""
    weights, inputs, mask = (jnp.asarray(one, jnp.float32) for one in random_layer(*shape))
    weights = weights / jnp.sqrt(shape[2] + shape[3])
    upstream = jnp.asarray(np.random.default_rng(1).standard_normal((shape[0], shape[1], shape[3])), jnp.float32)

    def loss(weights, inputs):
        hidden, cell = lstm(weights, inputs, mask, **manner)
        return jnp.sum(hidden * upstream) + jnp.sum(cell), hidden

    gradient = jax.grad(loss, argnums=(0, 1), has_aux=True)
    (by_weights, by_inputs), hidden = jax.jit(gradient)(weights, inputs)
    both = jax.jit(jax.vmap(gradient))(jnp.stack([weights, -weights]), jnp.stack([inputs, inputs]))[0][0]
    return hidden, by_weights, by_inputs, both


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("shape", [(12, 5, 1, 8), (9, 16, 7, 16), (20, 32, 32, 32)])
def test_bfloat16_is_float32_to_two_digits(shape, inner):
    exact, near = (states_and_gradients(shape, inner=inner, precision=one) for one in ("float32", "bfloat16"))
    for wanted, made in zip(exact, near, strict=True):
        error = float(jnp.linalg.norm(made - wanted) / jnp.linalg.norm(wanted))
        assert 1e-6 < error < 0.02, "rounded, and no more than that"


def test_data_are_never_rounded():
    """A layer that adds up its inputs tells them apart that are the same number in bfloat16."""
    weights = jnp.zeros((3, 4)).at[0, 2].set(1.0).at[2, :2].set(20.0).at[2, 3].set(20.0)
    inputs = jnp.array([1.0, 1.001])[None, :, None]
    hidden, _ = lstm(weights, inputs, jnp.ones((2, 1)), precision="bfloat16")
    np.testing.assert_allclose(hidden[0, :, 0], np.tanh(np.tanh([1.0, 1.001])), rtol=1e-6)
    assert float(rounded(inputs)[0, 0, 0]) == float(rounded(inputs)[0, 1, 0])


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

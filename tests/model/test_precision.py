"""Numbers rounded to bfloat16, against JAX's own type."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.model.precision import product, restored, rounded, transposed


def values(*shape: int) -> jax.Array:
    generator = np.random.default_rng(len(shape))
    return jnp.asarray(generator.standard_normal(shape) * 10.0 ** generator.integers(-20, 20, shape), jnp.float32)


def test_rounding_is_that_of_the_type():
    some = values(1000)
    np.testing.assert_array_equal(restored(rounded(some)), some.astype(jnp.bfloat16).astype(jnp.float32))


def test_what_is_special_stays_what_it_is():
    special = jnp.array([0.0, -0.0, jnp.inf, -jnp.inf, jnp.nan, 1.0, -2.5], jnp.float32)
    np.testing.assert_array_equal(restored(rounded(special)), special)
    assert float(restored(rounded(jnp.float32(3.4e38)))) == np.inf, "beyond the largest that fits"


def test_halves_are_rounded_away_from_zero():
    half = jnp.array([1 + 2**-8, -1 - 2**-8], jnp.float32)
    np.testing.assert_array_equal(restored(rounded(half)), [1 + 2**-7, -1 - 2**-7])


@pytest.mark.parametrize("shape", [(3, 5, 4), (32, 64, 128)])
def test_a_product_rounds_its_factors_and_nothing_else(shape):
    rows, between, columns = shape
    left, right = jnp.sin(values(rows, between)), jnp.sin(values(between, columns))
    exact = np.asarray(restored(rounded(left)), np.float64) @ np.asarray(restored(rounded(right)), np.float64)
    np.testing.assert_allclose(product(rounded(left), rounded(right)), exact, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(product(left, right), left @ right)


def test_a_transpose_is_one_in_either_precision():
    matrix = values(3, 4)
    np.testing.assert_array_equal(transposed(matrix), matrix.T)
    np.testing.assert_array_equal(restored(jax.jit(transposed)(rounded(matrix))), restored(rounded(matrix)).T)

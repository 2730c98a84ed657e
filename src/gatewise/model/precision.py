"""Matrix products of numbers rounded to bfloat16, with sums in float32.

A bfloat16 is a float32 without the last 16 bits of its fraction: the same range, three significant digits. Processors
with matrix units (Intel AMX) multiply them several times as fast as float32. State, weights and sums stay in float32;
only the two factors of a product are rounded, as is usual in mixed-precision training.

The rounded numbers are kept as uint16. XLA's processor backend takes arrays of bfloat16 that a loop fills step by step
back to float32 as a whole at every step, and rounds numbers one by one; with whole numbers it does neither.

Source: Kalamkar et al. (2019), "A Study of BFLOAT16 for Deep Learning Training"; Micikevicius et al. (2018), "Mixed
Precision Training", for weights and sums in float32.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.experimental.layout import Layout, with_layout_constraint

__all__ = ["product", "restored", "rounded", "transposed"]


def rounded(values: Array) -> Array:
    """Return float32 values rounded to the nearest bfloat16 (halves away from zero), as the uint16 of its bits."""
    bits = jax.lax.bitcast_convert_type(values, jnp.uint32)
    return ((bits + 0x8000) >> 16).astype(jnp.uint16)


def restored(bits: Array) -> Array:
    """Return the float32 values of rounded ones."""
    return jax.lax.bitcast_convert_type(bits.astype(jnp.uint32) << 16, jnp.float32)


def product(left: Array, right: Array) -> Array:
    """Return the float32 product of two matrices, both float32 or both rounded."""
    if left.dtype != jnp.uint16:
        return left @ right
    factors = (jax.lax.bitcast_convert_type(factor, jnp.bfloat16) for factor in (left, right))
    return jnp.matmul(*factors, preferred_element_type=jnp.float32)


def transposed(matrix: Array) -> Array:
    """Return the transpose, laid out row by row: XLA would else multiply a rounded matrix in float32."""
    if matrix.dtype != jnp.uint16:
        return matrix.T
    return with_layout_constraint(matrix.T, Layout((0, 1)))

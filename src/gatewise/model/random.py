"""Random numbers for dropout and augmentation: a hash of a counter, one fused expression inside a program.

`jax.random` splits its keys in a loop of its own, which costs compile time and a share of every short training step.
Masks and noise need no cryptographic stream: each number here is the hash of its place, mixed with two 32-bit words of
key, in whole-number arithmetic that every device does alike.

Source: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", for counters in place of state; Wellons
(2018), "Prospecting for hash functions", for the mixer, the 32-bit one of lowest bias found there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array

__all__ = ["fold", "key_of", "normal", "uniform"]

GOLDEN = 0x9E3779B9
"""The golden ratio in 32 bits, which spreads neighbouring numbers far apart."""


def key_of(seed: Array | int) -> Array:
    """Return the key of a seed, uint32: two words, uint32, shape ``(2,)``."""
    return fold(jnp.stack([jnp.asarray(seed, jnp.uint32), jnp.uint32(GOLDEN)]), 0)


def fold(key: Array, number: Array | int) -> Array:
    """Return a new key for the `number`-th use of a key, such as a step or a layer."""
    words = jnp.asarray(number, jnp.uint32) + jnp.array([1, 2], jnp.uint32)
    return _mix(key ^ _mix(words * jnp.uint32(GOLDEN)))


def uniform(key: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Return arrays of float32 numbers uniform in [0, 1), in steps of 2^-24.

    All of a step's arrays come out of one hash: compiled once, it costs a fraction of one for each of them.
    """
    sizes = [math.prod(shape) for shape in shapes]
    index = jax.lax.iota(jnp.uint32, sum(sizes))
    bits = _mix(_mix(index * jnp.uint32(GOLDEN) + key[0]) ^ key[1])
    numbers = (bits >> 8).astype(jnp.float32) * jnp.float32(2.0**-24)
    ends = itertools.accumulate(sizes)
    return [numbers[end - size : end].reshape(shape) for shape, size, end in zip(shapes, sizes, ends, strict=True)]


def normal(uniforms: Array) -> Array:
    """Return numbers from the standard normal distribution, one for each uniform one."""
    # Half a step away from 0 and 1, where the inverse error function is infinite.
    centred = 2 * uniforms + jnp.float32(2.0**-24 - 1)
    return jnp.float32(math.sqrt(2)) * jax.lax.erf_inv(centred)


@jax.jit  # traced once per shape instead of at each of its many uses
def _mix(word: Array) -> Array:
    word = (word ^ (word >> 16)) * jnp.uint32(0x7FEB352D)
    word = (word ^ (word >> 15)) * jnp.uint32(0x846CA68B)
    return word ^ (word >> 16)

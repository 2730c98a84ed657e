"""The hash behind dropout and noise behaves like randomness where it matters here."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.model.random import fold, key_of, normal, uniform

COUNT = 200_000


def test_uniform_fills_the_unit_interval_evenly():
    for seed in range(5):
        drawn = np.asarray(uniform(key_of(seed), [(COUNT,)])[0])
        assert drawn.min() >= 0 and drawn.max() < 1
        filled, _ = np.histogram(drawn, 100, (0, 1))
        chi_square = ((filled - COUNT / 100) ** 2 / (COUNT / 100)).sum()
        assert 55 < chi_square < 160  # 99 degrees of freedom: mean 99, standard deviation 14


def test_normal_has_the_moments_and_tails_of_a_normal():
    drawn = np.asarray(normal(uniform(key_of(3), [(COUNT,)])[0]))
    assert drawn.mean() == pytest.approx(0, abs=0.01) and drawn.std() == pytest.approx(1, abs=0.01)
    assert np.mean(drawn**4) == pytest.approx(3, abs=0.1) and np.isfinite(drawn).all()
    assert np.mean(np.abs(drawn) > 1.959964) == pytest.approx(0.05, abs=0.003)


def test_neighbours_steps_layers_and_seeds_are_uncorrelated():
    key = key_of(0)
    first = np.asarray(uniform(key, [(COUNT,)])[0])
    others = [
        uniform(fold(key, 1), [(COUNT,)])[0],
        uniform(fold(key, 2), [(COUNT,)])[0],
        uniform(key_of(1), [(COUNT,)])[0],
    ]
    others += [np.roll(first, shift) for shift in (1, 2, 32, 256)]
    for other in others:
        assert abs(np.corrcoef(first, np.asarray(other))[0, 1]) < 0.01


def test_no_two_uses_share_a_key():
    keys = {
        tuple(np.asarray(fold(fold(key_of(seed), step), use)))
        for seed in range(4)
        for step in range(50)
        for use in range(8)
    }
    assert len(keys) == 4 * 50 * 8


def test_the_same_key_gives_the_same_numbers_inside_a_program():
    key = key_of(7)
    inside = jax.jit(lambda key, step: uniform(fold(key, step), [(3, 5)])[0])(key, jnp.uint32(9))
    np.testing.assert_array_equal(inside, uniform(fold(key, 9), [(3, 5)])[0])


def test_arrays_drawn_together_do_not_overlap():
    drawn = uniform(key_of(0), [(3, 4), (7,), (2, 2)])
    assert [one.shape for one in drawn] == [(3, 4), (7,), (2, 2)]
    assert len(np.unique(np.concatenate([np.asarray(one).ravel() for one in drawn]))) == 23

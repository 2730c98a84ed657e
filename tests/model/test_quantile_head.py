"""The quantile head: bounds never cross, whatever the weights, and the median is left as it is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.architecture import Architecture, quantiles_of
from gatewise.model.network import Sample, apply, layout_of, no_masks

LEVELS = (95, 50, 80)
ONE = Architecture(window=4, patch=1, horizon=5, hidden=(3,), quantiles=quantiles_of(LEVELS))


def outputs(architecture: Architecture, flat: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    matrices = layout_of(architecture).split(jnp.asarray(flat, jnp.float32))
    made = program(architecture)(matrices, jnp.asarray(inputs, jnp.float32))
    return np.asarray(made)


def program(architecture: Architecture):
    if architecture not in PROGRAMS:
        masks = no_masks(architecture, 2)
        PROGRAMS[architecture] = jax.jit(lambda m, x: apply(architecture, m, Sample(x), masks))
    return PROGRAMS[architecture]


PROGRAMS: dict[Architecture, object] = {}


@pytest.mark.parametrize("segment", [0, 2])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([1e-3, 1.0, 30.0, 1e4]))
def test_quantiles_never_cross(segment, seed, size):
    a = ONE._replace(segment=segment)
    generator = np.random.default_rng(seed)
    flat = size * generator.standard_normal(layout_of(a).size)
    made = outputs(a, flat, generator.standard_normal((4, 2)))
    order = np.argsort(a.quantiles)
    assert made.shape == (7, 5, 2) and np.isfinite(made).all()
    assert (np.diff(made[order], axis=0) >= 0).all()


def test_levels_are_ordered_inwards_out():
    assert quantiles_of(LEVELS) == (0.5, 0.25, 0.75, 0.1, 0.9, 0.025, 0.975)
    assert quantiles_of(()) == (0.5,)
    assert quantiles_of((80, 80)) == (0.5, 0.1, 0.9)


def test_the_median_is_what_a_point_head_with_its_weights_forecasts():
    point = ONE._replace(quantiles=())
    generator = np.random.default_rng(0)
    flat, inputs = generator.standard_normal(layout_of(ONE).size), generator.standard_normal((4, 2))
    *layers, head = layout_of(ONE).split(flat)
    alone = np.concatenate([layer.ravel() for layer in layers] + [head[:, :5].ravel()])
    np.testing.assert_allclose(outputs(ONE, flat, inputs)[0], outputs(point, alone, inputs)[0], rtol=1e-6)

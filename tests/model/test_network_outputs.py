"""The whole network against plain loops: decodings, heads, covariates, embeddings and dropout."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.architecture import Architecture, Widths
from gatewise.model.network import Masks, Sample, apply, layout_of, mask_shapes, sample_of
from tests.model.plain import plain_network

BATCH = 3
DIRECT = Architecture(window=12, patch=3, horizon=7, hidden=(5, 4))
SEGMENTS = DIRECT._replace(segment=3)
EVERYTHING = Widths(past=2, future=1, static=2, series=4)
KINDS = {
    "direct": DIRECT,
    "one layer": DIRECT._replace(hidden=(6,)),
    "quantiles": DIRECT._replace(quantiles=(0.5, 0.1, 0.9, 0.025, 0.975)),
    "future in the head": DIRECT._replace(widths=Widths(future=2)),
    "everything": DIRECT._replace(widths=EVERYTHING, embedding=3, quantiles=(0.5, 0.1, 0.9)),
    "segments": SEGMENTS,
    "segments, one layer": SEGMENTS._replace(hidden=(6,)),
    "segments, three layers": SEGMENTS._replace(hidden=(6, 5, 4)),
    "segments that fit": SEGMENTS._replace(horizon=6, segment=2),
    "segments, past only": SEGMENTS._replace(widths=Widths(past=2)),
    "segments, future": SEGMENTS._replace(widths=Widths(past=1, future=2)),
    "segments, static": SEGMENTS._replace(widths=Widths(static=2)),
    "segments, embedding": SEGMENTS._replace(widths=Widths(series=4), embedding=3),
    "segments, everything": SEGMENTS._replace(widths=EVERYTHING, embedding=3, quantiles=(0.5, 0.1, 0.9)),
}


def drawn(a: Architecture, seed: int = 0) -> tuple[list[np.ndarray], Sample]:
    """Return random float64 parameters and windows; the last window is of a series that training never saw."""
    generator = np.random.default_rng(seed)
    matrices = layout_of(a).split(generator.standard_normal(layout_of(a).size))
    width = a.widths.past + a.widths.future
    features = generator.standard_normal((a.window + a.horizon, BATCH, width)) if width else None
    static = generator.standard_normal((BATCH, a.widths.static)) if a.widths.static else None
    series = np.array([2, 0, a.widths.series], np.int32)
    inputs = generator.standard_normal((a.window, BATCH))
    return matrices, sample_of(a, inputs, features, static, series)


def masks_for(a: Architecture, dropped: bool) -> Masks:
    """Return float64 masks, with dropout or without."""
    generator = np.random.default_rng(1)
    made = [generator.integers(0, 2, shape) * 2.0 for shape in mask_shapes(a, BATCH)]
    layers = len(a.hidden)
    if dropped:
        return Masks(tuple(made[:layers]), tuple(made[layers:]))
    return Masks((None,) * layers, tuple(np.ones_like(one) for one in made[layers:]))


def outputs(a: Architecture, matrices: list[np.ndarray], sample: Sample, masks: Masks) -> np.ndarray:
    with jax.enable_x64(True):
        made = jax.jit(partial(apply, a))(*jax.tree.map(jnp.asarray, (matrices, sample, masks)))
        assert made.dtype == jnp.float64
    return np.asarray(made)


@pytest.mark.parametrize(
    ("kind", "dropped"), [*((kind, True) for kind in KINDS), ("direct", False), ("segments, everything", False)]
)
def test_outputs_equal_those_of_plain_loops(kind, dropped):
    a = KINDS[kind]
    matrices, sample = drawn(a)
    masks = masks_for(a, dropped)
    wanted = plain_network(a, matrices, sample, masks)
    assert wanted.shape == (max(len(a.quantiles), 1), a.horizon, BATCH)
    np.testing.assert_allclose(outputs(a, matrices, sample, masks), wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("kind", ["direct", "segments"])
def test_newest_value_moves_every_step_from_the_first_on(kind):
    a = KINDS[kind]
    matrices, sample = drawn(a)
    changed = sample._replace(inputs=np.array(sample.inputs))
    changed.inputs[-1, 1] += 1.0
    one, other = (outputs(a, matrices, which, masks_for(a, False)) for which in (sample, changed))
    moved = np.abs(one - other)
    assert (moved[0, :, 1] > 1e-4).all()
    assert moved[:, :, [0, 2]].max() == 0, "no window reads another one"


def test_known_future_moves_the_steps_that_it_belongs_to():
    """With segments a column ahead moves its own segment alone; read by the head it may move every step."""
    for a, untouched in ((KINDS["segments, future"], [0, 1, 2, 6]), (KINDS["future in the head"], [])):
        matrices, sample = drawn(a)
        changed = sample._replace(future=np.array(sample.future))
        changed.future[4] += 1.0
        one, other = (outputs(a, matrices, which, masks_for(a, False)) for which in (sample, changed))
        moved = np.abs(one - other)[0].max(axis=1) > 1e-9
        assert moved[4] and np.flatnonzero(~moved).tolist() == untouched


def test_a_sample_never_hands_past_columns_ahead():
    a = SEGMENTS._replace(widths=Widths(past=2, future=1))
    features = np.arange((12 + 7) * 2 * 3.0).reshape(19, 2, 3)
    made = sample_of(a, np.zeros((12, 2)), features, None, None)
    np.testing.assert_array_equal(made.past, features[:12])
    np.testing.assert_array_equal(made.future, features[12:, :, 2:])
    only_past = sample_of(a._replace(widths=Widths(past=3)), np.zeros((12, 2)), features, None, None)
    assert only_past.future is None and only_past.past.shape == (12, 2, 3)


def test_patches_keep_the_order_of_time_with_covariates_beside_them():
    """A kernel that reads one row only: the values of a patch, then its covariates step by step, then static ones."""
    a = Architecture(window=4, patch=2, horizon=1, hidden=(1,), widths=Widths(past=1, future=1, static=1))
    values = np.arange(4.0)[:, None]
    features = np.stack([10 + np.arange(5.0), 20 + np.arange(5.0)], axis=1)[:, None]
    sample = sample_of(a, values, features, np.array([[7.0]]), None)
    read = []
    for row in range(a.step_features):
        layer = np.zeros((a.step_features + 2, 4))
        layer[row, 2] = 1e-3  # the cell's candidate; all gates stand half open
        matrices = [layer, np.array([[1.0], [0.0], [0.0]])]
        ones = Masks((None,), (np.ones((1, 1)),))
        with jax.enable_x64(True):
            made = float(apply(a, *jax.tree.map(jnp.asarray, (matrices, sample, ones)))[0, 0, 0])
        read.append(made)
    first, second = [0, 1, 10, 20, 11, 21, 7], [2, 3, 12, 22, 13, 23, 7]
    cells = [0.5 * 0.5 * np.tanh(1e-3 * x) + 0.5 * np.tanh(1e-3 * y) for x, y in zip(first, second, strict=True)]
    np.testing.assert_allclose(read, 0.5 * np.tanh(cells), rtol=1e-9)

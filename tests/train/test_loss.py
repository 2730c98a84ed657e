"""Losses element by element, in NumPy and in JAX."""

import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.train.loss import HUBER_DELTA, LOSSES

ERRORS = np.array([-3.0, -1.0, -0.25, 0.0, 0.5, 2.0], np.float32)


def plain_huber(e):
    return 0.5 * e * e if abs(e) <= HUBER_DELTA else HUBER_DELTA * (abs(e) - 0.5 * HUBER_DELTA)


WANTED = {"mse": lambda e: e * e, "mae": abs, "huber": plain_huber}


@pytest.mark.parametrize("kind", LOSSES)
def test_losses(kind):
    wanted = [WANTED[kind](float(e)) for e in ERRORS]
    np.testing.assert_allclose(LOSSES[kind](ERRORS), wanted, rtol=1e-6)
    np.testing.assert_allclose(LOSSES[kind](jnp.asarray(ERRORS)), wanted, rtol=1e-6)

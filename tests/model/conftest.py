"""The model never promotes a type silently (Optax does, so this holds here and not in all tests)."""

import jax
import pytest


@pytest.fixture(autouse=True)
def strict_types():
    """Refuse every implicit promotion of types."""
    with jax.numpy_dtype_promotion("strict"):
        yield

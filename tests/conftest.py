"""Set-up of all tests: a compile cache of their own, strict ranks, and a small panel."""

import os
import tempfile

# Before anything imports JAX; the user's cache stays out of it, and repeated runs of the tests still compile once.
os.environ.setdefault("GATEWISE_CACHE_DIR", os.path.join(tempfile.gettempdir(), "gatewise-test-cache"))  # noqa: PTH118

import hypothesis
import jax
import pytest

from gatewise.data.panel import Panel
from gatewise.evaluate import rivals
from gatewise.evaluate.statistical import STATISTICAL
from tests.panels import panel_of_values, seasonal_values

jax.config.update("jax_numpy_rank_promotion", "raise")

# How long an example takes says more of what else the machine does than of the code.
hypothesis.settings.register_profile("gatewise", deadline=None)
hypothesis.settings.load_profile("gatewise")


@pytest.fixture(autouse=True)
def quick_baselines(request, monkeypatch):
    """Leave the statistical models, whose library takes seconds to load, to the tests that ask for them."""
    if "statistical" not in request.keywords:
        monkeypatch.setattr(rivals, "_TRIED", tuple(name for name in rivals.NAMES if name not in STATISTICAL))


@pytest.fixture
def seasonal_panel() -> Panel:
    """One monthly series of 160 steps with a season of 12."""
    return panel_of_values(seasonal_values())

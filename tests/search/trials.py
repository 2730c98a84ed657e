"""Trials of a search with a known answer: what their scores depend on, and on nothing else."""

import math
from collections.abc import Callable

import numpy as np

from gatewise.search.past import Past
from gatewise.search.space import Space, space_of
from gatewise.settings import Settings
from tests.search.test_space import proposals

START = Settings.of(window=24, horizon=3, season=12, hidden=(32,), epochs=30, normalise="mean", base="season")
SPACE: Space = space_of([START], set(), 2000, 2000, positive=True)


def tried(score_of: Callable[[Settings], float], count: int = 60, noise: float = 0.0, seed: int = 0) -> list[Past]:
    """Return trials drawn at random; those with an infinite score diverged."""
    generator = np.random.default_rng(seed)
    made = []
    for number, settings in enumerate(proposals(SPACE, count)):
        score = score_of(settings) + noise * float(generator.standard_normal())
        status = "early-stopped" if math.isfinite(score) else "diverged"
        made.append(Past(number, settings, status, score, 10))
    return made


def rate_of(settings: Settings) -> float:
    """Return the learning rate as that of an optimizer other than plain SGD."""
    return settings.learning_rate / (10 if settings.optimizer == "sgd" else 1)


def by_rate_and_loss(settings: Settings) -> float:
    """Return a score that depends on learning rate (best at 3e-3) and loss (best with mae)."""
    return (
        0.5 + 0.2 * (math.log10(rate_of(settings)) + 2.5) ** 2 + {"mae": 0.0, "huber": 0.05, "mse": 0.15}[settings.loss]
    )

"""Architectures of every kind, two short series with all that they read, and a batch of windows of both, in float64."""

import jax.numpy as jnp
import numpy as np

from gatewise.architecture import Architecture, Widths
from gatewise.train.program import Batches, Table

PLAIN = Architecture(window=6, patch=2, horizon=3, hidden=(4, 3), batch_size=5)
SEGMENTS = PLAIN._replace(horizon=5, segment=2, hidden=(4, 3))
COVARIATES = PLAIN._replace(widths=Widths(past=1, future=2, static=2, series=3), embedding=2)
KINDS = {
    "mse": PLAIN._replace(loss="mse"),
    "mae": PLAIN._replace(loss="mae", base="last", normalise="last"),
    "huber": PLAIN._replace(loss="huber", normalise="mean", rescale="std"),
    "mase": PLAIN._replace(loss="mase", base="linear", normalise="median", rescale="mad"),
    "quantile": PLAIN._replace(loss="quantile", quantiles=(0.5, 0.1, 0.9, 0.025, 0.975), base="last"),
    "drift": PLAIN._replace(base="season-drift", season=2),
    "season": PLAIN._replace(normalise="season", base="season-mean", season=3),
    "segments": SEGMENTS,
    "covariates": COVARIATES,
    "segments with covariates": COVARIATES._replace(
        horizon=5, segment=2, loss="quantile", quantiles=(0.5, 0.1, 0.9), normalise="mean"
    ),
}
ROWS = 60


def table() -> Table:
    """Return two series of 30 steps with covariates; a few of the targets are missing."""
    generator = np.random.default_rng(0)
    observed = np.ones(ROWS, bool)
    observed[[11, 12, 40]] = False
    return Table(
        jnp.sin(jnp.arange(ROWS) / 3.0) * 2,
        jnp.asarray(observed),
        jnp.asarray(generator.standard_normal((ROWS, 3))),
        jnp.asarray(generator.standard_normal((3, 2))),
        jnp.asarray(generator.standard_normal((7, 3))),
    )


def batch() -> Batches:
    """Return five windows of both series; two start before their series does, and weights differ."""
    start = jnp.array([-2, 3, 14, 27, 45])
    series = jnp.array([0, 0, 0, 1, 1])
    return Batches(start, start, start, 30 * series, series, jnp.array([1.0, 0.5, 2.0, 1.0, 3.0]), 0.01, 1)


def seen_by(a: Architecture) -> Table:
    """Return the table with what an Architecture reads."""
    whole = table()
    has = a.widths.past + a.widths.future > 0
    return whole._replace(
        features=whole.features if has else None,
        static=whole.static if a.widths.static else None,
        linear=whole.linear if a.base == "linear" else None,
    )

"""The probe: losses against the compiled forecasts, its gradient against autodiff of the loss, gates by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gatewise.model.lstm import parts
from gatewise.model.network import initialise, layout_of, network_of
from gatewise.train.fit import Validation
from gatewise.train.forecaster import Histories, forecaster
from gatewise.train.loss import loss_of
from gatewise.train.probe import MOST_WINDOWS, _slope, probe
from tests.train.cases import KINDS, PLAIN, SEGMENTS
from tests.train.compiling import compiles


def validation(a, count=9):
    """Return random windows and targets; some targets are missing and the series weigh differently."""
    generator = np.random.default_rng(5)

    def drawn(*shape):
        return generator.standard_normal(shape).astype(np.float32)

    features = a.widths.past + a.widths.future
    histories = Histories(
        drawn(count, a.window),
        drawn(count, a.window + a.horizon, features) if features else None,
        drawn(count, a.widths.static) if a.widths.static else None,
        generator.integers(0, a.widths.series + 1, count).astype(np.int32),
    )
    observed = generator.random((count, a.horizon)) < 0.8
    return Validation(histories, drawn(count, a.horizon), observed, np.abs(drawn(count)))


def weights(a):
    return initialise(a, 0) + 0.3 * np.random.default_rng(1).standard_normal(layout_of(a).size).astype(np.float32)


def linear(a):
    return np.random.default_rng(9).standard_normal((a.window + 1, a.horizon)).astype(np.float32) / a.window


@pytest.mark.parametrize("kind", ["mase", "huber", "season", "segments with covariates"])
def test_losses_are_those_of_the_compiled_forecasts_and_of_the_plain_ones(kind):
    a = KINDS[kind]
    seen, flat, base = validation(a), weights(a), linear(a) if KINDS[kind].base == "linear" else None
    made = probe(a, flat, seen, base)
    assert made is not None and made.windows == 9
    forecast = forecaster(a, a.horizon)
    assert made.loss == pytest.approx(seen.loss(forecast(flat, seen.histories, base), a), rel=1e-4)
    still = np.zeros_like(flat)
    if not a.quantiles:  # zero weights forecast the base; softplus(0) keeps quantiles apart
        assert made.base_loss == pytest.approx(seen.loss(forecast(still, seen.histories, base), a), rel=1e-4)
    last = np.broadcast_to(seen.histories.windows[:, -1:, None], (9, max(len(a.quantiles), 1), a.horizon))
    assert made.last_loss == pytest.approx(seen.loss(last, a), rel=1e-4)
    assert made.plain_loss == min(made.base_loss, made.last_loss)


@pytest.mark.parametrize("kind", ["mse", "mae", "huber", "mase", "quantile"])
def test_slope_is_the_derivative_of_the_loss(kind):
    a = KINDS[kind]
    error = np.random.default_rng(0).standard_normal((max(len(a.quantiles), 1), 3, 5)).astype(np.float32) * 2
    wanted = jax.grad(lambda e: loss_of(a.loss, a.quantiles)(e).mean(axis=0).sum())(jnp.asarray(error))
    np.testing.assert_allclose(_slope(a, error), wanted, rtol=1e-6)


def test_gates_are_what_their_biases_make_of_them():
    """Weights of zero: every gate is the activation of its bias."""
    flat = np.zeros(layout_of(PLAIN).size, np.float32)
    network = network_of(PLAIN, layout_of(PLAIN).split(flat))
    bias = parts(network.layers[0])[2]
    bias[:4] = [5, -5, 0, 0]  # input: 0.993 and 0.007 of four units
    bias[4:8] = np.log([9, 9, 9, 1])  # forget: 0.9, 0.9, 0.9, 0.5
    bias[8:12] = [3, 0, 0, 0]  # candidate: 0.995
    made = probe(PLAIN, flat, validation(PLAIN))
    assert made is not None
    first, second = made.layers
    assert first.forget == pytest.approx(0.8, abs=1e-6) and first.longest_forget == pytest.approx(0.9, abs=1e-6)
    assert first.saturated == {"input": 0.5, "forget": 0.0, "candidate": 0.25, "output": 0.0}
    assert second.forget == pytest.approx(0.5) and second.saturated["input"] == 0


def test_gradient_fades_as_fast_as_the_cell_forgets():
    """Gates that nothing moves: what a state adds to the cell loses the same share at every step."""
    a = PLAIN._replace(window=10, patch=1, hidden=(1,))
    flat = np.zeros(layout_of(a).size, np.float32)
    network = network_of(a, layout_of(a).split(flat))
    _, recurrent, bias = parts(network.layers[0])
    bias[:] = [50, np.log(0.8 / 0.2), 0, 50]  # all in, four fifths kept, all out
    recurrent[0, 2] = 1e-3  # the state moves the candidate alone, and hardly
    network.head[0] = 1
    made = probe(a, flat, validation(a))
    assert made is not None
    gradient = np.array(made.layers[0].gradient)
    assert gradient[0] == 1
    np.testing.assert_allclose(gradient[2:] / gradient[1:-1], 0.8, rtol=0.01)
    assert made.layers[0].reach(0.5e-3) == 1 + sum(1e-3 * 0.8**k >= 0.5e-3 for k in range(9))
    assert made.layers[0].reach(0.5) == 1


def test_windows_are_a_sample_spread_over_the_validation_part():
    made = probe(PLAIN, weights(PLAIN), validation(PLAIN, 500))
    assert made is not None and made.windows == MOST_WINDOWS
    long = PLAIN._replace(window=400, patch=1)
    made = probe(long, weights(long), validation(long, 500))
    assert made is not None and made.windows == 8


def test_a_recursive_network_is_judged_by_the_steps_that_it_forecasts_at_once():
    one = PLAIN._replace(horizon=1)
    seen = validation(PLAIN)
    short = Validation(seen.histories, seen.target[:, :1], seen.observed[:, :1], seen.weight)
    assert probe(one, weights(one), seen) == probe(one, weights(one), short)


def test_what_cannot_be_probed_gives_none():
    seen, flat = validation(PLAIN), weights(PLAIN)
    assert probe(PLAIN, flat * np.float32(1e30), seen) is None or np.isfinite(probe(PLAIN, flat, seen).loss)
    assert probe(PLAIN, np.full_like(flat, np.nan), seen) is None
    assert probe(PLAIN, flat[:-1], seen) is None, "weights of another network"
    unseen = Validation(seen.histories, seen.target, np.zeros_like(seen.observed), seen.weight)
    assert probe(PLAIN, flat, unseen) is None
    empty = Histories(seen.histories.windows[:0])
    assert probe(PLAIN, flat, Validation(empty, seen.target[:0], seen.observed[:0], seen.weight[:0])) is None


def test_nothing_is_compiled():
    seen, flat = validation(SEGMENTS), weights(SEGMENTS)
    assert compiles(lambda: probe(SEGMENTS, flat, seen)) == 0

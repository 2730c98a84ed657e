"""The linear base against least squares and scikit-learn's ridge, and what its penalty may look at."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from gatewise.architecture import Architecture
from gatewise.data.scaling import fit_scaler
from gatewise.data.windows import Flat, Windows, flatten, training_windows
from gatewise.train.ridge import HELD_OUT, PENALTIES, fit_linear
from tests.model.plain_recipe import plain_level, plain_scale
from tests.panels import panel_of_values, seasonal_values

ONE = Architecture(window=8, patch=1, horizon=3, hidden=(4,), normalise="mean", rescale="std", base="linear")
KINDS = {
    "mean": ONE,
    "last": ONE._replace(normalise="last", rescale="none"),
    "median": ONE._replace(normalise="median", rescale="mad"),
    "none": ONE._replace(normalise="none", rescale="none"),
}


def flat_of(*values: np.ndarray) -> Flat:
    panel = panel_of_values(*values)
    return flatten(panel, fit_scaler(panel, "standard"))


def framed(a: Architecture, flat: Flat, windows: Windows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs and targets of every window, one after another, and whether it is among the last of its series.

    What a window lacks in front is the first value of its series.
    """
    inputs, targets, late = [], [], []
    for number, (start, series) in enumerate(zip(windows.start, windows.series, strict=True)):
        place = number - np.flatnonzero(windows.series == series)[0]
        index = np.maximum(np.arange(start, start + a.window), flat.offset[series])
        values = flat.values[index].astype(np.float64).tolist()
        if not flat.observed[start + a.window : start + a.window + a.horizon].all():
            continue
        level, scale = plain_level(a, values), plain_scale(a, values)
        inputs.append([(value - level) / scale for value in values])
        ahead = flat.values[start + a.window : start + a.window + a.horizon]
        targets.append((ahead.astype(np.float64) - level) / scale)
        late.append(place >= (1 - HELD_OUT) * (windows.series == series).sum())
    return np.array(inputs), np.array(targets), np.array(late)


def ridge(inputs: np.ndarray, targets: np.ndarray, penalty: float) -> Ridge:
    """Return scikit-learn's fit with the penalty as a share of the mean square of an input."""
    return Ridge(alpha=penalty * (inputs**2).mean() * len(inputs)).fit(inputs, targets)


def chosen_penalty(inputs: np.ndarray, targets: np.ndarray, late: np.ndarray) -> float:
    errors = [
        ((ridge(inputs[~late], targets[~late], one).predict(inputs[late]) - targets[late]) ** 2).sum()
        for one in PENALTIES
    ]
    return PENALTIES[int(np.argmin(errors))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noise", [0.01, 30.0])
def test_coefficients_are_those_of_scikit_learn(kind, noise):
    a = KINDS[kind]
    generator = np.random.default_rng(3)
    values = [seasonal_values(140, seed=seed) + noise * generator.standard_normal(140) for seed in (0, 1)]
    values[1][60:63] = np.nan
    flat = flat_of(*values)
    windows = training_windows(flat, a.window, a.horizon, drop=10, season=8)
    inputs, targets, late = framed(a, flat, windows)
    wanted = ridge(inputs, targets, chosen_penalty(inputs, targets, late))
    made = fit_linear(a, flat, windows)
    assert made.shape == (9, 3) and made.dtype == np.float32
    np.testing.assert_allclose(inputs @ made[:-1] + made[-1], wanted.predict(inputs), rtol=2e-3, atol=2e-3)
    if a.normalise == "none":
        np.testing.assert_allclose(made[:-1], wanted.coef_.T, atol=2e-3)
        np.testing.assert_allclose(made[-1], wanted.intercept_, atol=2e-3)


def test_noise_asks_for_a_larger_penalty():
    a, generator = KINDS["none"], np.random.default_rng(0)
    clean = np.sin(np.arange(150) / 4)
    sizes = []
    for values in (clean, generator.standard_normal(60)):
        flat = flat_of(values)
        sizes.append(np.abs(fit_linear(a, flat, training_windows(flat, 8, 3, 0, 8))[:-1]).sum())
    assert sizes[1] < sizes[0] / 3


def test_without_noise_it_is_least_squares_and_forecasts_exactly():
    """A sine obeys a linear recurrence, so the smallest penalty leaves next to no error."""
    a, flat = KINDS["none"], flat_of(np.sin(np.arange(200) / 4))
    windows = training_windows(flat, 8, 3, 0, 8)
    inputs, targets, _ = framed(a, flat, windows)
    plain, *_ = np.linalg.lstsq(np.column_stack([inputs, np.ones(len(inputs))]), targets, rcond=None)
    made = fit_linear(a, flat, windows)
    np.testing.assert_allclose(inputs @ made[:-1] + made[-1], inputs @ plain[:-1] + plain[-1], atol=2e-3)
    np.testing.assert_allclose(inputs @ made[:-1] + made[-1], targets, atol=2e-3)


def test_neither_coefficients_nor_penalty_look_behind_the_training_part():
    values = seasonal_values(150)
    scrambled = values.copy()
    scrambled[-20:] += 1e3 * np.random.default_rng(0).standard_normal(20)
    made = []
    for one in (values, scrambled):
        panel = panel_of_values(one)
        flat = flatten(panel, fit_scaler(panel.head(20), "standard"))
        made.append(fit_linear(ONE, flat, training_windows(flat, 8, 3, drop=20, season=8)))
    np.testing.assert_array_equal(made[0], made[1])


def test_windows_that_start_before_their_series_are_padded():
    a = KINDS["last"]
    flat = flat_of(np.arange(40.0), 100 - np.arange(40.0))
    windows = training_windows(flat, 8, 3, 0)
    assert (windows.start < windows.first).any()
    inputs, targets, late = framed(a, flat, windows)
    wanted = ridge(inputs, targets, chosen_penalty(inputs, targets, late))
    made = fit_linear(a, flat, windows)
    np.testing.assert_allclose(inputs @ made[:-1] + made[-1], wanted.predict(inputs), atol=2e-3)


def test_no_window_at_all_gives_a_flat_line():
    flat = flat_of(np.arange(9.0))
    nothing = training_windows(flat, 8, 3, drop=9, season=8)
    assert len(nothing) == 0
    assert (fit_linear(ONE, flat, nothing) == 0).all()

"""The diagnosis: networks trained badly on purpose are told what was done to them, and a good one is left in peace."""

import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

from gatewise.architecture import architecture_of
from gatewise.settings import Settings
from gatewise.train.finding import Finding
from gatewise.train.fit import Epoch
from gatewise.train.health import examine, explain_divergence, exploded, findings_of
from gatewise.train.probe import LayerProbe, Probe
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values
from tests.train.compiling import compiles

GOOD = Settings.of(
    window=24,
    horizon=6,
    season=12,
    val_windows=4,
    test_windows=1,
    hidden=(16,),
    normalise="last",
    base="last",
    loss="mae",
    learning_rate=0.01,
    schedule="cosine",
    epochs=40,
    patience=8,
)
"""Learns the rising seasonal series of the tests down to its noise."""

NOISE = np.random.default_rng(0).standard_normal(90)


def diagnosed(values=None, **changes) -> dict[str, Finding]:
    """Train for real and return the findings by their code."""
    settings = GOOD.change(**changes)
    bench = Workbench.of(panel_of_values(seasonal_values(240) if values is None else values), settings)
    with warnings.catch_warnings():
        # The loss of a training that explodes is squared beyond what a number can hold.
        warnings.filterwarnings("ignore", "overflow encountered", RuntimeWarning)
        training = bench.train(settings).training
    part, architecture = bench._part, bench.architecture(settings)
    validation = bench._validation(settings, architecture, part.lessons(settings).weight)
    found = examine(settings, architecture, training, validation, part.linear(settings))
    for one in found:
        valid(settings, one)
    return {one.code: one for one in found}


def valid(settings: Settings, one: Finding) -> None:
    """Assert that a finding's remedy can be tried as it stands, each knob alone and all of them, and be written."""
    architecture_of(settings.change(**one.settings))
    assert all(getattr(settings, name) != value for name, value in one.settings.items())
    assert all(name in one.text for name in one.settings)
    assert all(math.isfinite(number) for number in one.evidence.values())
    assert Finding.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def severities(found: dict[str, Finding]) -> set[str]:
    return {one.severity for one in found.values()}


# -- trained for real -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_good_training_is_left_in_peace(seed):
    found = diagnosed(seed=seed)
    assert severities(found) <= {"note", "good"} and "sound" in found
    assert "validation loss" in found["sound"].text and "24 of 24 steps" in found["sound"].text


def test_a_training_that_explodes_but_stays_finite_has_diverged():
    wild = {"optimizer": "sgd", "loss": "mse", "learning_rate": 10.0, "clip_norm": 0.0, "schedule": "constant"}
    found = diagnosed(**wild, epochs=2)
    assert list(found) == ["diverged"]
    one = found["diverged"]
    assert one.severity == "problem" and one.epoch == 2
    assert one.text.startswith("diverged at epoch 2 with learning_rate 10 (training loss ")
    assert one.settings == {"learning_rate": 0.1, "clip_norm": 1.0}
    assert one.evidence["val_loss"] > 1e6
    assert [*diagnosed(**wild)] == ["diverged"], "however it ends: infinite in the end"


def test_a_learning_rate_far_too_high():
    found = diagnosed(learning_rate=1.0, schedule="constant")
    assert found["large-steps"].severity == found["saturated"].severity == "warning"
    assert found["large-steps"].settings == {"learning_rate": 0.01}
    assert found["large-steps"].evidence["update_ratio"] > 0.5
    assert diagnosed(learning_rate=10.0, schedule="constant")["worse-than-plain"].severity == "problem"


def test_a_learning_rate_far_too_low():
    found = diagnosed(learning_rate=1e-6)
    assert found["small-steps"].severity == "warning"
    assert found["small-steps"].settings == {"learning_rate": 0.001}
    assert "still-improving" not in found and "underfitting" not in found, "one cause is said once"


def test_a_large_network_on_a_few_values_of_noise():
    endless = {"schedule": "constant", "epochs": 80, "patience": 80}
    found = diagnosed(NOISE, hidden=(64,), base="none", normalise="none", **endless, seed=3)
    one = found["overfitting"]
    assert one.severity == "warning" and one.evidence["rise"] > 0.1 and one.evidence["fall"] > 0.3
    assert one.epoch is not None and f"rises from epoch {one.epoch} " in one.text
    assert one.settings == {"dropout": 0.2, "l2": 1e-4, "noise": 0.05}


def test_a_limit_of_the_gradient_that_every_step_runs_into():
    found = diagnosed(clip_norm=1e-3)
    assert found["clipped"].severity == "note" and "adam rescales its steps" in found["clipped"].text
    assert found["clipped"].text.startswith("100% of the steps are clipped (the usual gradient norm is ")
    assert found["clipped"].settings["clip_norm"] > found["clipped"].evidence["gradient_norm"]
    found = diagnosed(clip_norm=1e-4, optimizer="sgd", loss="mse", learning_rate=0.1)
    assert found["clipped"].severity == "warning" and "small-steps" not in found


def test_too_few_epochs():
    assert diagnosed(epochs=1)["few-epochs"].settings == {"epochs": 30}
    found = diagnosed(epochs=6, schedule="constant", learning_rate=2e-3)
    assert found["still-improving"].severity == "warning" and found["still-improving"].settings == {"epochs": 12}


def test_an_early_stop_that_came_too_early():
    one = diagnosed(min_delta=0.05)["min-delta"]
    assert one.severity == "warning" and one.settings == {"min_delta": 0.0} and one.evidence["missed"] > 0.1
    assert diagnosed(patience=1)["patience"].settings == {"patience": 8}


def test_a_window_shorter_than_the_season():
    one = diagnosed(window=6, epochs=6)["window-below-season"]
    assert one.text.startswith("the window (6 steps) is shorter than the season (12)")
    assert one.severity == "warning" and one.settings == {"window": 12}


def test_a_random_walk_is_no_fault_of_the_network():
    found = diagnosed(np.cumsum(np.random.default_rng(0).standard_normal(240)))
    assert severities(found) == {"note", "good"}
    assert "hardly better than repeating the last value" in found["no-gain"].text


def test_nothing_is_compiled_for_a_diagnosis():
    settings = GOOD.change(epochs=2)
    bench = Workbench.of(panel_of_values(seasonal_values(240)), settings)
    training, architecture = bench.train(settings).training, bench.architecture(settings)
    validation = bench._validation(settings, architecture, bench._part.lessons(settings).weight)
    assert compiles(lambda: examine(settings, architecture, training, validation)) == 0


# -- curves and numbers made by hand ----------------------------------------------------------------------------------


def epochs_of(train, val=None, **facts) -> tuple[Epoch, ...]:
    """Return epochs of given losses and sound numbers otherwise; a sequence sets a number epoch by epoch."""
    val = train if val is None else val
    sound = {
        "learning_rate": 1e-3,
        "gradient_norm": 0.3,
        "largest_norm": 0.9,
        "clipped": 0.01,
        "update_ratio": 3e-3,
        "seconds": 0.1,
        **facts,
    }
    return tuple(
        Epoch(place + 1, float(a), float(b), **{k: v if np.isscalar(v) else v[place] for k, v in sound.items()})
        for place, (a, b) in enumerate(zip(train, val, strict=True))
    )


FALLING = np.concatenate([np.linspace(1.0, 0.3, 12), np.full(8, 0.3)])
"""Losses that fall and settle."""

LAYER = LayerProbe(
    0.75, 0.9, dict.fromkeys(("input", "forget", "candidate", "output"), 0.02), tuple(0.97**k for k in range(24))
)
PROBE = Probe(32, (LAYER,), 0.3, 1.0, 1.2)


def codes(epochs, settings=GOOD, status="early-stopped", best=12, probe=PROBE, season=12) -> dict[str, Finding]:
    found = findings_of(settings, epochs, status, best, probe, season)
    for one in found:
        valid(settings, one)
    return {one.code: one for one in found}


def with_layer(**changes) -> Probe:
    return replace(PROBE, layers=(replace(LAYER, **changes),))


def test_sound_numbers_give_one_good_word():
    assert list(codes(epochs_of(FALLING))) == ["sound"]
    assert list(codes(epochs_of(FALLING), probe=None)) == ["sound"]


def test_training_loss_above_validation_loss_is_no_fault():
    """Dropout and augmentation act on the former alone."""
    assert list(codes(epochs_of(3 * FALLING, FALLING))) == ["sound"]


@pytest.mark.parametrize("seed", range(20))
def test_noise_raises_no_alarm(seed):
    jitter = 1 + 0.03 * np.random.default_rng(seed).standard_normal((2, 20))
    assert severities(codes(epochs_of(FALLING * jitter[0], FALLING * jitter[1]))) <= {"note", "good"}


def test_most_important_comes_first():
    epochs = epochs_of(np.full(20, 1.0), clipped=0.7, update_ratio=1e-6)
    found = codes(epochs, GOOD.change(window=6), status="epoch-limit", best=20)
    assert list(found) == ["window-below-season", "small-steps", "clipped"]


def test_validation_loss_that_rises_while_training_falls():
    train = np.linspace(1.0, 0.1, 20)
    val = np.concatenate([np.linspace(1.0, 0.5, 12), np.linspace(0.52, 0.8, 8)])
    one = codes(epochs_of(train, val))["overfitting"]
    assert one.severity == "warning" and one.epoch == 12 and 0.4 < one.evidence["rise"] <= 0.6
    assert "rises from epoch 12 (0.5) to epoch 20 (0.76) while training loss falls by" in one.text
    assert "overfitting" not in codes(epochs_of(val, val)), "both rise: no matter of fitting too well"
    small = np.concatenate([val[:12], np.linspace(0.5, 0.51, 8)])
    assert "overfitting" not in codes(epochs_of(train, small)), "early stopping deals with that"


def test_a_gap_that_is_there_from_the_start():
    assert codes(epochs_of(FALLING / 5, FALLING))["gap"].evidence["ratio"] == pytest.approx(5)
    squares = GOOD.change(loss="mse")
    assert "gap" not in codes(epochs_of(FALLING / 5, FALLING), squares), "five of squares are two and a bit of errors"


def test_a_restless_validation_loss():
    jumps = FALLING * np.where(np.arange(20) % 2, 1.4, 1.0)
    one = codes(epochs_of(FALLING, jumps))["noisy"]
    assert one.severity == "warning" and one.settings == {"learning_rate": 0.003, "averaging": 0.99}


def test_losses_that_are_high_and_flat():
    weak = replace(PROBE, loss=0.99)
    flat = epochs_of(np.full(20, 1.0))
    one = codes(flat, GOOD.change(hidden=(4,)), probe=weak)["underfitting"]
    assert one.severity == "warning" and one.settings == {"hidden": (16,)} and "high and flat" in one.text
    assert codes(flat, probe=weak)["underfitting"].severity == "note"
    assert "underfitting" not in codes(flat), "flat, but far better than without the network"
    assert "linear base" in codes(flat, GOOD.change(base="linear"), probe=weak)["underfitting"].text


def test_a_network_that_does_harm():
    classic = GOOD.change(base="none", normalise="none")
    one = codes(epochs_of(FALLING), classic, probe=replace(PROBE, loss=0.7, last_loss=0.5))["worse-than-plain"]
    assert one.severity == "warning" and one.settings == {"normalise": "last", "base": "last"}
    assert one.text.endswith("try normalise last and base last"), "only together"
    drift = GOOD.change(base="season")
    one = codes(epochs_of(FALLING), drift, probe=replace(PROBE, loss=1.1))["worse-than-plain"]
    assert one.severity == "note" and "worse than base season alone: loss 1.1 against 1" in one.text


def test_gates_and_memory():
    stuck = {"input": 0.6, "forget": 0.0, "candidate": 0.8, "output": 0.7}
    one = codes(epochs_of(FALLING), probe=with_layer(saturated=stuck))["saturated"]
    assert one.severity == "warning" and one.text.startswith("70% of the gates of layer 1 are saturated")
    remembering = {"input": 0.0, "forget": 1.0, "candidate": 0.0, "output": 0.0}
    assert "saturated" not in codes(epochs_of(FALLING), probe=with_layer(saturated=remembering))
    unscaled = codes(
        epochs_of(FALLING), GOOD.change(scaling="none", normalise="none"), probe=with_layer(saturated=stuck)
    )
    assert unscaled["saturated"].settings == {"scaling": "standard"}
    one = codes(epochs_of(FALLING), probe=with_layer(forget=0.05, longest_forget=0.1))["forgetful"]
    assert "remembers about one step" in one.text and one.settings["patch"] == 4


def test_gradients_that_do_not_reach_back():
    faint = with_layer(gradient=tuple(0.3**k for k in range(24)))
    one = codes(epochs_of(FALLING), probe=faint)["fading-gradients"]
    assert one.severity == "note" and one.evidence["reach"] == 4 and one.settings == {"patch": 6}
    assert "within 4 of the 24 steps" in one.text and "the season of 12 lies beyond" in one.text
    assert codes(epochs_of(FALLING), probe=replace(faint, loss=0.9))["fading-gradients"].severity == "warning"
    growing = with_layer(gradient=tuple(0.5 ** (23 - k) for k in range(24)))
    assert codes(epochs_of(FALLING), probe=growing)["exploding-in-time"].severity == "warning"


def test_gradients_over_the_epochs():
    spiky = epochs_of(FALLING, largest_norm=[0.9] * 7 + [900.0] + [0.9] * 12)
    one = codes(spiky, GOOD.change(clip_norm=0))["gradient-spikes"]
    assert one.epoch == 8 and one.settings == {"clip_norm": 1.0} and "3000 times the usual 0.3" in one.text
    assert "gradient-spikes" not in codes(spiky), "clipping is there for that"
    assert codes(epochs_of(FALLING, gradient_norm=1e-7))["vanished"].severity == "warning"


def test_a_calendar_tells_the_season_that_the_window_does_not_hold():
    short = GOOD.change(window=6, calendar=("month",))
    one = codes(epochs_of(FALLING), short)["window-below-season"]
    assert one.severity == "note" and "calendar (month)" in one.text
    assert "window-below-season" not in codes(epochs_of(FALLING), GOOD.change(window=6), season=1)
    patched = codes(epochs_of(FALLING), GOOD.change(window=10, patch=5))
    assert patched["window-below-season"].settings == {"window": 15}, "a whole number of patches"


def test_a_stop_while_the_loss_was_coming_back():
    val = np.concatenate([np.linspace(1, 0.5, 12), np.linspace(0.7, 0.51, 8)])
    one = codes(epochs_of(val, val))["patience"]
    assert one.severity == "note" and one.settings == {"patience": 16}


def test_what_says_nothing_gives_nothing():
    assert findings_of(GOOD, (), "interrupted", 0) == ()
    assert findings_of(GOOD, epochs_of([1.0, 0.5], [math.nan] * 2), "epoch-limit", 2) == (), "no validation"
    assert {one.severity for one in findings_of(GOOD, epochs_of([0.0] * 8), "early-stopped", 1)} == {"good"}


@pytest.mark.parametrize(
    ("losses", "loss", "answer"),
    [
        ([1, 0.5, 0.4], "mae", False),
        ([1, 0.5, 200], "mae", True),
        ([1, 0.5, 200], "mse", False),
        ([1, 0.5, 2e5], "mse", True),
        ([1, 1e-4, 0.5], "mae", False),
        ([2e4], "mae", True),
        ([1, 0.5, math.inf], "mae", True),
    ],
)
def test_what_counts_as_an_explosion(losses, loss, answer):
    """A hundredfold error, but not where the loss had fallen to almost nothing."""
    settings = GOOD.change(loss=loss)
    assert exploded(settings, epochs_of([0.5] * len(losses), losses)) is answer
    assert exploded(settings, epochs_of(losses, [0.5] * len(losses))) is answer
    assert exploded(settings, epochs_of(losses, [math.nan] * len(losses))) is answer, "without validation"


def test_an_explosion_is_measured_by_what_needs_no_network():
    epochs = epochs_of([70.0, 60.0])
    assert exploded(GOOD, epochs, plain_loss=0.5) and not exploded(GOOD, epochs)
    assert not exploded(GOOD, epochs_of([0.5, 0.4]), plain_loss=1e-6), "a base that is all but exact"
    unscaled = GOOD.change(scaling="none")
    assert not exploded(unscaled, epochs_of([2e6, 1e6]), plain_loss=1e5), "large values have large errors"


def test_a_training_that_comes_back_has_not_diverged():
    spike = FALLING.copy()
    spike[6] = 500.0
    assert "diverged" not in codes(epochs_of(spike))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("rate", [1e-5, 1e-3, 0.1, 1e9])
@pytest.mark.parametrize("scaling", ["none", "standard"])
def test_every_divergence_has_a_remedy(optimizer, rate, scaling):
    settings = GOOD.change(optimizer=optimizer, learning_rate=rate, scaling=scaling, normalise="none", base="none")
    for clip_norm in (0.0, 1.0):
        one = settings.change(clip_norm=clip_norm)
        (found,) = findings_of(one, epochs_of([1.0, math.nan]), "diverged", 1)
        valid(one, found)
        assert found.settings and found.epoch == 2 and found.severity == "problem"
        assert explain_divergence(one, 2).split(":")[0] == found.text.split(";")[0].split(" (")[0]


def test_a_finding_that_is_none_is_refused():
    with pytest.raises(ValueError, match="a finding must have code, severity .problem, warning, note, good. and text"):
        Finding.from_dict({"code": "noisy", "severity": "awful", "text": "…"})

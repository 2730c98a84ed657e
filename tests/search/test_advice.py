"""Advice: each rule where it applies, and silence where it does not."""

import math

import pytest

from gatewise.search.advice import advise, insight_of
from gatewise.search.edges import edge_of, limits_of
from gatewise.search.folding import value_of
from gatewise.search.past import Past
from gatewise.settings import Prior
from tests.search.trials import SPACE, START, by_rate_and_loss, rate_of, tried

RATES = Prior(3e-4, 3e-2, log=True)


def kinds(advice):
    return [one.kind for one in advice]


def line(scores):
    """Return trials with these scores, in this order."""
    return [Past(number, START.change(seed=number), "early-stopped", score, 10) for number, score in enumerate(scores)]


def test_a_rate_that_is_best_at_its_top_is_widened_upwards():
    made = insight_of(tried(lambda one: 1.0 - 0.3 * math.log10(rate_of(one)) / 3, noise=0.005), SPACE.priors)
    (wider,) = [one for one in made.advice if one.kind == "widen"]
    assert wider.knobs == ("learning_rate",) and wider.flag == "--space learning_rate=0.003..0.3"
    assert "at the upper end of its range" in wider.text


def test_an_optimum_inside_is_left_alone():
    made = insight_of(tried(by_rate_and_loss, noise=0.005), SPACE.priors)
    assert "widen" not in kinds(made.advice) and "focus" in kinds(made.advice)
    focus = next(one for one in made.advice if one.kind == "focus")
    assert focus.flag == "--config RUN_DIR/best.toml --set vary=" + ",".join(focus.knobs)
    assert set(focus.knobs) == {"learning_rate", "loss"}


def test_idle_settings_are_pinned_to_the_winner_and_what_matters_is_not():
    trials = tried(by_rate_and_loss, 120, noise=0.002)
    made = insight_of(trials, SPACE.priors)
    pin = next(one for one in made.advice if one.kind == "pin")
    assert not {"learning_rate", "loss"} & set(pin.knobs)
    best = min(trials, key=lambda one: one.score).settings
    flags = dict(part.split("=") for part in pin.flag.replace("--set ", "").split(" "))
    assert set(flags) == set(pin.knobs)
    for name, value in flags.items():
        wanted, pinned = value_of(name, best), value_of(name, START.change(**{name: value}))
        assert pinned == (pytest.approx(wanted, rel=1e-2) if isinstance(wanted, float) else wanted)


def test_many_diverged_trials_lower_the_range():
    made = advise(tried(lambda one: math.inf if rate_of(one) > 1e-2 else 0.5, noise=0.01), SPACE.priors)
    assert made[0].kind == "diverged" and made[0].flag.startswith("--space learning_rate=0.0003..0.01")
    unclipped = tried(lambda one: math.inf if not one.clip_norm else 0.5, noise=0.01)
    assert advise(unclipped, {"dropout": Prior(0, 0.5)})[0].flag == "--set clip_norm=1.0"
    assert "diverged" not in kinds(advise(tried(by_rate_and_loss), SPACE.priors))


def test_a_search_that_still_improves_needs_trials_and_one_that_does_not_is_told_so():
    falling = [1.0 - 0.01 * number for number in range(20)]
    (more,) = [one for one in advise(line(falling), {}) if one.kind in ("trials", "converged")]
    assert more.kind == "trials" and more.flag == "--trials 40" and "number 19" in more.text
    rising = falling[::-1]
    (done,) = [one for one in advise(line(rising), {}) if one.kind in ("trials", "converged")]
    assert done.kind == "converged" and "trial 0 in the 19 trials after it" in done.text
    middle = [*falling[:10], 0.5, *falling[10:]]
    assert not {"trials", "converged"} & set(kinds(advise(line(middle), {})))
    hair = [*[0.9] * 19, 0.8999]
    assert "trials" not in kinds(advise(line(hair), {}))


def test_the_best_at_the_epoch_limit_want_more_epochs():
    cut = [Past(n, START.change(epochs=30, seed=n), "epoch-limit", 0.5 + 0.1 * n, 29) for n in range(12)]
    (epochs,) = [one for one in advise(cut, {}) if one.kind == "epochs"]
    assert epochs.flag == "--set epochs=60"
    ended = [Past(n, START.change(seed=n), "early-stopped", 0.5 + 0.1 * n, 29) for n in range(12)]
    assert "epochs" not in kinds(advise(ended, {}))


def test_neighbours_of_the_best_one_are_said():
    near = advise(line([0.5, 0.501, *[0.7] * 10]), {})[-1]
    assert near.kind == "noise" and "1 trial lies within 1 %" in near.text
    assert "noise" not in kinds(advise(line([0.5, 0.6, *[0.7] * 10]), {}))


def test_too_few_trials_ask_for_more_and_for_nothing_else():
    made = insight_of(tried(by_rate_and_loss, 6), SPACE.priors)
    assert made.importance is None and kinds(made.advice) == ["trials"]
    assert made.to_dict()["importance"] is None and made.to_dict()["advice"][0]["knobs"] == []


@pytest.mark.parametrize(
    ("name", "prior", "values", "flag"),
    [
        ("learning_rate", RATES, [2.9e-2, 2.5e-2, 2.8e-2], "--space learning_rate=0.003..0.3"),
        ("learning_rate", RATES, [3.1e-4, 3.2e-4, 3e-4], "--space learning_rate=3e-05..0.003"),
        ("learning_rate", RATES, [2.9e-2, 1e-3, 1e-3], None),  # the best alone is no sign
        ("dropout", Prior(0.0, 0.5), [0.01, 0.02, 0.0], None),  # there is nothing below no dropout
        ("dropout", Prior(0.0, 0.5), [0.49, 0.48, 0.5], "--space dropout=0.25..0.75"),
        ("momentum", Prior(0.8, 0.95), [0.949, 0.948, 0.945], "--space momentum=0.88..0.99"),
        ("batch_size", Prior(choices=(16, 32, 64)), [64, 64, 64], "--space batch_size=32,64,128"),
        ("batch_size", Prior(choices=(16, 32, 64)), [16, 16, 16], "--space batch_size=8,16,32"),
        ("batch_size", Prior(choices=(16, 32, 64)), [32, 32, 32], None),
        ("l2", Prior(choices=(0.0, 1e-5, 1e-4)), [1e-4, 1e-4, 1e-4], "--space l2=1e-05,0.0001,0.001"),
        ("l2", Prior(choices=(0.0, 1e-5, 1e-4)), [0.0, 0.0, 0.0], None),
        ("averaging", Prior(choices=(0.0, 0.99, 0.998)), [0.998] * 3, "--space averaging=0.99,0.998,0.9996"),
        ("hidden", Prior(choices=("16", "32", "64,64")), ["64,64"] * 3, "--set hidden=128,128"),
        ("hidden", Prior(choices=("16", "32", "64,64")), ["16"] * 3, "--set hidden=8"),
        ("loss", Prior(choices=("mae", "mse")), ["mae"] * 3, None),  # names have no edge
        ("window", Prior(choices=(24, 48)), [48] * 3, None),  # as wide as the data allow
    ],
)
def test_edges(name, prior, values, flag):
    top = [START.change(**{name: value}) for value in values]
    edge = edge_of(name, prior, top, values[0])
    assert (edge.flag if edge else None) == flag


def test_an_edge_needs_the_fit_to_agree():
    top = [START.change(learning_rate=2.9e-2)] * 3
    assert edge_of("learning_rate", RATES, top, 3e-3) is None
    assert edge_of("batch_size", Prior(choices=(16, 32, 64)), [START.change(batch_size=64)] * 3, 32) is None


def test_a_rate_of_plain_sgd_is_widened_in_the_units_of_the_range():
    top = [START.change(optimizer="sgd", learning_rate=0.29)] * 3
    assert edge_of("learning_rate", RATES, top, 0.28).flag == "--space learning_rate=0.003..0.3"


def test_limits_come_from_the_table():
    assert limits_of("momentum") == (0.0, 1.0) and limits_of("epochs")[0] == 1.0

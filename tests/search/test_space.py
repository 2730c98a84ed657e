"""The space proposes only what the data can carry and the user left open."""

import dataclasses

import optuna
import pytest

from gatewise.architecture import architecture_of, knobs_of
from gatewise.preset import resolve
from gatewise.search.space import space_of
from gatewise.settings import Settings
from gatewise.table import settings_table
from tests.panels import panel_of_values, seasonal_values


def space(given=None, length=400, rows=300):
    given = {"horizon": 12, **(given or {})}
    start = resolve(panel_of_values(seasonal_values(length)), given).settings
    return space_of(start, set(given) - {"horizon"}, rows, rows)


def proposals(made, count=60):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [made.propose(study.ask()) for _ in range(count)]


def test_every_prior_of_the_table_is_in_the_space():
    priors = space().priors
    missing = [row.name for row in settings_table() if row.prior is not None and row.name not in priors]
    assert missing == []


def test_every_proposal_is_valid_and_fits():
    for settings in proposals(space()):
        assert settings.window % settings.patch == 0
        assert settings.window + settings.horizon <= 300
        assert settings.base != "season" or settings.window >= settings.season


def test_conditional_settings_stay_at_their_start_elsewhere():
    made = space()
    for settings in proposals(made):
        if settings.schedule not in ("exponential", "step", "plateau"):
            assert settings.decay_rate == made.start.decay_rate
        if settings.optimizer != "adamw":
            assert settings.weight_decay == made.start.weight_decay


def test_sgd_gets_larger_learning_rates():
    rates = {"sgd": [], "adam": []}
    for settings in proposals(space(), 200):
        rates.get(settings.optimizer, []).append(settings.learning_rate)
    assert min(rates["sgd"]) >= 3e-3 - 1e-9 and max(rates["adam"]) <= 3e-2 + 1e-9


def test_what_the_user_set_does_not_vary():
    made = space({"hidden": (9,), "dropout": 0.4, "window": 36})
    assert not {"hidden", "dropout", "window"} & set(made.priors)
    assert all(s.hidden == (9,) and s.dropout == 0.4 and s.window == 36 for s in proposals(made, 20))


@pytest.mark.parametrize("window", [36, 35, 13, 1])
def test_patches_divide_a_given_window(window):
    assert all(
        s.window == window and window % s.patch == 0 for s in proposals(space({"window": window, "base": "last"}), 20)
    )


def test_portfolio_starts_with_the_preset_and_the_textbook():
    made = space()
    portfolio = made.portfolio()
    assert portfolio[0] == made.start
    textbook = portfolio[1]
    assert (textbook.normalise, textbook.scaling, textbook.base, textbook.patience) == ("none", "minmax", "none", 10)
    assert (textbook.hidden, textbook.dropout, textbook.loss, textbook.clip_norm) == ((64, 32), 0.2, "mse", 1.0)
    assert len(portfolio) >= 5 and len(set(map(str, portfolio))) == len(portfolio)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adamw"])
def test_encoding_a_proposal_gives_the_same_proposal(optimizer):
    made = space()
    wanted = made.start.change(optimizer=optimizer, learning_rate=0.004)
    made = dataclasses.replace(made, start=wanted)
    study = optuna.create_study()
    study.enqueue_trial(made.encode(wanted))
    proposed = made.propose(study.ask())
    assert knobs_of(proposed) == knobs_of(wanted) and proposed.change(weight_decay=None) == wanted


@pytest.mark.parametrize(
    ("horizon", "season", "window"), [(45, 1, 90), (12, 24, 40), (12, 24, 26), (3, 12, 36), (7, 5, 10)]
)
def test_windows_suit_the_base_and_the_patch(horizon, season, window):
    for patch in (p for p in (1, 2, 3, 5) if window % p == 0):
        base = "season" if 1 < season <= window else "none"
        start = Settings.of(horizon=horizon, season=season, window=window, patch=patch, base=base)
        for pinned in ({"patch"}, {"base"}, set(), {"patch", "base"}):
            for settings in proposals(space_of(start, pinned, 500, 500), 30):
                architecture_of(settings)


def test_many_short_series_may_have_a_large_network_and_large_batches():
    start = Settings.of(horizon=6, season=12, window=24, batch_size=64)
    priors = space_of(start, set(), 50, 300 * 20).priors
    assert "128" in priors["hidden"].choices and 256 in priors["batch_size"].choices

"""The space holds the preset's portfolio, and proposes only what the data can carry and the user left open."""

import dataclasses
import itertools

import optuna
import pytest

from gatewise.architecture import architecture_of, knobs_of
from gatewise.preset import resolve
from gatewise.search.space import MOST_STEPS, Space, space_of
from gatewise.settings import Prior, Settings
from gatewise.table import settings_table
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values


def space(given=None, length=400, rows=300, season=12, positive=True):
    given = {"horizon": 12, **(given or {})}
    portfolio = resolve(panel_of_values(seasonal_values(length, season)), given).portfolio
    return space_of(portfolio, set(given) - {"horizon"}, rows, rows, positive)


def proposals(made, count=60):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [made.propose(study.ask()) for _ in range(count)]


def enqueued(made, wanted):
    """Return what a study proposes whose first trials are these settings."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for settings in wanted:
        study.enqueue_trial(made.encode(settings))
    return [made.propose(study.ask()) for _ in wanted]


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


def test_conditional_settings_are_those_of_the_portfolio_where_they_do_not_matter():
    common = {"horizon": 6, "season": 12, "window": 24, "patch": 12}
    start = Settings.of(**common, decoding="segments", segment=6)
    direct = Settings.of(**common, decoding="direct")
    made = space_of((start, direct), set(), 300, 300, True)
    assert enqueued(made, [start, direct]) == [start, direct]
    assert all(s.segment is None for s in proposals(made) if s.decoding == "direct")
    single = space_of((start.change(segment=1, patch=1), direct.change(patch=1)), {"patch"}, 300, 300, True)
    assert enqueued(single, single.portfolio) == list(single.portfolio)


def test_the_rates_of_sgd_reach_to_that_of_the_start():
    start = Settings.of(window=24, horizon=6, optimizer="sgd", learning_rate=1e-3)
    made = Space((start,), {"learning_rate": Prior(3e-4, 3e-2, log=True)})
    assert enqueued(made, [start]) == [start]


def test_what_the_user_set_does_not_vary():
    made = space({"hidden": (9,), "dropout": 0.4, "window": 36})
    assert not {"hidden", "dropout", "window"} & set(made.priors)
    assert all(s.hidden == (9,) and s.dropout == 0.4 and s.window == 36 for s in proposals(made, 20))


@pytest.mark.parametrize("window", [36, 35, 13, 1])
def test_patches_divide_a_given_window(window):
    assert all(
        s.window == window and window % s.patch == 0 for s in proposals(space({"window": window, "base": "last"}), 20)
    )


@pytest.mark.parametrize("patch", [5, 7, 12])
def test_windows_are_whole_patches_of_a_given_one(patch):
    made = space({"patch": patch})
    assert len(made.priors["window"].choices) > 1
    assert all(s.patch == patch and s.window % patch == 0 for s in proposals(made, 20))


def test_each_window_has_patches_of_its_own():
    made = space()
    seen = {}
    for settings in proposals(made, 200):
        seen.setdefault(settings.window, set()).add(settings.patch)
    assert set(seen) == set(made.priors["window"].choices)
    for window, patches in seen.items():
        assert all(window % patch == 0 and window // patch <= MOST_STEPS for patch in patches)
        assert len(patches) > 1


def test_windows_shorter_than_a_season_have_no_base_and_no_level_of_it():
    """An hour's week does not fit into two days."""
    common = {"horizon": 24, "season": 24, "long_season": 168}
    far = Settings.of(**common, window=336, base="long-season", normalise="mean")
    near = Settings.of(**common, window=48, base="season", normalise="season")
    made = space_of((near, far), set(), 2000, 2000, True)
    drawn = {(s.base, s.window) for s in proposals(made, 300)}
    for settings in proposals(made, 300):
        architecture_of(settings)
    assert {window for base, window in drawn if base == "long-season"} >= {336}
    assert min(window for base, window in drawn if base == "long-season") >= 168
    assert enqueued(made, [near, far]) == [near, far]


@pytest.mark.parametrize("name", ["base", "normalise"])
def test_a_given_seasonal_recipe_keeps_short_windows_out(name):
    start = Settings.of(horizon=6, season=12, window=20, **{name: "season"})
    assert min(space_of((start,), {name}, 500, 500, True).priors["window"].choices) >= 12


def test_the_search_starts_with_the_portfolio_and_what_is_worth_a_try():
    made = space()
    first = made.first()
    assert len(made.portfolio) >= 4 and tuple(first[: len(made.portfolio)]) == made.portfolio
    textbook = first[-1]
    assert (textbook.normalise, textbook.scaling, textbook.base, textbook.schedule) == (
        "none", "minmax", "none", "constant",
    )  # fmt: skip
    assert (textbook.hidden, textbook.dropout, textbook.loss, textbook.clip_norm) == ((64, 32), 0.2, "mse", 1.0)
    assert len(first) >= len(made.portfolio) + 4 and len(set(map(str, first))) == len(first)
    assert {"adamw", "adam"} == {one.optimizer for one in first} and "one-cycle" in {one.schedule for one in first}


def test_first_trials_leave_what_the_user_set():
    made = space({"batch_size": 7, "dropout": 0.4, "loss": "huber"})
    assert all(s.batch_size == 7 and s.dropout == 0.4 and s.loss == "huber" for s in made.first())


PINS = [
    {}, {"window": 10}, {"window": 13}, {"window": 101}, {"patch": 5}, {"patch": 7}, {"base": "season"},
    {"base": "linear"}, {"normalise": "season"}, {"decoding": "segments"}, {"rescale": "std"}, {"transform": "log"},
    {"season": "7,28"}, {"hidden": (9,)}, {"batch_size": 7}, {"dropout": 0.7}, {"optimizer": "sgd"}, {"embedding": 2},
    {"preset": "classic"},
]  # fmt: skip
PANELS = {
    "a plain series": [seasonal_values(400)],
    "hours of a day": [seasonal_values(1500, 24)],
    "a long season": [seasonal_values(1100, 365)],
    "an odd season": [seasonal_values(900, 73)],
    "no season": [seasonal_values(150, 40)],
    "many short series": [seasonal_values(60, seed=seed) for seed in range(30)],
    "irregular lengths": [seasonal_values(length, 7) for length in (700, 40, 300)],
}


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize("pin", PINS, ids=str)
def test_the_whole_portfolio_comes_out_of_the_study_as_it_went_in(kind, pin):
    """Whatever else is proposed builds a network and has windows to learn from."""
    panel = panel_of_values(*PANELS[kind], freq="h" if "hours" in kind else "D")
    given = {"horizon": 6, **pin}
    resolved = resolve(panel, given)
    bench = Workbench.of(panel, resolved.settings)
    rows = sorted(panel.lengths)[len(panel) // 2] - bench.split.held_out
    made = space_of(resolved.portfolio, set(given), rows, rows * len(panel), True)
    assert enqueued(made, made.portfolio) == list(made.portfolio)
    for settings in (*made.portfolio, *enqueued(made, made.first()), *proposals(made, 8)):
        architecture_of(settings)
        bench.check(settings)
        assert all(getattr(settings, name) == getattr(resolved.settings, name) for name in pin if name != "season")


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adamw"])
def test_encoding_a_proposal_gives_the_same_proposal(optimizer):
    made = space()
    wanted = made.start.change(optimizer=optimizer, learning_rate=0.004)
    made = dataclasses.replace(made, portfolio=(wanted,))
    (proposed,) = enqueued(made, [wanted])
    assert knobs_of(proposed) == knobs_of(wanted) and proposed.change(weight_decay=None) == wanted


def test_what_lies_outside_a_range_is_encoded_as_its_nearest_end():
    made = Space((Settings.of(dropout=0.7, window=12),), {"dropout": Prior(0.0, 0.5), "momentum": Prior(0.8, 0.95)})
    assert made.encode(made.start) == {"dropout": 0.5, "momentum": 0.9}


@pytest.mark.parametrize(
    ("horizon", "season", "window"), [(45, 1, 90), (12, 24, 40), (12, 24, 26), (3, 12, 36), (7, 5, 10)]
)
def test_windows_suit_the_base_and_the_patch(horizon, season, window):
    for patch in (p for p in (1, 2, 3, 5) if window % p == 0):
        base = "season" if 1 < season <= window else "none"
        start = Settings.of(horizon=horizon, season=season, window=window, patch=patch, base=base)
        for pinned in ({"patch"}, {"base"}, set(), {"patch", "base"}):
            for settings in proposals(space_of((start,), pinned, 500, 500, True), 30):
                architecture_of(settings)


def test_many_short_series_may_have_a_large_network_and_large_batches():
    start = Settings.of(horizon=6, season=12, window=24, batch_size=64)
    priors = space_of((start,), set(), 50, 300 * 20, True).priors
    assert "128" in priors["hidden"].choices and 256 in priors["batch_size"].choices
    large = space_of((start,), set(), 50, 300_000, True).priors
    assert "16" not in large["hidden"].choices and min(large["batch_size"].choices) == 64


def test_logarithms_are_proposed_only_where_no_value_is_negative():
    assert set(space(positive=True).priors["transform"].choices) == {"none", "log", "boxcox"}
    assert set(space(positive=False).priors["transform"].choices) == {"none", "asinh"}


def test_one_step_ahead_has_no_segments():
    assert "decoding" not in space({"horizon": 1}).priors
    assert set(space().priors["decoding"].choices) == {"direct", "segments"}


def test_proposals_never_look_further_than_the_data_reach():
    for rows, horizon in itertools.product((40, 100, 3000), (1, 6)):
        start = Settings.of(horizon=horizon, season=7, window=14)
        windows = space_of((start,), set(), rows, rows, True).priors["window"].choices
        assert max(windows) <= max((rows - horizon) // 2, 14)

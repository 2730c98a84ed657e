"""Settings are checked where they enter, say what is wrong, and survive a round trip through TOML."""

import pytest

from gatewise.architecture import Widths, architecture_of, knobs_of
from gatewise.configuration import parse_assignment, read_toml, write_toml
from gatewise.errors import SettingsError
from gatewise.settings import GROUPS, Settings
from gatewise.table import settings_table

BAD = [
    ({"horizon": 0}, r"horizon must be greater than or equal to 1, but is 0"),
    ({"dropout": -0.1}, r"dropout must be greater than or equal to 0, but is -0.1"),
    ({"dropout": 1.0}, r"dropout must be less than 1"),
    ({"learning_rate": 0}, r"learning_rate must be greater than 0"),
    ({"droput": 0.1}, r"unknown setting 'droput'. Did you mean 'dropout'\?"),
    ({"optimizer": "adams"}, r"optimizer must be 'adam', 'adamw'.* but is 'adams'"),
    ({"hidden": ()}, r"at least one layer"),
    ({"hidden": "64,x"}, r"hidden must be .*integer"),
    ({"level": (80, 100)}, r"level must lie between 1 and 99"),
    ({"window": 10, "patch": 3}, r"patch must divide window, but patch=3 and window=10"),
    ({"batch_size": "many"}, r"batch_size must be .*integer.* but is 'many'"),
    ({"time_limit": "soon"}, r"time_limit must be"),
    ({"time_limit": "5days"}, r"time_limit must be a number of seconds, or end in s, m or h, but is '5days'"),
    ({"learning_rate": float("inf")}, r"learning_rate must be a finite number"),
]


@pytest.mark.parametrize(("values", "message"), BAD)
def test_a_bad_value_is_refused_with_rule_and_value(values, message):
    with pytest.raises(SettingsError, match=message):
        Settings.of(**values)


def test_text_from_flags_is_converted():
    made = Settings.of(hidden="64,32", level="80,95", time_limit="10m", dropout="0.3", horizon="24", freq=1)
    assert (made.hidden, made.level, made.time_limit, made.horizon) == ((64, 32), (80, 95), 600.0, 24)
    assert made.freq == "1" and Settings.of(hidden=16).hidden == (16,)


def test_every_row_has_a_group_and_help():
    rows = settings_table()
    assert {row.group for row in rows} == set(GROUPS) and all(len(row.help) > 10 for row in rows)
    assert len({row.name for row in rows}) == len(rows)


def test_toml_round_trip(tmp_path):
    made = Settings.of(hidden=(64, 32), target='odd "name"\\', staircase=True, window=20, vary=("hidden", "dropout"))
    path = tmp_path / "run.toml"
    path.write_text(write_toml(made), encoding="utf-8")
    assert Settings.of(**read_toml(path)) == made


def test_toml_takes_names_at_the_top(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("dropout = 0.3\n[network]\nhidden = [8]\n")
    assert read_toml(path) == {"dropout": 0.3, "hidden": [8]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[network]\ndroput = 0.1", r"unknown setting 'droput' in .* Did you mean 'dropout'"),
        ("[training]\ndropout = 0.1", r"'dropout' in .* stands in \[training\]. Move it to \[network\]"),
        ("[netwrok]\ndropout = 0.1", r"unknown setting 'netwrok' in .* Did you mean 'network'"),
        ("network = 3", r"'network' in .* must be a table"),
        ("dropout = ", r"is not valid"),
    ],
)
def test_a_typo_in_a_file_is_named(tmp_path, text, message):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_toml(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="--config must name a readable TOML file"):
        read_toml(tmp_path / "none.toml")


def test_assignment_without_a_name_is_refused():
    with pytest.raises(SettingsError, match="--set takes name=value"):
        parse_assignment("dropout")


def test_settings_split_into_architecture_and_knobs():
    settings = Settings.of(window=20, horizon=5, decoding="recursive", clip_norm=0, dropout=0.2, season=7, base="last")
    architecture, knobs = architecture_of(settings), knobs_of(settings)
    assert architecture.horizon == 1 and architecture.season == 1
    assert knobs.clip_norm == float("inf") and knobs.dropout == 0.2
    assert architecture_of(settings.change(dropout=0.5, learning_rate=1, l2=1)) == architecture


def test_decoding_sets_the_steps_of_the_head():
    settings = Settings.of(window=24, patch=6, horizon=10)
    assert architecture_of(settings).segments == 0
    made = architecture_of(settings.change(decoding="segments"))
    assert (made.segment, made.segments, made.steps) == (6, 2, 4)
    made = architecture_of(settings.change(decoding="segments", segment=4))
    assert (made.segment, made.segments) == (4, 3)
    assert architecture_of(settings.change(decoding="segments", segment=40)).segment == 10
    assert architecture_of(settings.change(decoding="recursive")).horizon == 1


def test_only_the_quantile_loss_forecasts_quantiles():
    settings = Settings.of(window=24, horizon=3, level=(95, 80))
    assert architecture_of(settings).quantiles == ()
    assert architecture_of(settings.change(loss="quantile")).quantiles == (0.5, 0.1, 0.9, 0.025, 0.975)
    assert architecture_of(settings.change(loss="quantile", level=())).quantiles == (0.5,)


def test_programs_are_shared_wherever_nothing_in_them_differs():
    """A season that nothing reads, or the number of series without an embedding, is no reason to compile anew."""
    settings = Settings.of(window=24, horizon=3, season=12, long_season=24)
    assert architecture_of(settings) == architecture_of(settings.change(season=6, long_season=2))
    assert architecture_of(settings, Widths(series=5)) == architecture_of(settings, Widths(series=9))
    assert architecture_of(settings.change(embedding=4), Widths(series=1)).embedding == 0
    assert architecture_of(settings.change(embedding=4), Widths(series=5)).widths.series == 5
    for changes, seasons in (
        ({"base": "season"}, (12, 1)),
        ({"base": "season-mean"}, (12, 1)),
        ({"base": "long-season"}, (1, 24)),
        ({"normalise": "season", "base": "long-season"}, (12, 24)),
        ({"base": "linear"}, (1, 1)),
    ):
        made = architecture_of(settings.change(**changes))
        assert (made.season, made.long_season) == seasons


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"base": "long-season"}, 24),
        ({"normalise": "season"}, 12),
        ({"base": "season-mean"}, 12),
        ({"base": "season-drift"}, 24),
    ],
)
def test_a_window_shorter_than_what_it_is_framed_by_is_refused(changes, steps):
    with pytest.raises(SettingsError, match=f"window must be at least {steps} steps"):
        architecture_of(Settings.of(window=6, horizon=3, season=12, long_season=24, **changes))


def test_two_seasons_are_given_in_one_word():
    made = Settings.of(season="24,168")
    assert (made.season, made.long_season) == (24, 168) and Settings.of(season="24").long_season is None


def test_an_open_window_builds_nothing():
    with pytest.raises(SettingsError, match="window and horizon must be set"):
        architecture_of(Settings.of(horizon=3))


def test_open_knobs_depend_on_the_optimizer():
    made = {kind: knobs_of(Settings.of(optimizer=kind)) for kind in ("adam", "adamw", "rmsprop", "sgd")}
    assert {kind: knobs.second_moment for kind, knobs in made.items() if kind != "sgd"} == {
        "adam": 0.999,
        "adamw": 0.999,
        "rmsprop": 0.9,
    }
    assert {kind: knobs.weight_decay for kind, knobs in made.items()} == {
        "adam": 0,
        "adamw": 0.01,
        "rmsprop": 0,
        "sgd": 0,
    }
    assert knobs_of(Settings.of(optimizer="rmsprop", second_moment=0.99)).second_moment == 0.99


def test_a_name_that_is_a_number_is_a_name():
    assert Settings.of(target=1949).target == "1949"

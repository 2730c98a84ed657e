"""Knobs as a person writes them: lists, ranges, growth, and what is refused."""

import pytest

from gatewise.errors import SettingsError
from gatewise.knob import knob_of, parse_over, shown


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("hidden=16,32,64+32", "hidden", ((16,), (32,), (64, 32))),
        ("batch = 16, 32", "batch_size", (16, 32)),
        ("units=8,8,16", "hidden", ((8,), (16,))),
        ("dropout=0..0.5:6", "dropout", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        ("lr=1e-4..1e-1:4", "learning_rate", (1e-4, 1e-3, 1e-2, 1e-1)),
        ("l2=1e-6..1e-4:3", "l2", (1e-6, 1e-5, 1e-4)),
        ("window=12..96:4", "window", (12, 40, 68, 96)),
        ("loss=mae,mse", "loss", ("mae", "mse")),
        ("calendar=hour+weekday,day", "calendar", (("hour", "weekday"), ("day",))),
        ("staircase", "staircase", (False, True)),
    ],
)
def test_values(text, name, values):
    knob = parse_over(text)
    assert (knob.name, knob.values, knob.grows) == (name, values, False)
    assert knob.after(values[-1]) is None
    assert parse_over(f"{name}={','.join(map(shown, values))}").values == values


def test_growing_doubles_every_layer_up_to_its_end():
    knob = parse_over("hidden=8+4..40")
    assert knob.grows and knob.values == ((8, 4),)
    grown = [knob.values[0]]
    while (following := knob.after(grown[-1])) is not None:
        grown.append(following)
    assert grown == [(8, 4), (16, 8)]
    assert parse_over("hidden=64..").after((64,)) == (128,)


def test_growing_ends_where_the_setting_does():
    assert parse_over("dropout=0.3..").after(0.6) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("droput=1,2", "unknown setting 'droput'. Did you mean 'dropout'"),
        ("seed=1,2", "must name a setting that changes a single training, but 'seed'"),
        ("horizon=1,2", "must name a setting that changes a single training, but 'horizon'"),
        ("dropout=1.2,0.1", "dropout must be less than 1, but is '1.2'"),
        ("hidden=16", "needs 2 to 100 different values of 'hidden', but has 1"),
        ("hidden=16,,32", "needs a value beside every comma"),
        ("dropout=0..", "must be a number above 0 that ends higher"),
        ("hidden=64..32", "must be a number above 0 that ends higher"),
        ("loss=mae..", "must be a number above 0"),
        ("lr=1e-3,1e-2..1", "one range or a list"),
        ("noise=0.5..0.1:3", "must rise"),
        ("noise=0..0.1:x", "needs numbers"),
        ("base", "'base' has no values of its own"),
        ("window=twelve,24", "window must be a valid integer"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(SettingsError) as error:
        parse_over(text)
    assert message in str(error.value)


def test_values_from_python():
    assert knob_of("hidden", [8, (16, 8)]).values == ((8,), (16, 8))
    with pytest.raises(SettingsError, match="must be a list"):
        knob_of("hidden", "16,32")
    with pytest.raises(SettingsError, match="different values"):
        knob_of("dropout", [0.1, 0.1])

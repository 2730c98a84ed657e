import pytest

from gatewise.errors import SettingsError
from gatewise.planning import plan
from gatewise.search.ranges import ranges_of
from tests.panels import panel_of_values, seasonal_values


def test_ranges_take_their_scale_from_the_table_from_the_text_or_from_their_width():
    ranges = ranges_of(["learning_rate=1e-4..2e-4", "dropout=0.1..0.5", "l2=1e-6..1e-2", "momentum=0.1..0.9:log"])
    assert [ranges[name].log for name in ("learning_rate", "dropout", "l2", "momentum")] == [True, False, True, True]
    assert (ranges["l2"].low, ranges["l2"].high) == (1e-6, 1e-2)


def test_choices_are_of_the_setting_s_own_kind():
    ranges = ranges_of(["hidden=32|64,64|32", "batch-size=16|32", "loss=mae|mse"])
    assert ranges["hidden"].choices == ("32", "64,64")
    assert ranges["batch_size"].choices == (16, 32) and ranges["loss"].choices == ("mae", "mse")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dropout", "name=low..high"),
        ("droput=0..0.5", "Did you mean 'dropout'"),
        ("seed=1|2", "names 'seed'"),
        ("dropout=0.5..0.1", "must rise"),
        ("dropout=0..2", "less than 1"),
        ("loss=mae..mse", "write loss=one|two"),
        ("l2=0..1:log", "must begin above 0"),
        ("dropout=0..0.5:cubic", "must be log or linear"),
        ("hidden=32||64", "empty"),
    ],
)
def test_a_range_that_cannot_be_is_refused_with_the_remedy(text, said):
    with pytest.raises(SettingsError, match=said.replace("|", r"\|")):
        ranges_of([text])


def test_a_name_twice_and_a_name_that_is_also_set_are_refused():
    with pytest.raises(SettingsError, match="twice"):
        ranges_of(["dropout=0..0.1", "dropout=0..0.2"])
    panel = panel_of_values(seasonal_values())
    with pytest.raises(SettingsError, match="also set to 0.3"):
        plan("tune", panel, {"horizon": 3, "dropout": 0.3, "space": ("dropout=0..0.5",)})


def test_a_search_draws_from_the_ranges_alone():
    panel = panel_of_values(seasonal_values())
    space = ("hidden=4|8", "window=12|24", "epochs=2|3")
    made = plan("tune", panel, {"horizon": 3, "space": space, "vary": "hidden,window,epochs"})
    assert list(made.space.priors) == ["window", "hidden", "epochs"]
    assert made.space.priors["window"].choices == (12, 24)

"""What a trial costs before it is made, and that a search takes the cheaper of several configurations."""

import math

import pytest

from gatewise.search.price import COMPILING, price_of
from gatewise.search.proposals import Proposals
from gatewise.search.space import space_of
from gatewise.settings import Prior, Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

START = Settings.of(window=24, horizon=2, season=12, val_windows=4, test_windows=1, hidden=(16,), epochs=10)
BENCH = Workbench.of(panel_of_values(seasonal_values(240)), START)


def price(compiled=(), **changes) -> float:
    return price_of(BENCH, START.change(**changes), compiled)


@pytest.mark.parametrize(
    "dearer",
    [{"hidden": (32,)}, {"hidden": (16, 16)}, {"window": 48}, {"epochs": 20}, {"batch_size": 16}, {"repeats": 2}],
    ids=str,
)
def test_more_work_costs_more(dearer):
    assert price(**dearer) > price()


def test_what_is_compiled_costs_the_training_alone():
    assert price([BENCH.architecture(START)]) == pytest.approx(price() - COMPILING)
    assert price([BENCH.architecture(START)], batch_size=16) > COMPILING, "that is another program"


def test_patches_shorten_the_sequence():
    assert price(patch=4) < price()


def test_what_cannot_be_trained_is_the_last_to_be_made():
    assert price(window=1000) == math.inf


def proposals(**ranges: Prior) -> Proposals:
    pinned = {name for name in Settings.model_fields if name not in ranges}
    return Proposals(space_of([START], pinned, 200, 180, True, ranges), trials=40)


def test_a_small_space_is_searched_where_it_is_cheap():
    """Three draws of eight equally likely sizes: their smallest is one of the smaller half nine times in ten."""
    sizes = tuple(str(size) for size in range(8, 72, 8))
    some = proposals(hidden=Prior(choices=sizes), learning_rate=Prior(1e-4, 1e-2, log=True))
    asked = [some.ask(number, [], (), lambda one: one.hidden[0])[0].hidden[0] for number in range(1, 10)]
    plain = [some.ask(number, [], ())[0].hidden[0] for number in range(1, 10)]
    assert sum(asked) / 9 < 25 < sum(plain) / 9


def test_every_fourth_is_made_as_it_was_drawn():
    some = proposals(hidden=Prior(choices=("8", "64")), learning_rate=Prior(1e-4, 1e-2, log=True))
    for number in (12, 16, 20):
        drawn = some.ask(number, [])
        assert drawn == some.ask(number, [], (), lambda one: one.hidden[0])


def test_the_same_seed_and_prices_propose_the_same():
    some, again = (proposals(hidden=Prior(choices=("8", "16", "32")), dropout=Prior(0.0, 0.5)) for _ in range(2))
    for number in range(12):
        asked = [one.ask(number, [], (), lambda one: price(hidden=one.hidden)) for one in (some, again)]
        assert asked[0] == asked[1]

"""Tricks: what counts as using one, and that switching it changes nothing else."""

import pytest

from gatewise.settings import Settings
from gatewise.tricks import TRICKS

EVERYTHING = Settings.of(
    window=24, horizon=3, season=12, schedule="cosine", clip_norm=1.0, clip_value=0.5, dropout=0.2,
    recurrent_dropout=0.1, l2=1e-5, weight_decay=0.01, noise=0.05, shift=1, magnitude=0.05, averaging=0.99,
    normalise="mean", rescale="std", base="season",
)  # fmt: skip
NOTHING = Settings.of(window=24, horizon=3, season=12, clip_norm=0.0)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda one: one.name)
def test_a_trick_is_switched_off_and_on_alone(trick):
    assert trick.used(EVERYTHING) and not trick.used(NOTHING)
    without, applied = trick.without(EVERYTHING), trick.applied(NOTHING)
    assert not trick.used(without) and trick.used(applied)
    for changed, before in ((without, EVERYTHING), (applied, NOTHING)):
        differing = {name for name in Settings.model_fields if getattr(changed, name) != getattr(before, name)}
        assert differing and differing <= set(trick.names)
    assert trick.described(NOTHING) == "off" and trick.names[0] in trick.described(EVERYTHING)


def test_no_setting_belongs_to_two_tricks():
    names = [name for trick in TRICKS for name in trick.names]
    assert len(names) == len(set(names))


def test_adamw_decays_its_weights_even_where_the_decay_is_open():
    decay = next(trick for trick in TRICKS if "weight_decay" in trick.names)
    adamw = NOTHING.change(optimizer="adamw")
    assert decay.used(adamw) and decay.described(adamw) == "weight_decay 0.01"
    assert decay.without(adamw).weight_decay == 0.0


def test_the_base_is_a_season_only_where_the_window_holds_one():
    base = next(trick for trick in TRICKS if trick.names == ("base",))
    assert base.applied(NOTHING).base == "season"
    assert base.applied(NOTHING.change(season=36)).base == base.applied(NOTHING.change(season=1)).base == "last"

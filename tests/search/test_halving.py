from gatewise.search.halving import Halving, rungs_of
from gatewise.settings import Settings


def told(halving: Halving, scores: dict[int, float], *, ended: bool = False) -> None:
    for number, score in scores.items():
        halving.tell(number, score, ended=ended)


def begun(count: int, **kind) -> Halving:
    halving = Halving((4, 12, 36), 3, **kind)
    for number in range(count):
        halving.begin(number)
    return halving


def test_rungs_end_with_all_epochs_and_never_fall_below_the_fewest():
    assert rungs_of(Settings.of(halving="halving", epochs=30, halving_epochs=4)) == (10, 30)
    assert rungs_of(Settings.of(halving="hyperband", epochs=81, halving_epochs=1)) == (1, 3, 9, 27, 81)
    assert rungs_of(Settings.of(halving="halving", epochs=3, halving_epochs=4)) == (3,)


def test_one_of_three_goes_on_and_only_when_three_are_there():
    halving = begun(6)
    assert [halving.until(n) for n in (0, 1)] == [4, 4]
    told(halving, {0: 0.5, 1: 0.4})
    assert halving.promote() is None
    told(halving, {2: 0.6})
    assert halving.promote() == 1 and halving.until(1) == 12
    assert halving.promote() is None
    told(halving, {3: 0.9, 4: 0.3, 5: 0.8})
    assert halving.promote() == 4 and halving.promote() is None


def test_the_higher_rung_goes_first_and_its_trial_trains_to_the_end():
    halving = begun(9)
    told(halving, {number: number / 10 for number in range(9)})
    assert [halving.promote() for _ in range(4)] == [0, 1, 2, None]
    told(halving, {0: 0.05, 1: 0.06, 2: 0.01})
    assert halving.promote() == 2 and halving.until(2) is None


def test_a_trial_that_ended_early_counts_in_every_rung_and_never_goes_on():
    halving = begun(3)
    told(halving, {0: 0.1}, ended=True)
    told(halving, {1: 0.2, 2: 0.3})
    assert halving.promote() is None
    assert halving.finish() is None, "the best has ended"


def test_finals_train_to_their_end_however_few_a_rung_lets_through():
    halving = begun(2, finals=2)
    told(halving, {0: 0.2, 1: 0.1})
    assert halving.promote() is None
    assert [halving.finish(), halving.finish(), halving.finish()] == [1, 0, None]
    told(halving, {1: 0.1, 0: 0.2})
    assert halving.finish() == 1 and halving.until(1) is None


def test_hyperband_lets_some_trials_pass_over_the_first_rungs():
    halving = begun(49, hyperband=True)
    first = [halving.until(number) for number in range(49)]
    assert first.count(4) > first.count(12) > first.count(None) > 0


def test_equal_scores_are_decided_by_age():
    halving = begun(12)
    told(halving, dict.fromkeys(range(12), 0.5))
    assert halving.promote() == 0

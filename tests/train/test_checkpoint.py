import numpy as np
import pytest

from gatewise.errors import RunFolderError
from gatewise.settings import Settings
from gatewise.train.checkpoint import packed, unpacked
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

SETTINGS = Settings.of(
    window=12, horizon=3, season=12, val_windows=4, test_windows=1, hidden=(8, 4), epochs=6, dropout=0.3, noise=0.1,
    averaging=0.9, schedule="plateau", decay_steps=1, seed=3,
)  # fmt: skip
BENCH = Workbench.of(panel_of_values(seasonal_values()), SETTINGS)


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "rmsprop", "sgd"])
def test_a_training_that_pauses_goes_on_bit_for_bit(optimizer):
    settings = SETTINGS.change(optimizer=optimizer)
    whole = BENCH.train(settings)
    training = BENCH.train(settings, until=1).training
    for until in (3, 4, None):
        assert training.status == "paused"
        checkpoint = unpacked(packed(training.checkpoint, "mine"), "mine")
        candidate = BENCH.train(settings, checkpoint=checkpoint, until=until)
        training = candidate.training
    np.testing.assert_array_equal(whole.training.parameters, training.parameters)
    np.testing.assert_array_equal(whole.forecast, candidate.forecast)
    strip = [{**vars(epoch), "seconds": 0} for epoch in whole.training.epochs]
    assert strip == [{**vars(epoch), "seconds": 0} for epoch in training.epochs]
    assert (training.status, training.message) == (whole.training.status, whole.training.message)


def test_a_training_that_has_ended_ends_again_at_once():
    training = BENCH.train(SETTINGS).training
    again = BENCH.train(SETTINGS, checkpoint=unpacked(packed(training.checkpoint, ""), "")).training
    assert again.status == training.status and again.epochs == training.epochs


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused():
    document = packed(BENCH.train(SETTINGS, until=1).training.checkpoint, "mine")
    for bad, owner in ((document, "other"), (document[:-20], "mine"), (b"", "mine"), (b"\xff" * 99, "mine")):
        with pytest.raises(RunFolderError, match="cannot be read"):
            unpacked(bad, owner)


def test_every_epoch_leaves_a_checkpoint_and_stopping_finishes_the_epoch():
    kept, seen = [], []
    training = BENCH.train(SETTINGS, keep=kept.append, observe=seen.append, should_stop=lambda: len(seen) == 2).training
    assert [len(one.epochs) for one in kept] == [1, 2] and training.status == "interrupted"
    assert len(BENCH.train(SETTINGS, must_stop=lambda: True).training.epochs) == 0

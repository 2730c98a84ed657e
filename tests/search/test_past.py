"""Trials and ranges read back from a study as the search wrote them."""

import math

import pytest

from gatewise.errors import RunFolderError
from gatewise.search.past import open_study, past_trials, priors_of
from gatewise.search.space import Space
from gatewise.search.study import search
from gatewise.settings import Prior, Settings
from gatewise.workbench import Workbench
from tests.panels import panel_of_values, seasonal_values

START = Settings.of(
    window=24,
    patch=12,
    horizon=3,
    season=12,
    val_windows=4,
    test_windows=1,
    hidden=(4,),
    normalise="mean",
    epochs=1,
    schedule="step",
)
PRIORS = {
    "window": Prior(choices=(12, 24)),
    "patch": Prior(choices=(12, 24)),
    "dropout": Prior(0.0, 0.5),
    "optimizer": Prior(choices=("adam", "sgd")),
    "learning_rate": Prior(1e-3, 1e-2, log=True),
    "schedule": Prior(choices=("constant", "step")),
    "decay_rate": Prior(0.3, 0.95, when=("schedule", ("exponential", "step", "plateau"))),
    "clip_norm": Prior(choices=(0.1, 1.0)),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    bench = Workbench.of(panel_of_values(seasonal_values()), START)
    space = Space((START, START.change(optimizer="sgd", learning_rate=0.1), START.change(window=12)), PRIORS)
    storage = f"sqlite:///{folder / 'study.db'}"
    return folder, space, search(bench, space, trials=12, storage=lambda: storage)


def test_trials_come_back_as_they_were(found):
    folder, _, result = found
    past = past_trials(open_study(folder))
    assert [one.number for one in past] == [one.number for one in result.trials]
    assert [one.settings for one in past] == [one.settings for one in result.trials]
    assert [(one.status, one.best_epoch) for one in past] == [(one.status, one.best_epoch) for one in result.trials]
    assert [one.score for one in past] == [one.score for one in result.trials]


def test_conditional_parameters_fold_into_the_setting_they_belong_to(found):
    folder, space, _ = found
    study = open_study(folder)
    parameters = {name for trial in study.trials for name in trial.params}
    assert {"patch_of_24", "sgd_learning_rate", "learning_rate"} <= parameters and "patch" not in parameters
    priors = priors_of(study)
    assert set(priors) == set(space.priors)
    for name, prior in priors.items():
        wanted = space.priors[name]
        assert (prior.choices, prior.when, prior.log) == (wanted.choices, wanted.when, wanted.log)
        assert (prior.low, prior.high) == ((None, None) if wanted.choices else pytest.approx((wanted.low, wanted.high)))


def test_trials_that_never_ended_are_left_out(found):
    folder, _, result = found
    study = open_study(folder)
    study.ask()
    assert len(past_trials(study)) == len(result.trials)
    assert all(math.isfinite(one.score) == one.usable for one in past_trials(study))


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="holds no study.db"):
        open_study(tmp_path)
    (tmp_path / "study.db").write_text("this is no database, and long enough not to be taken for an empty one")
    with pytest.raises(RunFolderError, match="cannot read"):
        open_study(tmp_path)

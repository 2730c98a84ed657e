"""Optuna's importance evaluators on a search whose conditional parameters have been folded into settings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.errors import SettingsError
from gatewise.search.folding import Columns

if TYPE_CHECKING:
    import optuna

__all__ = ["evaluate"]

TARGET = 0.25
"""Share of the trials that count as good for PED-ANOVA: at least five of twenty, as Optuna advises."""


def evaluate(columns: Sequence[Columns], losses: np.ndarray, method: str, seed: int) -> dict[str, float]:
    """Return each setting's share of the importance.

    PED-ANOVA leaves a setting out of the trials in which it is idle; the forests take its idle value there.

    Args:
        columns: the settings over the trials.
        losses: of the trials.
        method: ``fanova``, ``ped-anova`` or ``mean-decrease``.
        seed: of the forests.

    Raises:
        SettingsError: when scikit-learn, on which Optuna builds its forests, is not installed.
    """
    import optuna

    study = _folded(columns, losses, drop_idle=method == "ped-anova")
    try:
        evaluator: Any = {
            "fanova": lambda: optuna.importance.FanovaImportanceEvaluator(seed=seed),
            "mean-decrease": lambda: optuna.importance.MeanDecreaseImpurityImportanceEvaluator(seed=seed),
            "ped-anova": lambda: optuna.importance.PedAnovaImportanceEvaluator(target_quantile=TARGET),
        }[method]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # few trials where a setting exists: that is what the note beside says
            shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except ImportError:
        raise SettingsError(
            f"the method '{method}' needs scikit-learn, but it is not installed. Install it, or use additive or "
            "ped-anova."
        ) from None
    return {name: float(share) for name, share in shares.items()}


def _folded(columns: Sequence[Columns], losses: np.ndarray, drop_idle: bool) -> optuna.Study:
    """Return a study in memory in which each setting is one parameter with everything that it took."""
    import optuna
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kinds = {
        one.name: FloatDistribution(min(one.raw), max(one.raw))
        if one.ranged
        else CategoricalDistribution(list(dict.fromkeys(one.raw)))
        for one in columns
    }
    study = optuna.create_study()
    for place, loss in enumerate(losses):
        here = [one for one in columns if one.active[place] or not drop_idle]
        study.add_trial(
            optuna.trial.create_trial(
                params={one.name: one.raw[place] for one in here},
                distributions={one.name: kinds[one.name] for one in here},
                value=float(loss),
            )
        )
    return study

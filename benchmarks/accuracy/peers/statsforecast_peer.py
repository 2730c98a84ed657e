"""StatsForecast's Naive, SeasonalNaive, AutoETS and Theta with their defaults, refitted at each origin.

AutoETS knows no season longer than 24 steps and then fits models without one.
"""

from __future__ import annotations

import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, Naive, SeasonalNaive, Theta
from task import Task


def forecast(task: Task) -> pd.DataFrame:
    """Return the frame of one of them."""
    models = {
        "Naive": lambda: Naive(),
        "SeasonalNaive": lambda: SeasonalNaive(season_length=task.season),
        "AutoETS": lambda: AutoETS(season_length=task.season),
        "Theta": lambda: Theta(season_length=task.season),
    }
    peer = StatsForecast([models[task.model]()], freq=1, n_jobs=1, fallback_model=Naive())
    made = peer.cross_validation(
        df=task.frame,
        h=task.horizon,
        test_size=task.test_rows,
        n_windows=None,
        step_size=task.stride,
        refit=True,
    )
    return pd.DataFrame(made)

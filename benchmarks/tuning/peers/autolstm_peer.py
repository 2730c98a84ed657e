"""NeuralForecast's AutoLSTM under Optuna: its own space and budget (500 or 1000 steps a trial), judged by RMSE.

The winner is trained anew without the validation part (`refit_with_val` keeps that part out of the training, whatever
its name says), and judged by its one-step forecasts there.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import optuna
import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.auto import AutoLSTM
from neuralforecast.losses.pytorch import RMSE
from task import Task, asked, finish

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "enable_progress_bar": False,
}


def main() -> None:
    """Search, then judge the best model."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = asked()
    values = task.values()
    frame = pd.DataFrame({"unique_id": "co2", "ds": np.arange(len(values)), "y": values})
    forecaster = NeuralForecast([_model(task)], freq=1)
    forecaster.fit(frame, val_size=task.validation)
    made = forecaster.predict_insample(step_size=1)
    last = made.loc[made["ds"] >= len(values) - task.validation]
    if len(last) != task.validation:
        raise SystemExit(f"forecasts of {task.validation} weeks were wanted, but there are {len(last)}")
    rmse = float(np.sqrt(np.mean((last["AutoLSTM"].to_numpy() - last["y"].to_numpy()) ** 2)))
    finish(rmse, "neuralforecast", "torch", "optuna")


def _model(task: Task) -> AutoLSTM:
    space = AutoLSTM.get_default_config(h=1, backend="optuna")

    def config(trial: Any) -> dict[str, Any]:
        return {**space(trial), **QUIET}

    return AutoLSTM(
        h=1,
        valid_loss=RMSE(),
        config=config,
        backend="optuna",
        search_alg=optuna.samplers.TPESampler(seed=task.seed),
        num_samples=task.trials,
        refit_with_val=True,
        alias="AutoLSTM",
        callbacks=[lambda study, trial: task.note(trial.number, finished=True)],
    )


if __name__ == "__main__":
    main()

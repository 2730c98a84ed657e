"""NeuralForecast's LSTM, AutoLSTM and DilatedRNN, trained once on the rows before the test part.

- LSTM: every default, and 500 steps.
- DilatedRNN: every default (1000 steps), ended earlier where its minutes run out.
- AutoLSTM: the default search space under Optuna's default sampler, judged on the validation rows. It may begin trials
  in the first half of its minutes; each trial, and the training of the winner, is cut at a quarter of them. A trial cut
  before its first look at the validation rows (100 steps), or with a window too long for the series, counts as failed.
"""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.auto import AutoLSTM
from neuralforecast.common._base_auto import OptunaOptions
from neuralforecast.models import LSTM, DilatedRNN
from task import Task

LSTM_STEPS = 500
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "enable_progress_bar": False,
}


def forecast(task: Task) -> pd.DataFrame:
    """Return the frame of one of them."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    make = {"LSTM": _lstm, "DilatedRNN": _dilated, "AutoLSTM": _auto}[task.model]
    validation = task.validation if task.model == "AutoLSTM" or not task.refitted else 0
    return NeuralForecast([make(task)], freq=1).cross_validation(
        task.frame, n_windows=None, test_size=task.test_rows, val_size=validation, step_size=task.stride
    )


def _lstm(task: Task) -> LSTM:
    return LSTM(h=task.horizon, max_steps=2 if task.quick else LSTM_STEPS, **QUIET)


def _dilated(task: Task) -> DilatedRNN:
    quick = {"max_steps": 2} if task.quick else {}
    return DilatedRNN(h=task.horizon, max_time={"seconds": task.seconds}, **quick, **QUIET)


def _auto(task: Task) -> AutoLSTM:
    space = AutoLSTM.get_default_config(h=task.horizon, backend="optuna")
    cut = {"max_time": {"seconds": task.seconds / 4}}
    quick = {"max_steps": 2, "input_size": task.horizon} if task.quick else {}

    def config(trial: Any) -> dict[str, Any]:
        return {**space(trial), **cut, **quick, **QUIET}

    return AutoLSTM(
        h=task.horizon,
        config=config,
        backend="optuna",
        num_samples=1 if task.quick else 1000,
        time_budget=task.seconds / 2,
        alias="AutoLSTM",
        refit_with_val=not task.refitted,
        # Cut before it has validated, a trial has no loss; with a window that the series are too short for it raises.
        optuna_options=OptunaOptions(study_kwargs={"catch": (Exception,)}),
    )

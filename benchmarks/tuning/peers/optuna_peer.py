"""Plain Optuna around a PyTorch loop, as its tutorial has it: a study in SQLite, `load_if_exists`, `optimize`.

Made to be killed and started again: what then stands in the study is what the benchmark looks at. A start asks for the
trials that are missing from the number wanted.
"""

from __future__ import annotations

from pathlib import Path

import optuna
import torch
from optuna.trial import TrialState
from task import Task, asked, finish

EPOCHS, WINDOW, BATCH = 5, 10, 64


class Network(torch.nn.Module):
    """An LSTM and a dense head."""

    def __init__(self, units: int):
        super().__init__()
        self.lstm, self.head = torch.nn.LSTM(1, units, batch_first=True), torch.nn.Linear(units, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the forecasts of a batch of windows."""
        return self.head(self.lstm(inputs)[0][:, -1])


def main() -> None:
    """Search until as many trials are finished as were asked for."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task = asked()
    study = optuna.create_study(
        study_name="peer",
        storage=f"sqlite:///{Path(task.folder) / 'study.db'}",
        sampler=optuna.samplers.TPESampler(seed=task.seed),
        load_if_exists=True,
    )
    finished = len(study.get_trials(states=(TrialState.COMPLETE,)))
    study.optimize(lambda trial: _objective(task, trial), n_trials=max(task.trials - finished, 0))
    finish(study.best_value, "optuna", "torch")


def _objective(task: Task, trial: optuna.Trial) -> float:
    """Train one network; return its RMSE on the validation part, in ppm."""
    torch.manual_seed(task.seed)
    inputs, targets, judged, _ = (torch.from_numpy(part.copy()) for part in task.windows(WINDOW))
    network = Network(trial.suggest_categorical("units", [32, 64, 128]))
    optimizer = torch.optim.Adam(network.parameters(), trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True))
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(inputs)).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(network(inputs[chosen]), targets[chosen]).backward()
            optimizer.step()
        task.note(trial.number, epoch=epoch + 1)
    with torch.no_grad():
        rmse = task.rmse(network(judged).numpy())
    task.note(trial.number, finished=True)
    return rmse


if __name__ == "__main__":
    main()

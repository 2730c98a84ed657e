"""KerasTuner with Keras: the textbook LSTM, its size, window, dropout, learning rate and batch searched.

Written as KerasTuner's guide writes it: a HyperModel whose `fit` draws what the model does not hold, a tuner with
`max_trials`, early stopping that restores the best weights, the best model loaded in the end. A folder that holds a
search is gone on with (`overwrite=False`, the default).
"""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
from task import EPOCHS, PATIENCE, Task, asked, finish

UNITS = [32, 64, 128]


class TextbookLSTM(keras_tuner.HyperModel):
    """One or two LSTM layers, dropout behind each, and a dense head."""

    def __init__(self, task: Task):
        super().__init__()
        self.task = task

    def build(self, hp: Any) -> keras.Model:
        """Return a compiled model."""
        window, layers = hp.Choice("window", [10, 26, 52]), hp.Int("layers", 1, 2)
        dropout = hp.Float("dropout", 0.0, 0.5)
        model = keras.Sequential([keras.Input((window, 1))])
        for layer in range(layers):
            model.add(keras.layers.LSTM(hp.Choice(f"units_{layer}", UNITS), return_sequences=layer < layers - 1))
            model.add(keras.layers.Dropout(dropout))
        model.add(keras.layers.Dense(1))
        rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
        model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
        return model

    def fit(self, hp: Any, model: keras.Model, *arguments: Any, **options: Any) -> Any:
        """Train a model on the windows that it takes."""
        inputs, targets, *validation = self.task.windows(hp.get("window"))
        batch = hp.Choice("batch_size", [16, 32, 64, 128])
        return model.fit(
            inputs, targets, *arguments, validation_data=tuple(validation), batch_size=batch, epochs=EPOCHS, **options
        )


def tuner_of(task: Task) -> keras_tuner.Tuner:
    """Return the tuner, which notes every epoch and every end of a trial."""
    base = {"random": keras_tuner.RandomSearch, "bayesian": keras_tuner.BayesianOptimization}[task.tuner]

    class Noting(base):
        def on_epoch_end(self, trial: Any, model: Any, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(trial, model, epoch, logs)
            task.note(trial.trial_id, epoch=epoch + 1)

        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            task.note(trial.trial_id, finished=True)

    return Noting(
        TextbookLSTM(task),
        objective="val_loss",
        max_trials=task.trials,
        seed=task.seed,
        directory=task.folder,
        project_name="keras_tuner",
    )


def main() -> None:
    """Search, then judge the best model."""
    task = asked()
    tuner = tuner_of(task)
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)
    tuner.search(callbacks=[stop], verbose=0)
    best = tuner.get_best_models(1)[0]
    inputs = task.windows(tuner.get_best_hyperparameters(1)[0].get("window"))[2]
    finish(task.rmse(best.predict(inputs, verbose=0)), "keras-tuner", "keras")


if __name__ == "__main__":
    main()

"""What a stage of a run rests on and comes to, laid open for `gatewise.evaluate.comparing.compare`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatewise.data.covariates import places
from gatewise.data.panel import Panel, Series
from gatewise.ensemble import Chosen, Ensemble
from gatewise.settings import Settings
from gatewise.train.checkpoint import Checkpoint
from gatewise.workbench import Candidate, Workbench

__all__ = ["of_bench", "of_candidate", "of_checkpoints", "of_chosen", "of_ensemble", "of_panel", "of_training_part"]


def of_panel(panel: Panel, drop: int) -> dict[str, Any]:
    """Return what a panel holds up to the cutoff `drop` steps before the end of each series, categories by name."""
    cut = panel.longer_than(drop).head(drop)
    names = {"freq": cut.freq, "time": cut.time, "target": cut.target, "id_column": cut.id_column}
    return {**names, "series": {one.unique_id: _of_series(one, cut) for one in cut}}


def _of_series(one: Series, panel: Panel) -> dict[str, Any]:
    past = [panel.covariates[place] for place in places(panel.covariates, "past")]
    columns = {
        covariate.name: _named(one.past[:, place], covariate.categories)
        for place, covariate in enumerate(past)
        if one.past is not None
    }
    seen = {name: getattr(one, name) for name in ("index", "values", "observed", "inserted", "future", "static")}
    return {**seen, "past": columns}


def _named(column: np.ndarray, categories: tuple[str, ...] | None) -> np.ndarray:
    """Return a column with its codes as the names of the categories, for codes are those of one table."""
    if categories is None:
        return column
    known = np.array([*categories, "(not known)"])
    return known[np.where(np.isnan(column), len(categories), column).astype(np.int64)]


def of_bench(bench: Workbench, portfolio: Sequence[Settings]) -> dict[str, Any]:
    """Return what trainings start from: split, scalers, encoders, tables on the device, windows, linear bases."""
    judged = {"split": bench.split, "error_scale": bench.error_scale, "truth": bench.truth}
    return {**judged, "network": [_start(bench, one) | _tables(bench, one) for one in portfolio]}


def of_training_part(bench: Workbench, portfolio: Sequence[Settings]) -> dict[str, Any]:
    """Return what of it must rest on the training part alone: all but what trainings are judged by."""
    return {"error_scale": bench.error_scale, "network": [_start(bench, one) for one in portfolio]}


def _start(bench: Workbench, settings: Settings) -> dict[str, Any]:
    lessons = bench.lessons(settings)
    return {
        "architecture": bench.architecture(settings),
        "scaler": bench.scaler(settings),
        "encoder": bench.encoder(settings).to_dict(),
        "training_windows": lessons.windows,
        "weight_of_series": lessons.weight,
        "linear_base": None if lessons.table.linear is None else np.asarray(lessons.table.linear),
    }


def _tables(bench: Workbench, settings: Settings) -> dict[str, Any]:
    table = bench.lessons(settings).table
    arrays = {name: None if part is None else np.asarray(part) for name, part in table._asdict().items()}
    return {"table": arrays, "validation_windows": bench.check(settings)[1]}


def of_candidate(candidate: Candidate) -> dict[str, Any]:
    """Return a training: settings, losses of every epoch, weights, score, forecasts from the validation origins."""
    training, fitted = candidate.training, candidate.fitted
    epochs = [{name: value for name, value in vars(one).items() if name != "seconds"} for one in training.epochs]
    return {
        "settings": fitted.settings,
        "status": training.status,
        "epochs": epochs,
        "best_epoch": training.best_epoch,
        "weights": training.parameters,
        "scaler": fitted.scaler,
        "encoder": fitted.encoder.to_dict(),
        "linear_base": fitted.linear,
        "score": candidate.score,
        "validation_forecast": candidate.forecast,
    }


def of_checkpoints(checkpoints: Sequence[Checkpoint]) -> list[dict[str, Any]]:
    """Return the weights and the state of the optimizer after each epoch."""
    states = [one.state for one in checkpoints if one.state is not None]
    return [{"weights": one.parameters, "average": one.average, "optimizer": one.optimizer} for one in states]


def of_chosen(chosen: Chosen, ensemble: Ensemble) -> dict[str, Any]:
    """Return which networks forecast together and how, and what their intervals rest on."""
    return {
        "members": [one.fitted.settings for one in chosen.members],
        "weights_of_members": chosen.weights,
        "score": chosen.score,
        "rmse": chosen.rmse,
        "floor": ensemble.floor,
        "error_scale": ensemble.error_scale,
        "residuals": ensemble.residuals,
        "widening": ensemble.widening,
    }


def of_ensemble(ensemble: Ensemble) -> list[dict[str, Any]]:
    """Return the networks of an ensemble: their weights, scalers, encoders and linear bases."""
    return [
        {
            "weights": one.parameters,
            "scaler": one.scaler,
            "encoder": one.encoder.to_dict(),
            "linear_base": one.linear,
        }
        for one in ensemble.members
    ]

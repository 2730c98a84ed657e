"""Documents in the form of ``evaluation.json``: a single series, a panel, and one full of nulls."""

from __future__ import annotations

import math
from typing import Any

MODELS = ("gatewise", "AutoETS", "AutoTheta", "linear", "seasonal_naive", "drift", "window_mean", "last_value")

SECONDS = dict(zip(MODELS, (200.0, 3.0, 4000.0, None, 0.5, 59.0, 61.0, 10.0), strict=True))


def model_row(model: str, mase: float | None, **metrics: float | None) -> dict[str, Any]:
    """Return a model's metrics, which follow from its MASE unless they are given."""
    scaled = {
        "RMSSE": 1.1,
        "sMAPE": 12.0,
        "WAPE": 0.1,
        "bias": -0.01,
        "RMSE": 3.0,
        "MAE": 2.0,
        "pinball": 0.9,
        "CRPS": 1.2,
    }
    known = {name: None if mase is None else factor * mase for name, factor in scaled.items()}
    return {"model": model, "MASE": mase, **known, "seconds": SECONDS.get(model), **metrics}  # fmt: skip


def evaluation(series: int = 1, origins: int = 3, horizon: int = 4) -> dict[str, Any]:
    """Return an evaluation whose model k has an MASE of 0.8 + k / 10, 0.01 more on each further series or origin."""
    mase = {model: 0.8 + place / 10 for place, model in enumerate(MODELS)}
    errors = [{model: value + row / 100 for model, value in mase.items()} for row in range(max(series, origins))]
    return {
        "season": 7,
        "horizon": horizon,
        "origins": origins,
        "series": series,
        "models": [model_row(model, value) for model, value in mase.items()],
        "left_out": [{"model": "AutoARIMA", "why": "It takes longer than a minute on <this> table."}],
        "intervals": [
            {"model": model, "level": level, "coverage": level / 100 - off, "width": level / 20, "truths": 400,
             "by_step": [level / 100 - off] * horizon}
            for model, off in (("gatewise", 0.01), ("AutoETS", 0.15)) for level in (80, 95)
        ],
        "by_step": {model: {"MAE": [value * math.sqrt(step) for step in range(1, horizon + 1)]}
                    for model, value in mase.items()},
        "by_series": [{"unique_id": f"s{row}", **errors[row]} for row in range(series)],
        "by_origin": [{"cutoff": f"2026-02-{1 + 4 * row:02d}", **errors[row]} for row in range(origins)],
        "comparison": {"against": "AutoETS", "improvement": 0.12, "low": 0.05, "high": 0.18, "p_value": 0.01,
                       "test": "Diebold-Mariano test with small-sample correction.", "decision": "better"},
        "recommended": "gatewise",
        "lag_copy": None,
        "optimism": {"validation": 0.75, "test": 0.8, "configurations": 30, "seed_spread": 0.02,
                     "message": "The test is 7% worse than validation."},
    }  # fmt: skip


def empty_evaluation() -> dict[str, Any]:
    """Return an evaluation in which all that may be null is null, as a constant series gives it."""
    models = [model_row("gatewise", None, MAE=0.5, RMSE=None), model_row("last_value", None, MAE=0.0, seconds=None)]
    comparison = {"against": "last_value", "improvement": None, "low": None, "high": None, "p_value": None, "test": "",
                  "decision": "tie"}  # fmt: skip
    interval = {"model": "gatewise", "level": 80, "coverage": None, "width": None, "truths": 0, "by_step": [None, None]}
    return {
        **evaluation(),
        "models": models,
        "left_out": [],
        "intervals": [interval],
        "by_step": {"gatewise": {"MAE": [None, None]}, "last_value": {"MAE": [0.0, 0.0]}},
        "by_series": [{"unique_id": "a", "gatewise": None, "last_value": None}],
        "by_origin": [{"cutoff": "2026-02-01", "gatewise": None, "last_value": None}],
        "comparison": comparison,
        "recommended": "last_value",
        "lag_copy": {"steps": 1, "message": "The forecast is the truth, one step late."},
        "optimism": None,
    }


def audit() -> dict[str, Any]:
    """Return an audit of three checks, one of which failed and one could not be made."""
    checks = [("scaling", True), ("future shuffled", False), ("duplicates", None)]
    return {
        "passed": False,
        "line": "Audited: 1 of 2 checks failed.",
        "checks": [{"name": name, "passed": passed, "detail": f"evidence of {name}"} for name, passed in checks],
        "date": "2026-11-25",
    }

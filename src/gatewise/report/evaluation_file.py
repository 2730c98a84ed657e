"""Reading ``evaluation.json`` and ``audit.json``; what is missing or of another kind becomes None or empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatewise.report.evaluation import (
    METRICS,
    Audit,
    Check,
    Comparison,
    Errors,
    Evaluation,
    Interval,
    LagCopy,
    LeftOut,
    ModelScore,
    Optimism,
)
from gatewise.report.folder import clock, finite, whole

__all__ = ["audit_of", "evaluation_of"]


def evaluation_of(document: Mapping[str, Any]) -> Evaluation | None:
    """Return ``evaluation.json`` as data, None when it is missing or names no model.

    What is missing, null or of another kind becomes None or empty, so that a file of another version still shows the
    rest.
    """
    models = tuple(
        ModelScore(one["model"], {name: finite(one.get(name)) for name in METRICS})
        for one in _mappings(document.get("models"))
        if isinstance(one.get("model"), str)
    )
    if not models:
        return None
    names = [score.model for score in models]
    steps = document.get("by_step")
    curves = {model: one for model, one in steps.items() if _is(one)} if isinstance(steps, Mapping) else {}
    return Evaluation(
        **{name: whole(document.get(name)) for name in ("season", "horizon", "origins", "series")},
        models=models,
        left_out=tuple(
            LeftOut(str(one.get("model")), str(one.get("why") or "")) for one in _mappings(document.get("left_out"))
        ),
        intervals=tuple(_interval(one) for one in _mappings(document.get("intervals")) if whole(one.get("level"))),
        by_step={str(model): _numbers(one.get("MAE")) for model, one in curves.items() if one.get("MAE")},
        by_series=_errors(document.get("by_series"), "unique_id", names),
        by_origin=_errors(document.get("by_origin"), "cutoff", names),
        comparison=_comparison(document.get("comparison")),
        recommended=str(document.get("recommended") or ""),
        lag_copy=_lag_copy(document.get("lag_copy")),
        optimism=_optimism(document.get("optimism")),
    )


def audit_of(document: Mapping[str, Any]) -> Audit | None:
    """Return ``audit.json`` as data, None when it is missing."""
    if not isinstance(document.get("passed"), bool):
        return None
    checks = tuple(
        Check(str(one.get("name") or ""), one["passed"] if isinstance(one.get("passed"), bool) else None,
              str(one.get("detail") or ""))
        for one in _mappings(document.get("checks"))
    )  # fmt: skip
    return Audit(document["passed"], str(document.get("line") or ""), checks, str(document.get("date") or ""))


def _is(value: Any) -> bool:
    return isinstance(value, Mapping)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if _is(one)] if isinstance(value, list | tuple) else []


def _numbers(value: Any) -> tuple[float | None, ...]:
    return tuple(finite(one) for one in value) if isinstance(value, list | tuple) else ()


def _interval(one: Mapping[str, Any]) -> Interval:
    return Interval(
        model=str(one.get("model") or ""),
        level=whole(one["level"]) or 0,
        coverage=finite(one.get("coverage")),
        width=finite(one.get("width")),
        truths=whole(one.get("truths")),
        by_step=_numbers(one.get("by_step")),
    )


def _errors(rows: Any, name: str, models: Sequence[str]) -> tuple[Errors, ...]:
    made = []
    for row in _mappings(rows):
        label = str(row.get(name, ""))
        errors = {model: finite(row.get(model)) for model in models if model in row}
        made.append(Errors(clock(label) if name == "cutoff" else label, errors))
    return tuple(made)


def _comparison(one: Any) -> Comparison | None:
    if not _is(one) or not one.get("against"):
        return None
    improvement, low, high, p_value = (finite(one.get(name)) for name in ("improvement", "low", "high", "p_value"))
    test, decision = (str(one.get(name) or "") for name in ("test", "decision"))
    return Comparison(str(one["against"]), improvement, low, high, p_value, test, decision)


def _lag_copy(one: Any) -> LagCopy | None:
    return LagCopy(whole(one.get("steps")), str(one.get("message") or "")) if _is(one) else None


def _optimism(one: Any) -> Optimism | None:
    if not _is(one):
        return None
    return Optimism(
        validation=finite(one.get("validation")),
        test=finite(one.get("test")),
        configurations=whole(one.get("configurations")),
        seed_spread=finite(one.get("seed_spread")),
        message=str(one.get("message") or ""),
    )

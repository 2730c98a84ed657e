"""One finding of a training's diagnosis: plain words, the evidence in numbers, and the knobs to turn."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

__all__ = ["SEVERITIES", "Finding", "Severity", "finding", "shown"]

Severity = Literal["problem", "warning", "note", "good"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From what must be mended to what is well: a problem leaves no usable model, a warning one that could clearly be
better, a note one that might be."""


@dataclass(frozen=True)
class Finding:
    """What a diagnosis says about one side of a training.

    Attributes:
        code: what kind of finding it is, such as ``overfitting``.
        severity: problem, warning, note or good.
        text: what was found, with the numbers and the remedy, in one sentence.
        settings: knobs to turn with a value to try for each; all of them together are valid settings.
        evidence: the numbers that it rests on, by name.
        epoch: where in the training it happened, None where no epoch is meant.
    """

    code: str
    severity: Severity
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, float] = field(default_factory=dict)
    epoch: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON has it.

        Example:
            >>> Finding("clipped", "note", "…", {"hidden": (64, 32)}).to_dict()["settings"]
            {'hidden': [64, 32]}
        """
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_dict` wrote; lists become tuples again.

        Raises:
            ValueError: when code, severity or text is missing, or the severity is unknown.

        Example:
            >>> one = Finding("clipped", "note", "…", {"hidden": (64, 32)}, {"share": 0.5}, 3)
            >>> Finding.from_dict(one.to_dict()) == one
            True
        """
        missing = [name for name in ("code", "severity", "text") if not isinstance(document.get(name), str)]
        if missing or document["severity"] not in SEVERITIES:
            raise ValueError(
                f"a finding must have code, severity ({', '.join(SEVERITIES)}) and text, but is {dict(document)!r}"
            )
        knobs = {name: _untied(value) for name, value in (document.get("settings") or {}).items()}
        return cls(
            document["code"],
            document["severity"],
            document["text"],
            knobs,
            dict(document.get("evidence") or {}),
            document.get("epoch"),
        )


def finding(
    code: str,
    severity: Severity,
    text: str,
    settings: Mapping[str, Any],
    *,
    joint: bool = False,
    epoch: int | None = None,
    **evidence: float,
) -> Finding:
    """Return a finding whose sentence ends in what to try.

    Args:
        code: what kind of finding it is.
        severity: how bad it is.
        text: what was found, without the remedy.
        settings: knobs to turn, with values.
        joint: whether they must be turned together; else any one of them may help.
        epoch: where it happened.
        **evidence: numbers; one that is not finite, and so nothing that JSON knows, is left out.

    Example:
        >>> finding("clipped", "note", "95% of the steps are clipped", {"clip_norm": 5.0, "learning_rate": 1e-3}).text
        '95% of the steps are clipped: try clip_norm 5 or learning_rate 0.001'
    """
    tries = [f"{name} {shown(value)}" for name, value in settings.items()]
    remedy = f": try {(' and ' if joint else ' or ').join(tries)}" if tries else ""
    known = {name: float(value) for name, value in evidence.items() if math.isfinite(value)}
    return Finding(code, severity, text + remedy, dict(settings), known, epoch)


def shown(value: Any) -> str:
    """Return a number or a setting as a person writes it.

    Example:
        >>> shown(0.0123456), shown(12.0), shown((64, 32)), shown("last"), shown(123456.7), shown(3e-5)
        ('0.0123', '12', '64,32', 'last', '123457', '3e-05')
    """
    if isinstance(value, tuple | list):
        return ",".join(map(shown, value))
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 or abs(value) >= 1e7 else f"{value:.0f}"
    return str(value)


def _untied(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

"""What a measurement comes to: rows of figures, what follows from them, and both as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from record import Section, both, markdown

__all__ = ["Measured", "facts_text", "table"]

DIGITS = {"rmse, ppm": 3, "rmse of the ensemble, ppm": 3, "trials/s": 2, "wall, s": 1, "times KerasTuner": 1}
"""Decimal places of figures; none for the others."""


@dataclass
class Measured:
    """A measurement.

    Attributes:
        section: name of a row to its figures, one value per round.
        facts: what follows from them, by name: numbers, yes or no, text.
        settings: what it was measured with.
    """

    section: Section = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def table(section: Section) -> str:
    """Return the rows as Markdown."""
    names = list(dict.fromkeys(name for figures in section.values() for name in figures))
    rows = [[row, *(both(figures, name, DIGITS.get(name, 0)) for name in names)] for row, figures in section.items()]
    return markdown(["", *names], rows)


def facts_text(facts: Iterable[tuple[str, Any]]) -> str:
    """Return facts as a list in Markdown."""
    return "\n".join(f"- {name}: {_shown(value)}" for name, value in facts)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

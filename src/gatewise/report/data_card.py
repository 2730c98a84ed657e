"""What the data doctor read, repaired and found, from ``data.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatewise.report.folder import texts

__all__ = ["DataCard", "data_card"]


@dataclass(frozen=True)
class DataCard:
    """What the data doctor read; the parts as ``data.json`` has them.

    Attributes:
        name: the panel's name.
        facts: name, frequency, columns and sizes.
        repairs: counts and flags of what reading repaired.
        notes: sentences on what reading guessed.
        diagnosis: what the doctor found, without its warnings and notes.
        warnings: sentences, each with a remedy.
    """

    name: str
    facts: dict[str, Any]
    repairs: dict[str, Any]
    notes: tuple[str, ...]
    diagnosis: dict[str, Any]
    warnings: tuple[str, ...]


def data_card(document: dict[str, Any]) -> DataCard:
    """Return the parts of ``data.json``."""
    repairs, diagnosis = (dict(document.get(part) or {}) for part in ("repairs", "diagnosis"))
    notes = texts(repairs.pop("notes", None)) + texts(diagnosis.pop("notes", None))
    return DataCard(
        name=str(document.get("name") or ""),
        facts={name: value for name, value in document.items() if name not in ("name", "repairs", "diagnosis")},
        repairs=repairs,
        notes=tuple(dict.fromkeys(notes)),
        warnings=texts(diagnosis.pop("warnings", None)),
        diagnosis=diagnosis,
    )

"""The table of settings as rows, as the command line, the search space and the docs read it."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from gatewise.settings import Prior, Settings

__all__ = ["Row", "settings_table"]


class Row(NamedTuple):
    """One row of the table of settings, as CLI, docs and search read it."""

    name: str
    group: str
    kind: str
    default: Any
    unit: str
    help: str
    choices: tuple[str, ...]
    prior: Prior | None


def settings_table() -> tuple[Row, ...]:
    """Return the table of settings, in the order of the groups.

    Example:
        >>> [row.name for row in settings_table() if row.group == "network"]
        ['hidden', 'dropout', 'embedding', 'recurrent_dropout']
    """
    rows = []
    for name, field in Settings.model_fields.items():
        extra: Any = field.json_schema_extra
        kinds = [kind for kind in (get_args(field.annotation) or (field.annotation,)) if kind is not type(None)]
        literal = all(isinstance(kind, str) for kind in kinds)
        kind = "choice" if literal else getattr(kinds[0], "__name__", str(kinds[0]))
        prior = Prior(**extra["prior"]) if "prior" in extra else None
        choices = tuple(str(kind) for kind in kinds) if literal else ()
        rows.append(
            Row(name, extra["group"], kind, field.default, extra["unit"], field.description or "", choices, prior)
        )
    return tuple(rows)

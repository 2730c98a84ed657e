"""The data of a run with another future: scrambled in the table before it is read, or else in the panel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gatewise.data.example import co2_table
from gatewise.data.panel import Panel
from gatewise.data.read import read_table
from gatewise.errors import DataError
from gatewise.evaluate.rewriting import RawTable
from gatewise.evaluate.scrambling import Scrambling, cells_of, refilled
from gatewise.forecast import panel_of
from gatewise.planning import Plan
from gatewise.settings import Settings

__all__ = ["Tables", "tables_of"]

ALMOST_ALL = 0.999999
"""Share of a scrambled series that may be missing: some more cells are than in the data, no reason to refuse them."""


@dataclass(frozen=True, eq=False)
class Tables:
    """The data of a run, ready to be scrambled.

    Attributes:
        panel: as the run read them.
        raw: the table that they were read from; None where there is none, or where it does not read the same twice.
        future_data: the table of covariates known ahead, None for none.
    """

    panel: Panel
    raw: RawTable | None
    future_data: Any = None

    @property
    def sentence(self) -> str:
        """At what level the data are scrambled."""
        if self.raw is not None:
            return "The table itself was scrambled and read again, so reading and filling of gaps are audited, too."
        return "The run was given a panel without its table, so the panel was scrambled; reading is not audited."

    def scrambled(self, scrambling: Scrambling) -> Panel:
        """Return the panel of the scrambled data.

        Raises:
            DataError: when reading refuses the table.
        """
        cells = cells_of(self.panel, scrambling)
        return refilled(self.panel, cells) if self.raw is None else _read(self.raw, cells, self.future_data)


def tables_of(made: Plan, data: Any = None, future_data: Any = None) -> Tables:
    """Return the data of a run.

    Args:
        made: its plan.
        data: the data, where the run was given a frame or the file has moved; None for the file of the plan.
        future_data: the covariates known ahead, likewise.
    """
    table = made.source.data if data is None else data
    if made.command == "demo":
        table = co2_table()
    future = made.source.future_data if future_data is None else future_data
    if table is None or isinstance(table, Panel):
        return Tables(made.panel, None)
    raw = RawTable(read_table(table), made.panel, Settings.of(**made.given))
    unchanged = cells_of(made.panel, Scrambling(0, scrambled=False))
    try:
        same = _read(raw, unchanged, future).fingerprint == made.panel.fingerprint
    except DataError:
        same = False
    return Tables(made.panel, raw if same else None, future)


def _read(raw: RawTable, cells: Any, future_data: Any) -> Panel:
    panel = panel_of(raw.with_cells(cells), raw.settings.change(max_missing=ALMOST_ALL), future_data=future_data)
    return replace(panel, name=raw.panel.name)

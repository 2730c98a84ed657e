"""Scrambled cells written into the raw table, so that reading and imputation are audited with all that follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.cells import column_of
from gatewise.data.columns import Roles, guess_roles, read_numbers
from gatewise.data.covariates import Covariate, places
from gatewise.data.panel import Panel
from gatewise.data.rows import Rows, read_rows
from gatewise.evaluate.scrambling import Cells, with_new_categories
from gatewise.settings import Settings

__all__ = ["RawTable"]


@dataclass(frozen=True, eq=False)
class RawTable:
    """The table that a panel was read from.

    Attributes:
        frame: the table, as `gatewise.data.read.read_table` returns it.
        panel: the whole panel that was read from it.
        settings: how its columns were named.
    """

    frame: pd.DataFrame
    panel: Panel
    settings: Settings

    @cached_property
    def _roles(self) -> Roles:
        s = self.settings
        return guess_roles(
            self.frame, time=s.time, target=s.target, id=s.id, past=s.past, future=s.future, static=s.static
        )

    @cached_property
    def _rows(self) -> Rows:
        return read_rows(self.frame, self._roles, 1.0, [])

    @cached_property
    def _places(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each series the rows that it was read from, and the step of each."""
        by_code = np.split(np.argsort(self._rows.codes, kind="stable"), self._ends[:-1])
        made = []
        for number, one in enumerate(self.panel):
            rows = by_code[number // len(self._roles.target)]
            steps = one.index.get_indexer(self._rows.times[rows])
            made.append((rows[steps >= 0], steps[steps >= 0]))
        return made

    @property
    def _ends(self) -> np.ndarray:
        return np.cumsum(np.bincount(self._rows.codes, minlength=len(self._rows.names)))

    def with_cells(self, cells: tuple[Cells, ...]) -> pd.DataFrame:
        """Return the table with the cells of a scrambling; rows that it does not have stay away.

        Args:
            cells: of every series of the panel.
        """
        described = with_new_categories(self.panel.covariates)
        past = [described[place] for place in places(described, "past")]
        targets = self._roles.target
        columns: dict[str, Any] = {name: read_numbers(column_of(self.frame, name)).copy() for name in targets}
        columns |= {one.name: self._past_column(one) for one in past}
        for number, its in enumerate(cells):
            rows, steps = self._changed(number, its)
            columns[targets[number % len(targets)]][rows] = its.values[steps]
        # Several targets of one id share their past covariates: these change behind the last of their cutoffs.
        for first in range(0, len(cells) if past else 0, len(targets)):
            together = range(first, first + len(targets))
            number = max(together, key=lambda one: self._beginning(one, cells[one]))
            its = cells[number]
            rows, steps = self._changed(number, its)
            for place, covariate in enumerate(past):
                columns[covariate.name][rows] = _written(covariate, its.past[steps, place])
        return self.frame.assign(**columns)

    def _changed(self, number: int, its: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of a series that a scrambling changes, and their steps."""
        rows, steps = self._places[number]
        return rows[steps >= its.first], steps[steps >= its.first]

    def _beginning(self, number: int, its: Cells) -> Any:
        """Return the time from which on a scrambling changes a series."""
        index = self.panel.series[number].index
        return index[min(its.first, len(index) - 1)]

    def _past_column(self, covariate: Covariate) -> np.ndarray:
        """Return a column of a past covariate as an array that can be written to."""
        column = column_of(self.frame, covariate.name)
        return read_numbers(column).copy() if covariate.categories is None else column.to_numpy(dtype=object, copy=True)


def _written(covariate: Covariate, values: np.ndarray) -> np.ndarray:
    """Return numbers as they are, and codes as the text of their categories."""
    if covariate.categories is None:
        return values
    return np.array(covariate.categories, dtype=object)[values.astype(np.int64)]

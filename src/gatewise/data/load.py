"""The way from a file or a frame to a panel: read, tell the roles, sort, lay on a regular grid, fill."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.aliases import freq_words
from gatewise.data.columns import Roles, guess_roles
from gatewise.data.covariates import ROLES, carry, fill_ahead, places, static_values
from gatewise.data.fingerprint import fingerprint_of
from gatewise.data.frequency import infer_freq
from gatewise.data.grid import Laid, lay_on_grid, panel_freq
from gatewise.data.panel import Panel, Repairs, Series, fill
from gatewise.data.read import read_table
from gatewise.data.rows import Rows, drop_duplicates, read_rows, series_name, sort_rows
from gatewise.errors import DataError

__all__ = ["load_panel"]


def load_panel(
    source: Any,
    *,
    target: str | Sequence[str] | None = None,
    past: str | Sequence[str] | None = None,
    future: str | Sequence[str] | None = None,
    static: str | Sequence[str] | None = None,
    time: str | None = None,
    id: str | None = None,  # noqa: A002 - the flag's name
    freq: str | int | None = None,
    max_missing: float = 0.3,
    name: str | None = None,
) -> Panel:
    """Load a table as a panel of regular series, and keep a record of every repair.

    Rows are sorted by time, exact duplicates dropped, absent time stamps inserted, and missing values filled linearly
    between their neighbours; missing values before the first and after the last known one are cut off. What the rows
    behind the last value tell of covariates known ahead is kept.

    Args:
        source: a path or a data frame, see `gatewise.data.read.read_table`.
        target: the target column, or several; several become one series each. Guessed when obvious.
        past: the columns of covariates known up to the origin, as for `target`. Numbers are numeric covariates, text
            and booleans categorical ones.
        future: the columns of covariates known ahead.
        static: the columns of covariates that stay the same within a series.
        time: the time column. Guessed when obvious; a table without one has integer steps.
        id: the column that tells series apart. Guessed when obvious.
        freq: a pandas offset alias, or the integer step. Found out by default.
        max_missing: the largest share of missing values that a series, or a numeric covariate, may have, 0 to 1.
        name: a short name for messages and folders. By default the file's stem.

    Raises:
        DataError: when the table breaks a rule; the message names the rule, the value and the remedy.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"ds": ["2020-01-03", "2020-01-01", "2020-01-04"], "y": [3.0, 1.0, 4.0]})
        >>> panel = load_panel(table)
        >>> panel.freq, panel.series[0].values.tolist(), panel.repairs.inserted_rows
        ('D', [1.0, 2.0, 3.0, 4.0], 1)
    """
    if not 0 <= max_missing <= 1:
        raise DataError(f"max_missing must be between 0 and 1, but it is {max_missing}. Use for example 0.3.")
    frame = read_table(source)
    roles = guess_roles(frame, time=time, target=target, id=id, past=past, future=future, static=static)
    notes = list(roles.notes)
    rows, is_sorted, dropped = drop_duplicates(*sort_rows(read_rows(frame, roles, max_missing, notes)), roles)
    known_freq = panel_freq(rows, freq, roles)
    laid = lay_on_grid(rows, known_freq, roles)
    series = _series(laid, rows, roles, known_freq, freq is not None, max_missing, notes)
    repairs = Repairs(
        rows=len(frame),
        sorted_rows=not is_sorted,
        duplicate_rows=dropped,
        inserted_rows=sum(int(one.inserted.sum()) for one in series),
        filled_values=sum(int((~one.observed).sum()) for one in series),
        longest_gap=max(_longest_run(~one.observed) for one in series),
        notes=tuple(notes),
    )
    stem = Path(str(source).removesuffix(".gz")).stem if isinstance(source, (str, os.PathLike)) else "data"
    return Panel(
        series=series,
        freq=known_freq,
        name=name or stem or "data",
        time=roles.time,
        target=roles.target,
        id_column=roles.id,
        fingerprint=fingerprint_of(series, rows.described),
        repairs=repairs,
        covariates=rows.described,
    )


def _series(
    laid: Laid, rows: Rows, roles: Roles, freq: str | int, freq_given: bool, max_missing: float, notes: list[str]
) -> tuple[Series, ...]:
    """Return the series of every id and target, cut to their known values and filled."""
    series, cut, kept = list[Series](), dict[str, int](), dict[str, int]()
    covariates = _Covariates(laid, rows)
    for code, (start, stop) in enumerate(zip(laid.starts, laid.stops, strict=True)):
        for column, target in enumerate(roles.target):
            name = series_name(rows.names[code], target, roles.id, roles.target)
            values, inserted = laid.values[start:stop, column], laid.inserted[start:stop]
            known = np.flatnonzero(~np.isnan(values))
            if len(known) == 0:
                raise DataError(
                    f"Every series must have values, but series {name!r} has none in its "
                    f"{len(values) - inserted.sum()} rows. Fill in the column, or remove these rows."
                )
            low, high = int(known[0]), int(known[-1]) + 1
            missing = 1 - len(known) / (high - low)
            if missing > max_missing:
                own = rows.times[rows.codes == code]
                raise _too_sparse(name, own, missing, freq, freq_given, max_missing)
            offset = int(laid.first[code])
            observed = ~np.isnan(values[low:high])
            one = Series(
                unique_id=name,
                index=laid.grid[offset + low : offset + high],
                values=values[low:high].copy() if observed.all() else fill(values[low:high]),
                observed=observed,
                inserted=inserted[low:high].copy(),
                **covariates.of(code, low, high),
            )
            series.append(one)
            kept[name] = 0 if one.future is None else len(one.future) - len(one)
            cut[name] = len(values) - len(one) - kept[name]
    _say(notes, cut, "missing {values} at the start or end of {series} cut off", "value")
    _say(notes, kept, "{values} behind the last value of {series} kept for what is known ahead", "row")
    return tuple(series)


class _Covariates:
    """The covariates of a table, one series after another."""

    def __init__(self, laid: Laid, rows: Rows):
        self._laid = laid
        self._past, self._future, static = (places(rows.described, role) for role in ROLES)
        self._known_ahead = [rows.described[place] for place in self._future]
        fixed = [rows.described[place] for place in static]
        self._static = static_values(rows.covariates[:, static], fixed, rows.starts, rows.names) if static else None

    def of(self, code: int, low: int, high: int) -> dict[str, np.ndarray | None]:
        """Return the covariates of the series whose values run from step `low` to `high`, by role."""
        own = self._laid.covariates[self._laid.starts[code] : self._laid.stops[code]]
        past = carry(own[:, self._past])[low:high] if self._past else None
        future = None
        if self._future:
            future = fill_ahead(own[:, self._future], self._known_ahead, high)
            known = np.flatnonzero(~np.isnan(future).all(axis=1))
            future = future[low : max(high, int(known[-1]) + 1 if len(known) else 0)]
        return {"past": past, "future": future, "static": None if self._static is None else self._static[code]}


def _say(notes: list[str], counts: dict[str, int], sentence: str, unit: str) -> None:
    """Add a note about what happened to some of the series, unless it happened to none."""
    names = [name for name, count in counts.items() if count]
    if names:
        total = sum(counts.values())
        values = unit if total == 1 else f"{unit}s"
        which = f"series {names[0]!r}" if len(names) == 1 else f"{len(names)} series"
        notes.append(f"{total} {sentence.format(values=values, series=which)}")


def _too_sparse(
    name: str, times: pd.Index, missing: float, freq: str | int, freq_given: bool, max_missing: float
) -> DataError:
    """Return the error for a series with too many missing values, or with a frequency of its own."""
    try:
        own = infer_freq(times)
    except DataError:
        own = freq
    if own != freq and not freq_given:
        return DataError(
            f"All series must share one frequency, which is {freq!r} ({freq_words(freq)}), but series {name!r} has "
            f"{own!r} ({freq_words(own)}). Load it on its own, or resample the table to one frequency first."
        )
    return DataError(
        f"At most max_missing={max_missing:.0%} of a series may be missing, but series {name!r} lacks {missing:.0%} of "
        f"its steps on the grid {freq!r} ({freq_words(freq)}). Resample to a coarser frequency, raise max_missing, or "
        "drop that series."
    )


def _longest_run(mask: np.ndarray) -> int:
    """Return the length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return int(np.diff(edges)[::2].max(initial=0))

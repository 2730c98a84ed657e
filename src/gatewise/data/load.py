"""The way from a file or a frame to a panel: read, tell the roles, sort, lay on a regular grid, fill."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gatewise.data.aliases import freq_words, show
from gatewise.data.columns import Roles, guess_roles
from gatewise.data.frequency import check_freq, infer_freq, regular_grid
from gatewise.data.panel import Panel, Repairs, Series, fill
from gatewise.data.read import read_table
from gatewise.data.rows import Rows, drop_duplicates, ordinals, read_rows, sort_rows
from gatewise.errors import DataError

__all__ = ["load_panel"]


def load_panel(
    source: Any,
    *,
    target: str | Sequence[str] | None = None,
    time: str | None = None,
    id: str | None = None,  # noqa: A002 - the flag's name
    freq: str | int | None = None,
    max_missing: float = 0.3,
    name: str | None = None,
) -> Panel:
    """Load a table as a panel of regular series, and keep a record of every repair.

    Rows are sorted by time, exact duplicates dropped, absent time stamps inserted, and missing values filled linearly
    between their neighbours; missing values before the first and after the last known one are cut off.

    Args:
        source: a path or a data frame, see `gatewise.data.read.read_table`.
        target: the target column, or several; several become one series each. Guessed when obvious.
        time: the time column. Guessed when obvious; a table without one has integer steps.
        id: the column that tells series apart. Guessed when obvious.
        freq: a pandas offset alias, or the integer step. Found out by default.
        max_missing: the largest share of missing values that a series may have, 0 to 1.
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
    roles = guess_roles(frame, time=time, target=target, id=id)
    notes = list(roles.notes)
    rows, is_sorted, dropped = drop_duplicates(*sort_rows(read_rows(frame, roles, notes)), roles)
    known_freq = _panel_freq(rows, freq, roles)
    laid = _lay_on_grid(rows, known_freq, roles)
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
        fingerprint=_fingerprint(series),
        repairs=repairs,
    )


@dataclass(frozen=True)
class _Laid:
    """The rows laid on the grid: the series one behind another, absent rows included.

    Attributes:
        grid: the regular index from the first to the last time of all series.
        first: position of the first step of each series in `grid`, shape ``(series,)``.
        stops: end of each series in `values`, shape ``(series,)``.
        values: float64, shape ``(steps of all series, targets)``, NaN where missing.
        inserted: bool, shape ``(steps of all series,)``.
    """

    grid: pd.Index
    first: np.ndarray
    stops: np.ndarray
    values: np.ndarray
    inserted: np.ndarray


def _panel_freq(rows: Rows, freq: str | int | None, roles: Roles) -> str | int:
    """Return the frequency: the given one, checked, or that of the longest series."""
    if freq is not None:
        return check_freq(freq, rows.times)
    if roles.time is None:
        return 1
    bounds = np.append(rows.starts, len(rows.codes))
    longest = int(np.argmax(np.diff(bounds)))
    return infer_freq(rows.times[bounds[longest] : bounds[longest + 1]])


def _lay_on_grid(rows: Rows, freq: str | int, roles: Roles) -> _Laid:
    """Return the rows on the grid of `freq`; raise for a series that leaves it."""
    grid = regular_grid(rows.times, freq)
    positions = grid.get_indexer(rows.times)
    lost = np.flatnonzero(positions < 0)
    if len(lost):
        # The grid starts at the earliest time of all: a series of another phase or frequency falls beside it.
        name, stamp = rows.names[rows.codes[lost[0]]], show(rows.times[lost[0]])
        raise DataError(
            f"All series must share one frequency, which is {freq!r} ({freq_words(freq)}), but "
            f"{f'series {name!r} ' if roles.id else 'the table '}has {stamp}, which is not on its grid. "
            "Give the frequency with --freq, load series of another frequency on their own, or resample them first."
        )
    starts = rows.starts
    last = np.append(starts[1:], len(rows.codes)) - 1
    first = positions[starts]
    stops = np.cumsum(positions[last] - first + 1)
    places = positions - first[rows.codes] + np.concatenate([[0], stops[:-1]])[rows.codes]
    values = np.full((int(stops[-1]), rows.values.shape[1]), np.nan)
    values[places] = rows.values
    inserted = np.ones(len(values), dtype=bool)
    inserted[places] = False
    return _Laid(grid, first, stops, values, inserted)


def _series(
    laid: _Laid, rows: Rows, roles: Roles, freq: str | int, freq_given: bool, max_missing: float, notes: list[str]
) -> tuple[Series, ...]:
    """Return the series of every id and target, cut to their known values and filled."""
    series, cut, cut_in = [], 0, []
    starts = np.concatenate([[0], laid.stops[:-1]])
    for code, (start, stop) in enumerate(zip(starts, laid.stops, strict=True)):
        for column, target in enumerate(roles.target):
            name = _series_name(rows.names[code], target, roles)
            values, inserted = laid.values[start:stop, column], laid.inserted[start:stop]
            known = np.flatnonzero(~np.isnan(values))
            if len(known) == 0:
                raise DataError(
                    f"Every series must have values, but series {name!r} has none in its "
                    f"{len(values) - inserted.sum()} rows. Fill in the column, or remove these rows."
                )
            low, high = int(known[0]), int(known[-1]) + 1
            if high - low < len(values):
                cut, cut_in = cut + len(values) - (high - low), [*cut_in, name]
            missing = 1 - len(known) / (high - low)
            if missing > max_missing:
                own = rows.times[rows.codes == code]
                raise _too_sparse(name, own, missing, freq, freq_given, max_missing)
            offset = int(laid.first[code])
            observed = ~np.isnan(values[low:high])
            series.append(
                Series(
                    unique_id=name,
                    index=laid.grid[offset + low : offset + high],
                    values=values[low:high].copy() if observed.all() else fill(values[low:high]),
                    observed=observed,
                    inserted=inserted[low:high].copy(),
                )
            )
    if cut:
        which = f"series {cut_in[0]!r}" if len(cut_in) == 1 else f"{len(cut_in)} series"
        notes.append(f"{cut} missing {'value' if cut == 1 else 'values'} at the start or end of {which} cut off")
    return tuple(series)


def _series_name(id_name: str, target: str, roles: Roles) -> str:
    """Return the name of a series: its id, its target column, or both where the table has several of both."""
    if roles.id is None:
        return target
    return id_name if len(roles.target) == 1 else f"{id_name}/{target}"


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


def _fingerprint(series: tuple[Series, ...]) -> str:
    """Return SHA-256 over ids, times and known values; the order of the series does not count."""
    digest = hashlib.sha256()
    for one in sorted(series, key=lambda one: one.unique_id):
        zone = str(one.index.tz) if isinstance(one.index, pd.DatetimeIndex) else "steps"
        digest.update(f"{one.unique_id}\n{zone}\n{len(one)}\n".encode())
        digest.update(np.ascontiguousarray(ordinals(one.index), dtype="<i8").tobytes())
        digest.update(np.where(one.observed, one.values, np.nan).astype("<f8").tobytes())
    return digest.hexdigest()

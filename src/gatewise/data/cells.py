"""Cells that hold numbers as text: decimal commas, thousands separators and the spellings of a missing value."""

from __future__ import annotations

import re
from typing import cast

import numpy as np
import pandas as pd

__all__ = ["MISSING", "column_of", "is_text", "looks_like_decimal_comma", "mostly_numbers", "parse_numbers"]

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "nat", "<na>", "missing", "-", "--", "?", "."}
)
"""Spellings of a missing value, in lower case; a cell is stripped and lower-cased before it is looked up."""

_GROUPED_BY_COMMA = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_GROUPED_BY_POINT = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
_DECIMAL_COMMA = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+(?:[eE][+-]?\d+)?"
_SAMPLE = 500


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return the column `name` of `frame`, whose column names differ."""
    return cast(pd.Series, frame[name])


def is_text(column: pd.Series) -> bool:
    """Return True when the cells of `column` are text, or a mix that holds text."""
    return bool(pd.api.types.is_string_dtype(column.dtype)) or column.dtype == object


def mostly_numbers(column: pd.Series) -> bool:
    """Return True when at least half of a sample of the non-missing cells of `column` are numbers.

    Example:
        >>> import pandas as pd
        >>> mostly_numbers(pd.Series(["1", "2", "oops", "-"])), mostly_numbers(pd.Series(["north", "south"]))
        (True, False)
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if not is_text(column):
        return bool(pd.api.types.is_numeric_dtype(column.dtype))
    sample = column.iloc[:: max(1, len(column) // _SAMPLE)]
    values, wrong = parse_numbers(sample)
    known = int(np.isfinite(values).sum())
    return known > 0 and known >= int(wrong.sum())


def parse_numbers(column: pd.Series, decimal: str = ".") -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers in `column` and a mask of the cells that are neither a number nor missing.

    Args:
        column: numbers, or text.
        decimal: the table's decimal mark. With ``"."``, commas are thousands separators where every cell allows it,
            and decimal commas otherwise; with ``","``, commas are decimal and points are thousands separators.

    Returns:
        float64 values, shape ``(rows,)``, NaN where missing or wrong; bool mask of wrong cells, shape ``(rows,)``.

    Example:
        >>> import pandas as pd
        >>> values, wrong = parse_numbers(pd.Series(["1,5", "?", "n/a", "2", "oops"]))
        >>> values.tolist(), wrong.tolist()
        ([1.5, nan, nan, 2.0, nan], [False, False, False, False, True])
    """
    if not is_text(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), np.zeros(len(column), dtype=bool)
    text = column.astype("str").str.strip()
    absent = (column.isna() | text.str.lower().isin(MISSING)).to_numpy(dtype=bool)
    present = cast(pd.Series, text[~absent])
    plain = _plain(present, decimal)
    # to_numeric only finds the cells that are numbers: NumPy rounds correctly, so that text and binary tables agree.
    good = ~np.asarray(pd.isna(pd.to_numeric(plain, errors="coerce")), dtype=bool)
    numbers = np.full(len(present), np.nan)
    numbers[good] = plain.to_numpy(dtype=object)[good].astype(np.float64)
    values, wrong = np.full(len(column), np.nan), np.zeros(len(column), dtype=bool)
    values[~absent] = numbers
    wrong[~absent] = ~good
    return values, wrong


def _plain(text: pd.Series, decimal: str) -> pd.Series:
    """Return `text` with thousands separators removed and decimal commas turned into points."""
    commas = text.str.contains(",", regex=False)
    if commas.any():
        with_comma = cast(pd.Series, text[commas])
        if decimal == "." and with_comma.str.fullmatch(_GROUPED_BY_COMMA).all():
            return text.str.replace(",", "", regex=False)
        decimal = ","
    if decimal == ".":
        return text
    points = text.str.contains(".", regex=False) & ~commas
    if points.any() and not (commas.any() or cast(pd.Series, text[points]).str.fullmatch(_GROUPED_BY_POINT).all()):
        return text
    # A lone "12.5" between decimal commas is left out of both forms, so that it is reported and not read as 125.
    wrong = (commas & ~text.str.fullmatch(_DECIMAL_COMMA)) | (points & ~text.str.fullmatch(_GROUPED_BY_POINT))
    plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return plain.mask(wrong, "not a number")


def looks_like_decimal_comma(cell: str) -> bool:
    """Return True for a cell such as ``"3,14"`` or ``"1.234,5"``."""
    return re.fullmatch(_DECIMAL_COMMA, cell.strip()) is not None

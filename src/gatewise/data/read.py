"""A file or a data frame of any kind to one pandas table: the only place of the data layer that opens files."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from gatewise.data.delimited import decode, parse_delimited
from gatewise.errors import DataError, nearest

__all__ = ["read_table", "where"]

_SPREADSHEET = b"PK\x03\x04"
_OLD_SPREADSHEET = b"\xd0\xcf\x11\xe0"
_PARQUET = b"PAR1"


def read_table(source: Any) -> pd.DataFrame:
    """Read a table from a file or from a data frame.

    Args:
        source: the path of a CSV or TSV file (delimiter, decimal mark and encoding are found out; ``.gz`` is unpacked)
            or of a Parquet file; or a data frame or series of pandas, Polars, PyArrow or any library that narwhals
            knows. Dates in a pandas index become a column.

    Returns:
        The table with stripped, distinct column names. From a text file its index is named ``line`` and holds the
        line number of every row; otherwise it counts from 0.

    Raises:
        DataError: when the file is absent, empty, damaged or no table, or when a column name is repeated.

    Example:
        >>> import pandas as pd
        >>> read_table(pd.Series([1.0, 2.0], index=pd.date_range("2020", periods=2), name="y")).columns.tolist()
        ['ds', 'y']
    """
    if isinstance(source, (str, os.PathLike)):
        frame = _read_file(Path(source))
    elif isinstance(source, (pd.DataFrame, pd.Series)):
        frame = _from_pandas(source)
    else:
        frame = _from_pandas(_through_narwhals(source))
    frame = frame.set_axis([_plain_name(column) for column in frame.columns], axis=1)
    repeated = [column for column, count in Counter(frame.columns).items() if count > 1]
    if repeated:
        raise DataError(
            f"Column names must differ, but the table has {', '.join(map(repr, repeated))} more than once. "
            "Rename or remove one of them."
        )
    if len(frame) == 0 or frame.shape[1] == 0:
        raise DataError(
            f"A table must hold rows and columns, but this one has the shape {frame.shape}. Check its source."
        )
    return frame


def where(index: pd.Index, row: int) -> str:
    """Return where the data row at position `row` (counted from 0) stands, in words.

    Example:
        >>> import pandas as pd
        >>> where(pd.RangeIndex(2, 9, name="line"), 0), where(pd.RangeIndex(7), 0)
        ('row 1 (line 2)', 'row 1')
    """
    return f"row {row + 1} (line {index[row]})" if index.name == "line" else f"row {row + 1}"


def _plain_name(column: Any) -> str:
    """Return the name of a column as stripped text; the levels of a name of several are joined by spaces."""
    return (" ".join(map(str, column)) if isinstance(column, tuple) else str(column)).strip()


def _read_file(path: Path) -> pd.DataFrame:
    """Return the table in the file at `path`; the content, not the extension, tells its kind."""
    if path.is_dir():
        raise DataError(f"A table must be a file, but '{path}' is a folder. Give the path of a CSV or Parquet file.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings)
        raise DataError(f"The table must be a file that exists, but '{path}' does not.{hint} Check the path.") from None
    except OSError as error:
        raise DataError(
            f"The table must be readable, but '{path}' is not ({error.strerror}). Check the path."
        ) from None
    if data.startswith(b"\x1f\x8b"):
        data = _unzip(data, path)
    if not data:
        raise DataError(
            f"A table must hold a header and rows, but '{path.name}' is empty. Check that it was saved fully."
        )
    if data.startswith(_PARQUET) or path.suffix.lower() in {".parquet", ".pq"}:
        return _read_parquet(data, path)
    if data.startswith((_SPREADSHEET, _OLD_SPREADSHEET)):
        raise DataError(
            f"A table must be CSV, TSV or Parquet, but '{path.name}' is a spreadsheet or a zip file. "
            "Unpack it, or save the sheet as CSV."
        )
    return parse_delimited(decode(data, path.name), path.name)


def _unzip(data: bytes, path: Path) -> bytes:
    """Return the content of the gzip stream `data`."""
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"A .gz file must be a whole gzip stream, but '{path.name}' is damaged ({error}). Fetch it once more."
        ) from None


def _read_parquet(data: bytes, path: Path) -> pd.DataFrame:
    """Return the table in the Parquet file whose bytes are `data`."""
    import io

    try:
        return _from_pandas(pd.read_parquet(io.BytesIO(data)))
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise DataError(
            f"A Parquet file must be readable, but '{path.name}' is not ({reason}). Write it once more, or give a CSV."
        ) from None


def _through_narwhals(source: Any) -> pd.DataFrame:
    """Return `source`, a frame or series of any library that narwhals knows, as a pandas frame."""
    import narwhals as nw

    known = nw.from_native(source, pass_through=True, allow_series=True)
    if isinstance(known, nw.LazyFrame):
        known = known.collect()
    if isinstance(known, nw.Series):
        known = known.alias(known.name or "y").to_frame()
    if not isinstance(known, nw.DataFrame):
        raise DataError(
            f"A table must be a path or a data frame (pandas, Polars, PyArrow, ...), but this is "
            f"{type(source).__name__}. Put the values in a data frame, for example pandas.DataFrame({{'y': values}})."
        )
    return known.to_pandas()


def _from_pandas(source: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Return `source` as a frame that counts its rows from 0, with whatever its index says in columns."""
    frame = (
        source.to_frame(source.name if source.name is not None else "y") if isinstance(source, pd.Series) else source
    )
    if _says_something(frame.index):
        frame = _index_to_columns(frame)
    coded = {
        name: kind.categories.dtype for name, kind in frame.dtypes.items() if isinstance(kind, pd.CategoricalDtype)
    }
    return frame.astype(coded).reset_index(drop=True)


def _says_something(index: pd.Index) -> bool:
    """Return False for an index that only counts rows."""
    counts = pd.api.types.is_integer_dtype(index.dtype) and index.name is None
    return isinstance(index, pd.MultiIndex) or (not counts and index.name != "line")


def _index_to_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the levels of its index as columns; a nameless level of dates is called ``ds``."""
    names = []
    for level in range(frame.index.nlevels):
        values = frame.index.get_level_values(level)
        dates = isinstance(values, (pd.DatetimeIndex, pd.PeriodIndex))
        names.append(values.name if values.name is not None else "ds" if dates else f"index_{level}")
    # Rename before the reset, so that a name that is taken reads as a repeated column and not as a pandas error.
    levels = frame.index.to_frame(index=False)
    levels.columns = pd.Index(names)
    return pd.concat([levels, frame.reset_index(drop=True)], axis=1)

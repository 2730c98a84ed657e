"""Delimited text (CSV, TSV and their cousins) to a data frame: delimiter, decimal mark, encoding, ragged rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter

import numpy as np
import pandas as pd

from gatewise.data.cells import column_of, is_text, looks_like_decimal_comma, mostly_numbers, parse_numbers
from gatewise.errors import DataError

__all__ = ["decode", "parse_delimited"]

# In a tie the comma comes last: a semicolon table with decimal commas has as many commas as semicolons.
_DELIMITERS = (";", "\t", "|", ",")
_SAMPLE_LINES = 100


def decode(data: bytes, name: str) -> str:
    """Return the text of `data`: UTF-8 or UTF-16 (by mark or by its zero bytes), else Windows-1252 or Latin-1.

    Args:
        data: the bytes of the file.
        name: the file's name, for messages.

    Raises:
        DataError: when the bytes are no text.

    Example:
        >>> decode("µ".encode("latin-1"), "x.csv")
        'µ'
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16",)
    elif b"\x00" in data[:4096]:
        encodings = ("utf-16-le",) if data[1:2] == b"\x00" else ("utf-16-be",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DataError(
        f"A table must be text (CSV, TSV) or Parquet, but '{name}' holds binary data. "
        "Save it as CSV or Parquet and try again."
    )


def parse_delimited(text: str, name: str) -> pd.DataFrame:
    r"""Return the table in `text`; its index is named ``line`` and holds the line number of every row.

    Columns whose cells are all numbers or missing come back as numbers, every other column as text.

    Args:
        text: the whole file.
        name: the file's name, for messages.

    Raises:
        DataError: for a table without rows, a row with too few or too many fields, or a repeated column name.

    Example:
        >>> parse_delimited("day;y\n2020-01-01;1,5\n2020-01-02;2,5\n", "x.csv")["y"].tolist()
        [1.5, 2.5]
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip(" \n")
    if "\n " in text:
        text = re.sub(r"(?m)^ +$", "", text)
    if not text.strip():
        raise DataError(f"A table must hold a header and rows, but '{name}' is empty. Check that it was saved fully.")
    try:
        return _parse(text, name)
    except (csv.Error, pd.errors.ParserError) as error:
        raise DataError(
            f"Every double quote must be closed, but the quotes in '{name}' do not match up ({error}). "
            "Close the open quote, or remove stray ones."
        ) from None


def _parse(text: str, name: str) -> pd.DataFrame:
    """Return the table in `text`, whose lines end in line feeds."""
    sample = text.split("\n", _SAMPLE_LINES + 1)[: _SAMPLE_LINES + 1]
    delimiter = _sniff(sample)
    names = _header(sample[0], delimiter, name)
    lines = _check_rows(text, delimiter, len(names), name)
    decimal = "," if delimiter != "," and _has_decimal_comma(sample, delimiter) else "."
    # "007" is a name, not a number: only the text can tell.
    zeros_lead = re.search(r'(?m)(?:^|[\s"' + re.escape(delimiter) + r"])0\d", text) is not None
    as_text = zeros_lead or decimal == ","
    frame = pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        header=0,
        names=names,
        index_col=False,
        # With a decimal comma "1.234" means 1234, which only the text can tell.
        dtype="str" if as_text else None,
        keep_default_na=False,
        na_values=[""],
        skipinitialspace=True,
        skip_blank_lines=len(names) > 1,
        low_memory=False,
    )
    frame.index = pd.Index(lines, name="line")
    return _drop_padding(_numbers_where_possible(frame, decimal))


def _sniff(sample: list[str]) -> str:
    """Return the delimiter that splits the header, and the other lines of `sample` in as many fields."""
    best, best_share = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        share = counts.count(counts[0]) / len(counts) if counts and counts[0] > 1 else 0.0
        if share > best_share:
            best, best_share = delimiter, share
    if best_share == 0.0 and len(sample) > 1 and all(looks_like_decimal_comma(line) for line in sample[1:] if line):
        # One column of numbers with decimal commas: any delimiter but the comma reads it.
        return ";"
    return best


def _header(line: str, delimiter: str, name: str) -> list[str]:
    """Return the column names in `line`, stripped; a nameless column is called ``unnamed_<position>``."""
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [""])]
    counters = [str(number) for number in range(len(cells))]
    if all(re.fullmatch(r"[+-]?[\d.,:/TZ -]*\d[\d.,:/TZeE+ -]*", cell) for cell in cells) and cells != counters:
        raise DataError(
            f"The first line of a table must hold the column names, but that of '{name}' holds values: {line[:80]!r}. "
            "Add a line such as 'date,value' at the top."
        )
    names = [cell or f"unnamed_{position}" for position, cell in enumerate(cells, start=1)]
    repeated = [column for column, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(
            f"Column names must differ, but '{name}' has {', '.join(map(repr, repeated))} more than once. "
            "Rename or remove one of them."
        )
    return names


def _check_rows(text: str, delimiter: str, fields: int, name: str) -> pd.Index | range:
    """Return the line number of every data row after checking that each row has `fields` fields."""
    counts, lines = _count_fields(text, delimiter)
    if fields == 1:
        counts = np.maximum(counts, 1)  # in a table of one column an empty line is a missing value
    ragged = np.flatnonzero((counts != fields) & (counts != 0))
    if len(ragged):
        row = int(ragged[0])
        number = int(lines[row])
        raise DataError(
            f"Every row must have as many fields as the header, which is {fields}, but line {number} of '{name}' has "
            f"{int(counts[row])}: {text.split(chr(10), number)[number - 1][:80]!r}. Mend that line; "
            f"a value that holds the delimiter {delimiter!r} must stand in double quotes."
        )
    filled = lines[1:][counts[1:] != 0]
    if len(filled) == 0:
        raise DataError(f"A table must hold rows, but '{name}' has only a header. Check that it was saved fully.")
    whole = range(2, len(filled) + 2)
    return whole if filled[-1] == whole[-1] else pd.Index(filled)


def _count_fields(text: str, delimiter: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of fields (0 for an empty line) and the line number of every record, header included."""
    if '"' in text:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
        pairs = np.array([(len(row), reader.line_num) for row in reader], dtype=np.int64)
        return pairs[:, 0], pairs[:, 1]
    codes = np.frombuffer(text.encode() + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    splits = np.searchsorted(np.flatnonzero(codes == ord(delimiter)), ends)
    counts = np.diff(splits, prepend=0) + 1
    counts[np.diff(ends, prepend=-1) == 1] = 0
    return counts, np.arange(1, len(counts) + 1)


def _has_decimal_comma(sample: list[str], delimiter: str) -> bool:
    """Return True when a cell of `sample` is a number with a decimal comma."""
    return any(looks_like_decimal_comma(cell) for row in csv.reader(sample[1:], delimiter=delimiter) for cell in row)


def _numbers_where_possible(frame: pd.DataFrame, decimal: str) -> pd.DataFrame:
    """Return `frame` with every text column turned into numbers whose cells are all numbers or missing."""
    changed = {}
    for column in frame.columns:
        cells = column_of(frame, column)
        if not (is_text(cells) and mostly_numbers(cells)) or cells.str.fullmatch(r"0\d+").fillna(False).any():
            continue
        values, wrong = parse_numbers(cells, decimal)
        if not wrong.any():
            whole = np.isfinite(values).all() and (values == np.trunc(values)).all() and (abs(values) < 2**53).all()
            changed[column] = values.astype(np.int64) if whole else values
    return frame.assign(**changed)


def _drop_padding(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` without nameless empty columns and without empty rows at its end (spreadsheets leave both)."""
    nameless = [c for c in frame.columns if re.fullmatch(r"unnamed_\d+", c) and column_of(frame, c).isna().all()]
    frame = frame.drop(columns=nameless)
    if frame.shape[1] > 1 and bool(np.all(pd.isna(frame.iloc[-1]))):
        last = np.flatnonzero(frame.notna().any(axis=1).to_numpy())
        frame = frame.iloc[: last[-1] + 1 if len(last) else 0]
    return frame

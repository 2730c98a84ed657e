"""Reading: every kind of file and frame gives the same table, and every damage is named with its line."""

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewise.data.read import read_table, where
from gatewise.errors import DataError

PLAIN = pd.DataFrame({"day": ["2020-01-01", "2020-01-02", "2020-01-03"], "Größe": [1.5, -2.25, 1000.0]})


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-1e9, 1e9, allow_nan=False) | st.none(), min_size=2, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]),
    zipped=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_round_trip(tmp_path, values, delimiter, comma, encoding, zipped, newline):
    decimal = "," if comma and delimiter != "," else "."
    cells = ["" if value is None else repr(value).replace(".", decimal) for value in values]
    lines = [f"day{delimiter}Größe", *(f"2020-01-{i + 1:02}{delimiter}{cell}" for i, cell in enumerate(cells))]
    data = newline.join(lines).encode(encoding)
    path = tmp_path / ("t.csv.gz" if zipped else "t.csv")
    path.write_bytes(gzip.compress(data) if zipped else data)
    frame = read_table(path)
    assert frame.columns.tolist() == ["day", "Größe"]
    expected = np.array([np.nan if value is None else value for value in values])
    np.testing.assert_array_equal(frame["Größe"].to_numpy(dtype=float, na_value=np.nan), expected)


@pytest.mark.parametrize(
    "source",
    [
        PLAIN,
        pl.from_pandas(PLAIN),
        pl.from_pandas(PLAIN).lazy(),
        pa.Table.from_pandas(PLAIN),
        PLAIN.set_index("day"),
        PLAIN.set_index("day")["Größe"],
    ],
    ids=["pandas", "polars", "lazy", "arrow", "named index", "series"],
)
def test_frames_of_every_kind(source):
    pd.testing.assert_frame_equal(read_table(source), PLAIN, check_dtype=False)


def test_parquet_and_its_index(tmp_path):
    PLAIN.to_parquet(tmp_path / "t.parquet")
    PLAIN.set_index("day").to_parquet(tmp_path / "u.data")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet"), PLAIN)
    pd.testing.assert_frame_equal(read_table(tmp_path / "u.data"), PLAIN)


def test_date_index_becomes_a_column():
    index = pd.date_range("2020", periods=3)
    assert read_table(pd.Series([1.0, 2.0, 3.0], index=index)).columns.tolist() == ["ds", "y"]
    levels = pd.MultiIndex.from_product([["a", "b"], index[:2]], names=["id", None])
    assert read_table(pd.DataFrame({"y": range(4)}, index=levels)).columns.tolist() == ["id", "ds", "y"]
    assert read_table(pd.DataFrame({"y": [1, 2]}, index=[5, 9])).columns.tolist() == ["y"]


def test_names_of_levels_and_categories():
    levels = pd.DataFrame([[1, 2.0]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", 1)]))
    assert read_table(levels).columns.tolist() == ["a b", "a 1"]
    assert read_table(pd.DataFrame({"shop": pd.Categorical(["x", "y"])}))["shop"].tolist() == ["x", "y"]


def test_polars_series():
    assert read_table(pl.Series([1.0, 2.0])).columns.tolist() == ["y"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1.234,5;x\n2,25;y\n1.000;z\n", [1234.5, 2.25, 1000.0]),
        ('a,b\n"1,234.5",x\n"12,000",y\n7,z\n', [1234.5, 12000.0, 7.0]),
        ('a,b\n"1,5",x\n"2,25",y\n', [1.5, 2.25]),
        ("a\n1,5\n2,25\n", [1.5, 2.25]),
        ("a\n1\n\n3\n", [1.0, np.nan, 3.0]),
        ("a,b\n1,x\n  \n3,y\n", [1.0, 3.0]),
        ("a,b\n?,x\n-,y\nNULL,z\n4,x\nn/a,y\n.,x\n", [np.nan, np.nan, np.nan, 4.0, np.nan, np.nan]),
        (" a , b,\n1,x,\n2,y,\n,,\n", [1.0, 2.0]),
    ],
    ids=[
        "grouped by point",
        "grouped by comma",
        "quoted comma",
        "one column",
        "gap",
        "blank line",
        "missing",
        "padding",
    ],
)
def test_numbers_as_text(tmp_path, text, expected):
    frame = read_table(write(tmp_path / "t.csv", text))
    np.testing.assert_array_equal(frame["a"].to_numpy(dtype=float, na_value=np.nan), expected)


def test_quoted_cells_and_line_numbers(tmp_path):
    frame = read_table(write(tmp_path / "t.csv", 'a,"b, c"\n\n"x, y",1\nz,2\n'))
    assert frame.columns.tolist() == ["a", "b, c"]
    assert frame["a"].tolist() == ["x, y", "z"]
    assert where(frame.index, 1) == "row 2 (line 4)"


def test_na_stays_text_in_a_column_of_names(tmp_path):
    assert read_table(write(tmp_path / "t.csv", "region,y\nNA,1\nEU,2\n"))["region"].tolist() == ["NA", "EU"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'t.csv' is empty"),
        (" \n \n", "'t.csv' is empty"),
        ("ds,y\n", "'t.csv' has only a header"),
        ("ds,y\n1,2\n1,2,3\n", "fields as the header, which is 2, but line 3 of 't.csv' has 3: '1,2,3'"),
        ("ds,y\n1,2\n1\n", "line 3 of 't.csv' has 1"),
        ('ds,y\n"a, b",2\n1\n', "line 3 of 't.csv' has 1"),
        ("y, y\n1,2\n", "'t.csv' has 'y' more than once"),
        ("1949-01,112\n1949-02,118\n", "holds values: '1949-01,112'. Add a line such as 'date,value'"),
    ],
)
def test_damaged_text(tmp_path, text, message):
    with pytest.raises(DataError) as caught:
        read_table(write(tmp_path / "t.csv", text))
    assert message in str(caught.value)


def test_unclosed_quote(tmp_path):
    with pytest.raises(DataError, match="quote"):
        read_table(write(tmp_path / "t.csv", 'ds,y\n1,2\n2,"3\n' + "3,4\n" * 50_000))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.parquet", b"PAR1 and then nothing", "'t.parquet' is not"),
        ("t.parquet", b"ds,y\n1,2\n", "A Parquet file must be readable"),
        ("t.xlsx", b"PK\x03\x04rest", "is a spreadsheet or a zip file"),
        ("t.csv.gz", gzip.compress(b"ds,y\n1,2\n", mtime=0)[:-6], "'t.csv.gz' is damaged"),
        ("t.csv", b"\x00\x01\x02\x00\x00\x05\x00", "holds binary data"),
        ("t.csv", b"", "is empty"),
    ],
)
def test_damaged_files(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / name)
    assert message in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    write(tmp_path / "sales.csv", "y\n1\n")
    with pytest.raises(DataError, match=r"does not\. Did you mean 'sales.csv'\?"):
        read_table(tmp_path / "sale.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)


def test_unknown_extension_is_text(tmp_path):
    assert read_table(write(tmp_path / "t.dat", "a\tb\n1\t2\n")).columns.tolist() == ["a", "b"]


def test_frames_that_are_no_tables():
    with pytest.raises(DataError, match="but this is list"):
        read_table([1, 2, 3])
    with pytest.raises(DataError, match="'y' more than once"):
        read_table(pd.DataFrame([[1, 2]], columns=["y", "y "]))
    with pytest.raises(DataError, match="must hold rows"):
        read_table(pd.DataFrame({"y": []}))

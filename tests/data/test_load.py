"""Loading: one panel for every order of rows, every repair counted, every broken rule named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.load import load_panel
from gatewise.data.panel import fill
from gatewise.errors import DataError


def daily(values, start="2020-01-01", **columns):
    return pd.DataFrame({"ds": pd.date_range(start, periods=len(values)), "y": values, **columns})


def two_series(length=6):
    ids = np.repeat(["b", "a"], length)
    return pd.DataFrame({"unique_id": ids, "ds": list(range(length)) * 2, "y": np.arange(2.0 * length)})


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), freq=st.sampled_from(["D", "h", "MS", "W-SAT"]))
def test_shuffled_rows_give_the_same_panel(seed, freq):
    draw = np.random.default_rng(seed)
    times = pd.date_range("2020-01-01", periods=30, freq=freq)
    table = pd.DataFrame({"unique_id": np.repeat(["a", "b"], 30), "ds": times.append(times), "y": draw.normal(size=60)})
    table.loc[draw.integers(2, 28, 3), "y"] = np.nan
    table = table.drop(index=draw.choice(np.arange(32, 58), 3, replace=False))
    plain, shuffled = load_panel(table), load_panel(table.iloc[draw.permutation(len(table))])
    assert plain.fingerprint == shuffled.fingerprint
    assert plain.freq == shuffled.freq == freq
    assert plain.repairs.inserted_rows == shuffled.repairs.inserted_rows == 3
    ours, theirs = ({one.unique_id: one for one in panel} for panel in (plain, shuffled))
    for name, one in ours.items():
        pd.testing.assert_index_equal(one.index, theirs[name].index)
        np.testing.assert_array_equal(one.values, theirs[name].values)
        np.testing.assert_array_equal(one.observed, theirs[name].observed)
        np.testing.assert_array_equal(one.inserted, theirs[name].inserted)


holes = st.lists(st.floats(-100, 100) | st.just(np.nan), min_size=3, max_size=40).map(np.array)


@given(values=holes)
def test_fill_is_idempotent_and_keeps_what_is_known(values):
    once = fill(values)
    assert np.isfinite(once).all()
    np.testing.assert_array_equal(fill(once), once)
    known = np.isfinite(values)
    np.testing.assert_array_equal(once[known], values[known])


@settings(deadline=None, max_examples=40)
@given(values=holes, cut=st.integers(1, 38), seed=st.integers(0, 100))
def test_head_never_uses_values_behind_the_cut(values, cut, seed):
    values = np.concatenate([[1.0, 2.0], values, [3.0]])
    cut = min(cut + 1, len(values) - 1)
    changed = values.copy()
    behind = np.isfinite(changed) & (np.arange(len(changed)) >= cut)
    changed[behind] += np.random.default_rng(seed).normal(size=behind.sum()) * 100
    heads = [load_panel(daily(one), max_missing=1.0).series[0].head(cut).values for one in (values, changed)]
    np.testing.assert_array_equal(heads[0], heads[1])


def test_repairs_are_counted():
    table = daily([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    table = pd.concat([table.drop(index=5), table.iloc[[0]]]).iloc[::-1]
    panel = load_panel(table)
    one, repairs = panel.series[0], panel.repairs
    assert one.values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    assert np.flatnonzero(~one.observed).tolist() == [2, 5]
    assert np.flatnonzero(one.inserted).tolist() == [5]
    assert (repairs.rows, repairs.sorted_rows, repairs.duplicate_rows) == (10, True, 1)
    assert (repairs.inserted_rows, repairs.filled_values, repairs.longest_gap) == (1, 2, 1)


def test_missing_ends_are_cut_and_said():
    panel = load_panel(daily([np.nan, 1.0, 2.0, 3.0, np.nan, np.nan]))
    assert panel.series[0].values.tolist() == [1.0, 2.0, 3.0]
    assert panel.series[0].index[0] == pd.Timestamp("2020-01-02")
    assert "3 missing values at the start or end of series 'y' cut off" in panel.repairs.notes


def test_order_of_first_appearance_and_names():
    panel = load_panel(two_series())
    assert [one.unique_id for one in panel] == ["b", "a"]
    assert (panel.freq, panel.time, panel.target, panel.id_column) == (1, "ds", ("y",), "unique_id")
    assert load_panel(daily([1.0, 2.0], level=[3.0, 4.0]), target="level,y").target == ("level", "y")


def test_several_targets_become_series():
    both = load_panel(daily([1.0, 2.0], z=[3.0, 4.0]), target=("y", "z"))
    assert [(one.unique_id, one.values.tolist()) for one in both] == [("y", [1.0, 2.0]), ("z", [3.0, 4.0])]
    table = two_series().assign(z=0.5)
    assert [one.unique_id for one in load_panel(table, target="y,z")] == ["b/y", "b/z", "a/y", "a/z"]


def test_ids_of_numbers_and_of_gaps():
    table = two_series().assign(unique_id=np.repeat([2.0, 1.0], 6))
    assert [one.unique_id for one in load_panel(table)] == ["2", "1"]
    table.loc[3, "unique_id"] = np.nan
    with pytest.raises(DataError, match="row 4 has no value in the id column 'unique_id'"):
        load_panel(table)


def test_series_of_different_spans_share_the_grid():
    table = pd.concat([daily([1.0, 2.0, 3.0], unique_id="a"), daily([4.0, 5.0, 6.0], "2021-06-01", unique_id="b")])
    panel = load_panel(table)
    assert [len(one) for one in panel] == [3, 3]
    assert panel.repairs.inserted_rows == 0


def test_name_and_fingerprint(tmp_path):
    table = daily([1.0, 2.5, 3.0])
    table.to_csv(tmp_path / "sales.2020.csv.gz", index=False)
    panel = load_panel(tmp_path / "sales.2020.csv.gz")
    assert panel.name == "sales.2020"
    assert load_panel(table).name == "data"
    assert panel.fingerprint == load_panel(table).fingerprint
    assert panel.fingerprint != load_panel(daily([1.0, 2.5, 3.5])).fingerprint


def test_no_time_column_keeps_gaps(tmp_path):
    (tmp_path / "t.csv").write_text("y\n1\n\n3\n4\n")
    panel = load_panel(tmp_path / "t.csv")
    assert panel.series[0].values.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert panel.repairs.filled_values == 1


def test_zones_and_given_freq():
    local = pd.date_range("2020-10-24", periods=5, freq="D", tz="Europe/Berlin")
    panel = load_panel(pd.DataFrame({"ds": local.delete(2), "y": [1.0, 2.0, 4.0, 5.0]}))
    assert panel.series[0].index.equals(local)
    assert load_panel(daily([1.0]), freq="D").freq == "D"
    assert load_panel(daily([1.0, 2.0]).iloc[[0, 1]], freq="D").freq == "D"


def sparse():
    return daily(np.where(np.arange(40) % 4 == 0, 1.0, np.nan))


def contradicting():
    monthly = pd.DataFrame({"ds": pd.date_range("2020", periods=12, freq="MS"), "y": 1.0, "unique_id": "slow"})
    return pd.concat([daily(np.arange(366.0), unique_id="fast"), monthly])


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (
            daily([1.0, 2.0]).iloc[[0, 1, 1]].assign(y=[1.0, 2.0, 3.0]),
            {},
            "at 2020-01-02 has 2 and 3. Where the table holds several",
        ),
        (pd.concat([two_series(), two_series().tail(1).assign(y=0.0)]), {}, "series 'a' at 5 has 11 and 0"),
        (sparse(), {}, "At most max_missing=30% of a series may be missing, but series 'y' lacks 73%"),
        (contradicting(), {}, "which is 'D' (daily), but series 'slow' has 'MS' (monthly (month starts))"),
        (contradicting().iloc[::-1].iloc[:20], {}, "series 'fast' has"),
        (daily([np.nan, np.nan]), {}, "series 'y' has none in its 2 rows"),
        (daily([1.0, 2.0]).assign(ds=[pd.Timestamp("2020"), pd.NaT]), {}, "row 2 has none in column 'ds'"),
        (daily([1.0]), {}, "at least two different time stamps"),
        (daily([1.0, 2.0]), {"freq": "W"}, "grid of freq='W'"),
        (daily([1.0, 2.0]), {"max_missing": 3}, "max_missing must be between 0 and 1"),
        (pd.DataFrame({"store": [1, 1, 2, 2], "ds": [1, 2, 1, 2], "y": [1.0, 2.0, 3.0, 4.0]}), {}, "with --id"),
    ],
)
def test_broken_rules(table, options, message):
    with pytest.raises(DataError) as caught:
        load_panel(table, **options)
    assert message in str(caught.value)


def test_bad_cells_are_named_with_their_line(tmp_path):
    (tmp_path / "t.csv").write_text("ds,y\n2020-01-01,1\n2020-01-02,two\n2020-01-03,3\n")
    with pytest.raises(DataError, match=r"Column 'y' must hold numbers, but row 2 \(line 3\) holds 'two'"):
        load_panel(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("ds,y\n2020-01-01,1\n2020-01-02,inf\n")
    with pytest.raises(DataError, match=r"row 2 \(line 3\) holds inf"):
        load_panel(tmp_path / "t.csv")


def test_clocks_set_back():
    times = ["2020-10-25 01:00", "2020-10-25 02:00", "2020-10-25 02:00", "2020-10-25 03:00"]
    with pytest.raises(DataError, match="where clocks were set back, give the times in UTC"):
        load_panel(pd.DataFrame({"ds": times, "y": [1.0, 2.0, 3.0, 4.0]}))

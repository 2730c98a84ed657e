"""Covariates are read by role and kind, kept in step with their series, and never filled from what comes later."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.ahead import with_future
from gatewise.data.covariates import Covariate, fill_ahead
from gatewise.data.load import load_panel
from gatewise.errors import DataError

NAN = np.nan


def daily(values, start="2020-01-01", **columns):
    return pd.DataFrame({"ds": pd.date_range(start, periods=len(values)), "y": values, **columns})


def shops(**columns):
    times = pd.date_range("2020-01-01", periods=4)
    table = {"shop": ["a"] * 4 + ["b"] * 4, "ds": [*times, *times], "y": np.arange(8.0)}
    return pd.DataFrame({**table, **columns})


def test_roles_and_kinds():
    table = shops(heat=np.arange(8.0), promo=["sale", None, "", "fair"] * 2, size=[1] * 4 + [2] * 4, town=["x"] * 8)
    panel = load_panel(table, past="heat", future="promo", static="size, town", id="shop")
    assert panel.target == ("y",)
    assert panel.covariates == (
        Covariate("heat", "past"),
        Covariate("promo", "future", ("", "fair", "sale")),
        Covariate("size", "static"),
        Covariate("town", "static", ("x",)),
    )
    one = panel.series[1]
    assert one.past.ravel().tolist() == [4, 5, 6, 7]
    assert one.future.ravel().tolist() == [2, 0, 0, 1]
    assert one.static.tolist() == [2, 0]
    assert "covariate 'promo': read as categorical, 3 categories" in panel.repairs.notes


def test_named_columns_are_no_candidates_and_booleans_are_categories():
    table = daily([1.0, 2.0, 3.0], date=["2019-01-01", "2019-01-02", "2019-01-05"], z=[1.0, 2.0, 3.0], open=True)
    panel = load_panel(table.drop(columns="date"), past=["z"], future=["open"])
    assert panel.target == ("y",) and panel.covariates[1].categories == ("True",)
    with pytest.raises(DataError, match="holds dates. Leave it out; parts of the calendar come with the setting"):
        load_panel(table, past="date")


def test_several_targets_share_the_covariates():
    table = shops(z=np.arange(8.0) * 10, heat=np.arange(8.0))
    table.loc[0, "z"] = NAN
    panel = load_panel(table, target="y,z", past="heat", id="shop")
    assert [one.unique_id for one in panel] == ["a/y", "a/z", "b/y", "b/z"]
    assert [one.past.ravel().tolist() for one in panel][:2] == [[0, 1, 2, 3], [1, 2, 3]]


def test_gaps_are_filled_by_role_and_kind():
    table = daily([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], p=[NAN, 1, NAN, 3, NAN, NAN], f=[NAN, 1, NAN, 3, NAN, NAN])
    kind = ["u", "v", "", "w", "", "u"]
    gone = table.assign(c=kind, k=kind).drop(index=2)
    one = load_panel(gone, past="p,c", future="f,k", max_missing=0.7).series[0]
    np.testing.assert_array_equal(one.past[:, 0], [NAN, 1, 1, 3, 3, 3])
    np.testing.assert_array_equal(one.future[:, 0], [1, 1, 2, 3, 3, 3])
    # An empty cell is a category of its own; only an absent row is filled.
    assert one.past[:, 1].tolist() == one.future[:, 1].tolist() == [1, 2, 2, 3, 0, 1]


columns = st.lists(st.floats(-9, 9) | st.just(NAN), min_size=6, max_size=20).map(np.array)


@settings(deadline=None, max_examples=50)
@given(values=columns, cut=st.integers(1, 5), seed=st.integers(0, 99))
def test_past_covariates_never_rest_on_what_comes_later(values, cut, seed):
    changed = values.copy()
    changed[cut:] = np.random.default_rng(seed).permutation(changed[cut:]) * 100 + 1
    heads = [
        load_panel(daily(np.arange(float(len(one))), x=one), past="x", max_missing=1.0).series[0].head(cut).past
        for one in (values, changed)
        if np.isfinite(one).any()
    ]
    for head in heads:
        assert len(head) == cut
        np.testing.assert_array_equal(head, heads[0])


def test_cuts_keep_what_is_known_ahead():
    values = np.append(np.arange(6.0), [NAN, NAN])
    panel = load_panel(daily(values, p=np.arange(8.0), f=np.arange(8.0)), past="p", future="f")
    one = panel.series[0]
    assert "2 rows behind the last value of series 'y' kept for what is known ahead" in panel.repairs.notes
    assert (len(one), len(one.past), len(one.future), panel.known_ahead) == (6, 6, 8, 2)
    for head in (one.head(4), one.head(-2), panel.head(2).series[0]):
        assert (len(head), len(head.past), len(head.future)) == (4, 4, 8)
    tail = one.tail(2)
    assert tail.past.ravel().tolist() == [4, 5] and tail.future.ravel().tolist() == [4, 5, 6, 7]
    assert len(one.tail(99).future) == 8
    assert load_panel(daily(values[:6])).known_ahead is None


def test_rows_that_tell_nothing_ahead_are_cut_off():
    table = daily([1.0, 2.0, 3.0, NAN, NAN, NAN], f=[1.0, 1.0, 1.0, 2.0, NAN, NAN])
    panel = load_panel(table, future="f")
    assert len(panel.series[0].future) == 4 and panel.known_ahead == 1
    assert "2 missing values at the start or end of series 'y' cut off" in panel.repairs.notes
    assert load_panel(table, past="f").series[0].past.shape == (3, 1)


def test_categories_ahead_are_carried_and_numbers_interpolated():
    values = np.array([[1.0, 0.0], [NAN, NAN], [3.0, 1.0], [NAN, NAN]])
    filled = fill_ahead(values, [Covariate("n", "future"), Covariate("c", "future", ("u", "v"))], 1)
    np.testing.assert_array_equal(filled, [[1, 0], [2, 0], [3, 1], [NAN, NAN]])


def test_fingerprint_and_duplicates_see_covariates():
    table = shops(heat=np.arange(8.0), town=["x"] * 8)
    plain, named = (load_panel(table, id="shop", target="y", **roles) for roles in ({}, {"past": "heat"}))
    assert plain.fingerprint == load_panel(table[["shop", "ds", "y"]]).fingerprint != named.fingerprint
    shuffled = table.sample(frac=1, random_state=0)
    assert load_panel(shuffled, id="shop", past="heat").fingerprint == named.fingerprint
    changed = table.assign(heat=np.arange(8.0) + 1)
    assert load_panel(changed, id="shop", past="heat").fingerprint != named.fingerprint
    twice = pd.concat([table, table.tail(1)])
    assert load_panel(twice, id="shop", past="heat").repairs.duplicate_rows == 1
    clash = pd.concat([table, table.tail(1).assign(heat=9.0, town="y")])
    with pytest.raises(DataError, match="series 'b' at 2020-01-04 has heat=7, town='x' and heat=9, town='y'"):
        load_panel(clash, id="shop", past="heat,town")


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"past": "heta"}, "--past must name a column of the table, but there is no 'heta'. Did you mean 'heat'"),
        ({"future": "y", "target": "y"}, "'y' is named as target and as future"),
        ({"past": "heat", "future": "heat"}, "'heat' is named as past and as future"),
        ({"past": "heat,heat"}, "'heat' is named twice as past"),
        ({"static": "heat"}, "'heat' of series 'a' is 0 and 3. Name it with --past or --future"),
        ({"static": "promo"}, "'promo' of series 'a' is 'fair' and 'sale'"),
        ({"past": "odd"}, "Column 'odd' must hold numbers, but row 3 holds 'x'"),
        ({"past": "holes"}, "'holes' lacks 75% of its values. Write 0 where an empty cell means nothing"),
    ],
)
def test_broken_rules(roles, message):
    table = shops(heat=np.arange(8.0), promo=["sale", None, "", "fair"] * 2, odd=["1", "2", "x", "4"] * 2)
    with pytest.raises(DataError) as caught:
        load_panel(table.assign(holes=[1.0, NAN, NAN, NAN] * 2), **{"target": "y", "id": "shop", **roles})
    assert message in str(caught.value)


def test_an_empty_static_cell_is_one_not_written_out():
    one = load_panel(shops(town=["x", "", None, "x"] + [""] * 4), static="town", id="shop")
    assert [series.static.tolist() for series in one] == [[1], [0]]


# -- a table of future values -----------------------------------------------------------------------------------------


def known(**columns):
    table = shops(f=np.arange(8.0), c=["u", "v"] * 4)
    return load_panel(table, id="shop", target="y", future="f,c", **columns)


def ahead(start="2020-01-05", steps=2, shop="a", **columns):
    return pd.DataFrame(
        {"shop": shop, "ds": pd.date_range(start, periods=steps), "f": 10.0 + np.arange(steps), "c": "w"} | columns
    )


def test_a_table_adds_what_is_known_ahead(tmp_path):
    table = pd.concat([ahead(), ahead(shop="b", steps=3), ahead("2019-12-30", 3), ahead(shop="elsewhere")])
    table.to_csv(tmp_path / "plan.csv", index=False)
    for source in (table, tmp_path / "plan.csv", table.sample(frac=1, random_state=1)):
        panel = with_future(known(), source)
        assert panel.covariates[1].categories == ("u", "v", "w") and panel.known_ahead == 2
        first, second = panel
        assert first.future[:, 0].tolist() == [0, 1, 2, 3, 10, 11]
        assert second.future[:, 0].tolist() == [4, 5, 6, 7, 10, 11, 12]
        assert second.future[4:, 1].tolist() == [2, 2, 2]


def test_a_table_without_ids_holds_for_every_series_and_gaps_between_are_filled():
    panel = with_future(known(), ahead("2020-01-06", c="u").drop(columns="shop"))
    assert panel.series[0].future[:, 0].tolist() == [0, 1, 2, 3, 6.5, 10, 11]
    assert panel.series[1].future[4:, 1].tolist() == [1, 0, 0]


def test_a_table_for_steps_and_for_several_targets():
    steps = load_panel(pd.DataFrame({"y": [1.0, 2.0], "z": [3.0, 4.0], "f": [5.0, 6.0]}), target="y,z", future="f")
    panel = with_future(steps, pd.DataFrame({"f": [7.0, 8.0]}))
    assert [one.future.ravel().tolist() for one in panel] == [[5, 6, 7, 8]] * 2
    both = load_panel(shops(z=1.0, f=np.arange(8.0)), id="shop", target="y,z", future="f")
    made = with_future(both, pd.concat([ahead(), ahead(shop="b")]))
    assert [one.future[-1, 0] for one in made] == [11.0] * 4


def test_zones_are_converted():
    times = pd.date_range("2020-01-01", periods=3, freq="h", tz="Europe/Berlin")
    panel = load_panel(pd.DataFrame({"ds": times, "y": [1.0, 2.0, 3.0], "f": 1.0}), future="f")
    plan = pd.DataFrame({"ds": [(times[-1] + pd.Timedelta("1h")).tz_convert("UTC")], "f": 2.0})
    assert with_future(panel, plan).series[0].future.ravel().tolist() == [1, 1, 1, 2]
    with pytest.raises(DataError, match="holds dates without a zone and the history dates with the zone Europe/Berlin"):
        with_future(panel, plan.assign(ds=plan.ds.dt.tz_localize(None)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (ahead().rename(columns={"f": "F_"}), "must have the covariate column 'f'"),
        (ahead().rename(columns={"ds": "day"}), "must have the time column 'ds'"),
        (ahead(f=["1", "x"]), "Column 'f' must hold numbers, but row 2 holds 'x'"),
        (ahead("2019-01-01"), "its last time is 2019-01-02 and the history ends at 2020-01-04"),
        (ahead(shop="elsewhere"), "or its ids are those of no series"),
        (ahead(ds=["2020-01-05 06:00", "2020-01-06 06:00"]), "row 1 has 2020-01-05 06:00"),
        (pd.concat([ahead(), ahead(f=[1.0, 2.0])]), "2020-01-05 of series 'a' has several, with different values"),
        (ahead(ds=[5, 6]), "holds integer steps and the history dates without a zone"),
        ("nowhere.csv", "but 'nowhere.csv' does not"),
    ],
)
def test_a_table_that_cannot_be_used(table, message):
    with pytest.raises(DataError) as caught:
        with_future(known(), table)
    assert message in str(caught.value)


def test_a_table_for_a_panel_without_known_future_covariates():
    with pytest.raises(DataError, match="needs covariates that are known ahead, but there are none"):
        with_future(load_panel(shops(), id="shop"), ahead())

"""Scrambling changes everything behind the cutoff and nothing before it, in panels and in raw tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.data.load import load_panel
from gatewise.evaluate.comparing import compare
from gatewise.evaluate.evidence import of_panel
from gatewise.evaluate.rewriting import RawTable
from gatewise.evaluate.scrambling import GAP, NEW_CATEGORY, Scrambling, cells_of, refilled
from gatewise.settings import Settings
from tests.auditing.runs import COVARIATES, covariate_table, gappy_table, unequal_table
from tests.panels import panel_of_values, seasonal_values


@given(st.integers(1, 200), st.integers(0, 3), st.integers(0, 9))
def test_nothing_before_the_cutoff_changes_and_the_ends_stay(drop, gap, seed):
    values = seasonal_values(160)
    values[[30, 31, 158]] = np.nan
    panel = panel_of_values(values, seasonal_values(90, seed=1))
    for one, its in zip(panel, cells_of(panel, Scrambling(drop, gap=gap, seed=seed)), strict=True):
        stop = max(len(one) - drop, 0)
        gapped = stop - its.first
        assert gapped in (0, gap)
        np.testing.assert_array_equal(its.values[: its.first], np.where(one.observed, one.values, np.nan)[: its.first])
        assert np.isnan(its.values[its.first : stop]).all()
        assert np.isfinite(its.values[-1]) and np.isfinite(its.values[0])
        known = np.isfinite(its.values[stop:])
        assert (its.values[stop:][known] != one.values[stop:][known]).all()


def test_it_outweighs_the_history_and_has_no_end():
    panel = panel_of_values(seasonal_values(2000))
    (its,) = cells_of(panel, Scrambling(10))
    history, behind = its.values[:-10], its.values[-10:]
    assert np.nanvar(behind) * 10 > 20 * history.var() * len(history)
    (mild,) = cells_of(panel, Scrambling(10, noise=5.0))
    assert np.nanstd(mild.values[-10:]) < 10 * history.std()
    (left,) = cells_of(panel, Scrambling(10, scrambled=False, gap=GAP))
    np.testing.assert_array_equal(left.values[-10:], panel.series[0].values[-10:])
    assert np.isnan(left.values[-10 - GAP : -10]).all()


def test_a_short_series_keeps_its_values_where_a_gap_would_leave_none():
    panel = panel_of_values(np.arange(8.0))
    (its,) = cells_of(panel, Scrambling(2, scrambled=False, gap=GAP))
    np.testing.assert_array_equal(its.values, np.arange(8.0))


@pytest.mark.parametrize("values", [np.zeros(60), np.full(60, 1e95), np.full(60, -3.0)])
def test_constant_and_huge_series_are_scrambled_within_what_reading_takes(values):
    (its,) = cells_of(panel_of_values(values), Scrambling(20))
    assert np.nanmax(np.abs(its.values[-20:])) <= 1e100 and np.nanstd(its.values[-20:]) > 0


def raw(table: pd.DataFrame, **roles) -> RawTable:
    settings = Settings.of(**roles)
    reading = {name: getattr(settings, name) for name in ("target", "past", "future", "static", "time", "id")}
    return RawTable(table, load_panel(table, **reading), settings)


def read_again(table: RawTable, scrambling: Scrambling):
    frame = table.with_cells(cells_of(table.panel, scrambling))
    reading = {name: getattr(table.settings, name) for name in ("target", "past", "future", "static", "time", "id")}
    return frame, load_panel(frame, max_missing=0.9, **reading)


@pytest.mark.parametrize(
    ("table", "roles"),
    [(gappy_table(), {}), (unequal_table(), {}), (covariate_table(), COVARIATES), (unequal_table()[["y"]], {})],
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_raw_table_reads_as_the_panel_that_was_scrambled(table, roles, shuffled):
    if shuffled and len(table.columns) > 1:
        table = pd.concat([table, table.iloc[[3, -1]]]).sample(frac=1, random_state=0)
    given_table = raw(table.reset_index(drop=True), **roles)
    scrambling = Scrambling(18, gap=GAP)
    frame, panel = read_again(given_table, scrambling)
    assert frame.shape == given_table.frame.shape and list(frame.columns) == list(given_table.frame.columns)
    cells = {
        one.unique_id: its for one, its in zip(given_table.panel, cells_of(given_table.panel, scrambling), strict=True)
    }
    for one, its in zip(given_table.panel, panel, strict=True):
        cell = cells[one.unique_id]
        assert one.unique_id == its.unique_id and one.index.equals(its.index)
        known = np.isfinite(cell.values) & ~one.inserted
        np.testing.assert_array_equal(its.values[known], cell.values[known])
        np.testing.assert_array_equal(its.observed, known)
    # Of the panel as a whole nothing up to the gap is another one, categories included.
    before = of_panel(given_table.panel, 18 + GAP)
    assert compare(before, of_panel(panel, 18 + GAP), "panel").differences == 0
    if roles:
        assert NEW_CATEGORY in next(one for one in panel.covariates if one.name == "mood").categories


def test_unchanged_cells_give_the_same_table():
    for table, roles in ((gappy_table(), {}), (covariate_table(), COVARIATES)):
        known = raw(table.reset_index(drop=True), **roles)
        _, panel = read_again(known, Scrambling(0, scrambled=False))
        assert panel.fingerprint == known.panel.fingerprint


def test_two_targets_share_their_past_covariates():
    table = covariate_table().query("shop == 'north'").drop(columns="shop").assign(z=lambda it: it.y.shift(5) + 1)
    table.loc[table.index[-9:], "y"] = np.nan
    known = raw(table.reset_index(drop=True), target="y,z", past="heat")
    frame, _ = read_again(known, Scrambling(18))
    changed = (frame.heat != known.frame.heat) & ~(frame.heat.isna() & known.frame.heat.isna())
    assert changed[len(frame) - 18 :].mean() > 0.8 and not changed[: len(frame) - 18].any()
    assert (frame.y[len(frame) - 27 : -9] != known.frame.y[len(frame) - 27 : -9]).all()
    assert frame.y[-9:].isna().all() and (frame.y[:-27] == known.frame.y[:-27]).all()


def test_a_panel_is_filled_as_reading_does():
    panel = panel_of_values(seasonal_values(100))
    cells = cells_of(panel, Scrambling(20, gap=GAP))
    made = refilled(panel, cells).series[0]
    np.testing.assert_array_equal(made.observed, np.isfinite(cells[0].values))
    assert np.isfinite(made.values).all()
    np.testing.assert_array_equal(made.values[: 80 - GAP], panel.series[0].values[: 80 - GAP])

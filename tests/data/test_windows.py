"""Windows never reach over a cut, and every possible one is there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.data.scaling import fit_scaler
from gatewise.data.split import split_of
from gatewise.data.windows import flatten, training_windows, validation_windows
from gatewise.errors import DataError
from tests.panels import panel_of_values


def flat_of(*values):
    panel = panel_of_values(*values)
    return flatten(panel, fit_scaler(panel, "none"))


@given(
    lengths=st.lists(st.integers(20, 40), min_size=1, max_size=4),
    window=st.integers(1, 6),
    horizon=st.integers(1, 4),
    drop=st.integers(0, 8),
)
def test_training_windows_end_before_the_cut_and_miss_none(lengths, window, horizon, drop):
    flat = flat_of(*(np.arange(float(length)) for length in lengths))
    windows = training_windows(flat, window, horizon, drop)
    for number, length in enumerate(lengths):
        mine = windows.start[windows.series == number] - flat.offset[number]
        assert mine.tolist() == list(range(length - drop - window - horizon + 1))
        assert (mine + window + horizon <= length - drop).all()
        assert (windows.low[windows.series == number] == flat.offset[number]).all()


@given(window=st.integers(1, 6), horizon=st.integers(1, 4), windows=st.integers(1, 3), drop=st.integers(0, 5))
def test_validation_targets_lie_in_the_validation_part(window, horizon, windows, drop):
    length, part = 40, windows * horizon
    made = validation_windows(flat_of(np.arange(40.0)), window, horizon, part, drop)
    targets = made.start[:, None] + window + np.arange(horizon)
    assert targets.min() == length - drop - part and targets.max() == length - drop - 1
    assert len(made) == part - horizon + 1


def test_origin_in_a_gap_and_targets_all_missing_are_left_out():
    values = np.arange(20.0)
    values[8:12] = np.nan
    windows = training_windows(flat_of(values), 3, 2, 0)
    origins = set((windows.start + 2).tolist())
    assert not origins & {8, 9, 10, 11}
    assert 7 not in origins and {6, 12} <= origins


def test_thinning_spreads_evenly():
    windows = training_windows(flat_of(np.arange(40.0)), 3, 1, 0)
    assert windows.thin(5).start.tolist() == [0, 9, 18, 27, 36] and len(windows.thin(99)) == 37


def test_too_short_a_series_is_named_with_the_numbers():
    panel = panel_of_values(np.arange(50.0), np.arange(30.0))
    with pytest.raises(DataError, match=r"window=24, horizon=4.*need 36 rows and series 's1' has 30"):
        split_of(panel, window=24, horizon=4, val_windows=1, test_windows=1)


def test_test_cutoffs_are_a_horizon_apart():
    panel = panel_of_values(np.arange(50.0))
    split = split_of(panel, window=4, horizon=4, val_windows=2, test_windows=3)
    assert split.test_cutoffs == (12, 8, 4) and split.held_out == 20

"""Windows never reach over a cut, and every possible one is there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.data.scaling import fit_scaler
from gatewise.data.split import split_of
from gatewise.data.windows import flatten, least_history, pad_index, training_windows, validation_windows
from gatewise.errors import DataError
from tests.panels import panel_of_values


def flat_of(*values):
    panel = panel_of_values(*values)
    return flatten(panel, fit_scaler(panel, "none"))


@given(
    lengths=st.lists(st.integers(20, 40), min_size=1, max_size=4),
    window=st.integers(1, 9),
    horizon=st.integers(1, 4),
    drop=st.integers(0, 8),
    season=st.integers(1, 5),
)
def test_training_windows_end_before_the_cut_and_miss_none(lengths, window, horizon, drop, season):
    flat = flat_of(*(np.arange(float(length)) for length in lengths))
    windows = training_windows(flat, window, horizon, drop, season)
    least = least_history(window, season)
    for number, length in enumerate(lengths):
        ours = windows.series == number
        origins = windows.start[ours] - flat.offset[number] + window
        assert origins.tolist() == list(range(least, length - drop - horizon + 1))
        assert (origins + horizon <= length - drop).all()
        assert (windows.low[ours] == flat.offset[number] + least - window).all()
        assert (windows.high[ours] == windows.start[ours].max()).all()
        assert (windows.first[ours] == flat.offset[number]).all()


def test_what_a_window_lacks_in_front_repeats_the_first_season():
    assert pad_index(7, 4, 3).tolist() == [0, 1, 2, 0, 1, 2, 3]
    assert pad_index(3, 8, 3).tolist() == [5, 6, 7]
    # Shorter than a season: there is none to repeat.
    assert pad_index(4, 2, 3).tolist() == [0, 0, 0, 1]


@given(window=st.integers(1, 60), horizon=st.integers(1, 4), windows=st.integers(1, 3))
def test_validation_targets_lie_in_the_validation_part(window, horizon, windows):
    length, part = 40, windows * horizon
    made = validation_windows(flat_of(np.arange(40.0)), window, horizon, part)
    targets = made.start[:, None] + window + np.arange(horizon)
    assert targets.min() == length - part and targets.max() == length - 1
    assert len(made) == part - horizon + 1


def test_a_series_shorter_than_the_validation_part_keeps_a_value_to_forecast_from():
    made = validation_windows(flat_of(np.arange(40.0), np.arange(5.0)), 4, 2, 8)
    assert (made.start[made.series == 1] + 4 - 40).tolist() == [1, 2, 3]


def test_origin_in_a_gap_and_targets_all_missing_are_left_out():
    values = np.arange(20.0)
    values[8:12] = np.nan
    windows = training_windows(flat_of(values), 3, 2, 0)
    origins = set((windows.start + 2).tolist())
    assert not origins & {8, 9, 10, 11}
    assert 7 not in origins and {6, 12} <= origins


def test_thinning_spreads_evenly():
    windows = training_windows(flat_of(np.arange(40.0)), 3, 1, 0)
    assert windows.thin(5).start.tolist() == [-2, 8, 17, 26, 36] and len(windows.thin(99)) == 39


def test_data_too_short_for_the_split_are_refused_with_the_numbers():
    panel = panel_of_values(np.arange(20.0), np.arange(35.0))
    with pytest.raises(DataError, match=r"season=24, horizon=4.*need 36 rows and the longest series, 's1', has 35"):
        split_of(panel, season=24, horizon=4, val_windows=1, test_windows=1)
    longer = panel_of_values(np.arange(20.0), np.arange(36.0))
    assert split_of(longer, season=24, horizon=4, val_windows=1, test_windows=1).held_out == 8


def test_test_cutoffs_are_a_horizon_apart():
    panel = panel_of_values(np.arange(50.0))
    split = split_of(panel, season=4, horizon=4, val_windows=2, test_windows=3)
    assert split.test_cutoffs == (12, 8, 4) and split.held_out == 20

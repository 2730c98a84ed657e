"""What a window lacks in front: one rule for the compiled training and for forecasts of short series."""

import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.windows import pad_index
from gatewise.model.recipe import padded_index


@settings(max_examples=100, deadline=None)
@given(window=st.integers(1, 30), season=st.integers(1, 12), length=st.integers(1, 30), offset=st.integers(0, 50))
def test_training_and_forecasting_pad_alike(window, season, length, offset):
    stop = max(length, season)
    index = np.arange(offset + stop - window, offset + stop)
    made = padded_index(index, np.array(offset), season) - offset
    np.testing.assert_array_equal(made, pad_index(window, stop, season))


def test_numpy_and_jax_pad_alike():
    index, first = np.arange(-20, 20)[:, None], np.array([[0, 5]])
    made = padded_index(jnp.asarray(index), jnp.asarray(first), 7)
    np.testing.assert_array_equal(made, padded_index(index, first, 7))
    assert (np.asarray(made) >= first).all()


@given(window=st.integers(1, 30), season=st.integers(1, 12), stop=st.integers(1, 30))
def test_padding_continues_the_season_into_the_past_and_reads_nothing_behind_the_origin(window, season, stop):
    index = pad_index(window, stop, season)
    assert index.min() >= 0 and index[-1] == stop - 1 and index.max() == stop - 1
    values = np.sin(np.arange(stop)) if season > stop else np.tile(np.sin(np.arange(season)), 30)[:stop]
    wanted = []
    for place in range(stop - window, stop):
        while place < 0:
            place = place + season if season <= stop else 0
        wanted.append(values[place])
    np.testing.assert_array_equal(values[index], wanted)

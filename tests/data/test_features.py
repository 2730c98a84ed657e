"""The encoder: fitted on the training part, blind to what comes later, and clear about what it lacks."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gatewise.data.ahead import with_future
from gatewise.data.features import MOST_CATEGORIES, Encoder, fit_encoder
from gatewise.data.load import load_panel
from gatewise.errors import DataError

STEPS = 12


def table(steps=STEPS, **columns):
    time = np.arange(float(steps))
    base = {"ds": pd.date_range("2020-01-01", periods=steps), "y": time, "heat": time**2, "price": 5 - time}
    event = np.resize(["", "fair", "sale"], steps)
    return pd.DataFrame({**base, "event": event, **columns})


def panel_of(frame, **roles):
    return load_panel(frame, **{"target": "y", "past": "heat", "future": "price,event", **roles})


def test_widths_order_and_standardising():
    panel = panel_of(table())
    encoder = fit_encoder(panel, ("weekday",))
    assert (encoder.past_width, encoder.future_width, encoder.static_width) == (1, 1 + 3 + 6, 0)
    made = encoder.encode(panel, 0)[0]
    assert made.shape == (STEPS, 11) and made.dtype == np.float32
    heat = np.arange(STEPS) ** 2
    np.testing.assert_allclose(made[:, 0], (heat - heat.mean()) / heat.std(), rtol=1e-6)
    np.testing.assert_allclose([made[:, 1].mean(), made[:, 1].std()], [0, 1], atol=1e-6)
    np.testing.assert_array_equal(made[:3, 2:5], np.eye(3))


def test_only_the_training_part_is_learned_from():
    changed = table()
    changed.loc[8:, ["heat", "price"]] = 1e6
    changed.loc[8:, "event"] = "new"
    ours, theirs = (fit_encoder(panel_of(one).head(4)) for one in (table(), changed))
    assert ours == theirs
    made = theirs.encode(panel_of(changed), 0)[0]
    # Far values are bounded, a category that training never saw is all zeros.
    assert (made[8:, :2] == 10).all() and (made[8:, 2:5] == 0).all()
    np.testing.assert_array_equal(made[:8], ours.encode(panel_of(table()), 0)[0][:8])


def test_missing_values_are_neutral_and_constants_harmless():
    frame = table(heat=[np.nan, np.nan, *np.arange(10.0)], price=3.0)
    panel = panel_of(frame)
    made = fit_encoder(panel).encode(panel, 0)[0]
    assert (made[:2, 0] == 0).all() and (made[:, 1] == 0).all() and np.isfinite(made).all()


def test_rare_categories_share_no_column():
    many = [f"c{number:02d}" for number in range(40) for _ in range(1 + (number < 35))]
    panel = panel_of(table(len(many), event=many))
    encoder = fit_encoder(panel)
    assert encoder.future_width == 1 + MOST_CATEGORIES
    assert encoder.encode(panel, 0)[0][:, 2:].sum() == 2 * MOST_CATEGORIES


def test_static_columns():
    frame = pd.concat([table(shop=name, size=size, town=name) for name, size in (("a", 1.0), ("b", 3.0))])
    panel = panel_of(frame, id="shop", static="size,town", past=None, future=None)
    encoder = fit_encoder(panel)
    assert encoder.static_width == 3 and encoder.past_width == encoder.future_width == 0
    np.testing.assert_array_equal(encoder.encode_static(panel), [[-1, 1, 0], [1, 0, 1]])
    np.testing.assert_array_equal(encoder.encode_static(panel.head(3)), encoder.encode_static(panel))
    other = panel_of(frame.assign(town="c"), id="shop", static="size,town", past=None, future=None)
    np.testing.assert_array_equal(encoder.encode_static(other)[:, 1:], np.zeros((2, 2)))


def test_ahead_needs_future_values_by_name_and_date():
    panel = panel_of(table())
    encoder = fit_encoder(panel, ("weekday",))
    with pytest.raises(DataError, match=r"'price', but those of series 'y' are missing from 2020-01-13 on.*future_dat"):
        encoder.encode(panel, 2)
    plan = pd.DataFrame({"ds": pd.date_range("2020-01-13", periods=3), "price": 1.0, "event": "fair"})
    more = with_future(panel, plan)
    made = encoder.encode(more, 3)[0]
    assert made.shape == (STEPS + 3, 11) and (made[STEPS:, 0] == 0).all() and (made[STEPS:, 3] == 1).all()
    np.testing.assert_array_equal(made[:STEPS], encoder.encode(panel, 0)[0])
    with pytest.raises(DataError, match="A forecast of 4 steps needs .*from 2020-01-16 on"):
        encoder.encode(more, 4)
    # A cut moves the origin back: what is known ahead stays known.
    np.testing.assert_array_equal(encoder.encode(more.head(2), 5)[0][:, 1:], made[:, 1:])
    assert (encoder.encode(more.head(2), 5)[0][STEPS - 2 :, 0] == 0).all()


def test_an_empty_cell_ahead_is_missing_where_training_had_none():
    never_empty = panel_of(table(event=np.resize(["fair", "sale"], STEPS)))
    plan = pd.DataFrame({"ds": pd.date_range("2020-01-13", periods=2), "price": 1.0, "event": ["fair", ""]})
    with pytest.raises(DataError, match="'event', but those of series 'y' are missing from 2020-01-14 on"):
        fit_encoder(never_empty).encode(with_future(never_empty, plan), 2)
    fit_encoder(panel_of(table())).encode(with_future(panel_of(table()), plan), 2)


def test_a_table_that_codes_its_categories_otherwise_is_encoded_the_same():
    frame = table(event=np.resize(["10", "x", "z"], STEPS))
    encoder = fit_encoder(panel_of(frame))
    whole = encoder.encode(panel_of(frame), 0)[0]
    some = frame[frame.event == "10"].assign(event=10.0)
    part = encoder.encode(panel_of(some, freq="D", max_missing=0.9), 0)[0]
    np.testing.assert_array_equal(part[::3], whole[:10:3])
    empty = encoder.encode(panel_of(frame.assign(event="")), 0)[0]
    assert (empty[:, 2:] == 0).all()


def test_data_without_a_covariate_or_with_text_for_numbers():
    encoder = fit_encoder(panel_of(table()))
    with pytest.raises(DataError, match="they have no past covariate 'heat'. Add that column, named with --past"):
        encoder.encode(panel_of(table(), past=None), 0)
    with pytest.raises(DataError, match="'heat' must hold numbers, as in the data.*such as 'hot'"):
        encoder.encode(panel_of(table(heat="hot")), 0)


def test_calendar_and_series_of_different_spans():
    early, late = table(unique_id="a"), table(unique_id="b", ds=pd.date_range("2020-02-15", periods=STEPS))
    panel = load_panel(pd.concat([early, late]), target="y")
    encoder = fit_encoder(panel, ("month", "weekday"), "DE")
    first, second = encoder.encode(panel, 3)
    for one, made in zip(panel, (first, second), strict=True):
        index = pd.date_range(one.index[0], periods=STEPS + 3)
        np.testing.assert_array_equal(made, encoder.calendar.columns(index))
    assert (encoder.past_width, encoder.future_width) == (0, 4 + 6 + 3)


def test_json_and_the_empty_encoder():
    panel = panel_of(table(), static=None)
    encoder = fit_encoder(panel, ("day", "month"), "US-NY")
    assert Encoder.from_dict(json.loads(json.dumps(encoder.to_dict()))) == encoder
    empty = Encoder()
    assert (empty.past_width, empty.future_width, empty.static_width) == (0, 0, 0)
    assert fit_encoder(replace(panel, covariates=()), None) == empty
    assert empty.encode(panel, 2)[0].shape == (STEPS + 2, 0) and empty.encode_static(panel).shape == (1, 0)
    assert Encoder.from_dict(empty.to_dict()) == empty

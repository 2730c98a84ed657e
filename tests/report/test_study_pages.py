"""The pages of a study of one knob and of a range test: what they say, and that they need nothing beside them."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from gatewise.knob import parse_over
from gatewise.report.range_page import range_page, range_picture
from gatewise.report.sweep_page import fitting_words, sweep_page, sweep_picture, sweep_words
from gatewise.settings import Settings
from gatewise.swept import Repeat, Row, Sweep, choose
from gatewise.train.range_curve import read_curve


def row(value, score: float, train: float, val: float, problem: str = "") -> Row:
    repeats = [
        Repeat(seed, score + 0.01 * seed, train, val, 3, 5, 2.0, 100 * sum(value), "epoch-limit", "") for seed in (0, 1)
    ]
    return Row(value, Settings.of(hidden=value), () if problem else tuple(repeats), problem)


def sweep(*rows: Row, over: str = "hidden=8,16", **facts) -> Sweep:
    knob = parse_over(over)
    choice = choose(knob.name, rows)
    assert choice is not None
    plain = {"data": "<sales>", "framings": 3, "seeds": 2, "notes": ("a note",), "stopped": "", "interrupted": False}
    return Sweep(**{**plain, "seconds": 9.0, **facts}, knob=knob, settings=Settings.of(), rows=rows, choice=choice)


TWO = row((8,), 0.5, 0.3, 0.4), row((16,), 0.4, 0.2, 0.39), row((512,), 0.0, 0.0, 0.0, problem="too large")


def words_of(page: str) -> str:
    """Return the text of a page, checked for being closed everywhere."""
    seen, open_ = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "link", "rect"):
                open_.append(tag)

        def handle_startendtag(self, tag, attrs):
            pass

        def handle_endtag(self, tag):
            assert open_.pop() == tag

        def handle_data(self, data):
            seen.append(data)

    Reader().feed(page)
    assert not open_
    return " ".join(" ".join(seen).split())


def test_the_sweep_page_says_the_choice_and_every_value():
    found = sweep(*TWO)
    page = sweep_page(found)
    words = words_of(page)
    assert found.choice.reason in words and "<sales> · study of hidden" in words
    assert "hidden 512: too large" in words and "16 (chosen)" in words and "failed" in words
    assert "first of 3 framings" in words and "a note." in words and "nothing here has seen it" in words
    assert "gatewise fit DATA --set hidden=16" in words
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", page) and "<script" not in page
    assert sweep_picture(found) in page


def test_losses_are_compared_only_where_they_can_be():
    assert "loss at the best epoch" in sweep_picture(sweep(*TWO))
    losses = [Row(one, Settings.of(loss=one), TWO[0].repeats) for one in ("mae", "mse")]
    found = sweep(*losses, over="loss=mae,mse")
    assert "loss at the best epoch" not in sweep_picture(found) and not fitting_words(found)


@pytest.mark.parametrize(
    ("train", "val", "meaning"),
    [(0.2, 0.3, "and new data too"), (0.2, 0.4, "overfitting"), (0.3, 0.3, "did not fall"), (0.4, 0.5, "harm to both")],
)
def test_what_a_larger_value_did(train, val, meaning):
    assert meaning in fitting_words(sweep(row((8,), 0.5, 0.3, 0.4), row((16,), 0.4, train, val)))


def test_what_ended_it_is_said():
    said = " ".join(sweep_words(sweep(*TWO, stopped="it was enough", interrupted=True)))
    assert "It grew no further: it was enough." in said and "ended early" in said


def test_the_range_page_has_the_curve_and_the_suggestion():
    rates = np.geomspace(1e-5, 1.0, 200)
    found = read_curve(rates, 1 - 0.5 / (1 + (1e-3 / rates) ** 2) + (rates / 0.1) ** 3, 1.0)
    page = range_page(found, "<sales>")
    words = words_of(page)
    assert found.advice in words and found.evidence in words and "<sales> ·" in words
    assert f"--set learning_rate={found.suggestion:.2g}" in words and "gatewise sweep DATA --over lr=" in words
    assert "suggestion" in range_picture(found, "sales") and "diverges at" in range_picture(found, "sales")
    assert "<script" not in page


def test_the_range_page_of_a_curve_that_says_nothing():
    found = read_curve(np.geomspace(1e-5, 1.0, 200), np.append(np.ones(150), [math.nan] * 50), 1.0)
    words = words_of(range_page(found, "sales"))
    assert "no learning rate to suggest" in words and "--set learning_rate" not in words

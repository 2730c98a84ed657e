"""Files that are read while they are written: nothing twice, nothing half, and nothing written."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.runs.tail import Document, Lines, is_held, parse_json, parse_rows


def test_half_a_line_is_left_for_later(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = Lines(path)
    assert lines.fresh() == ([], False)
    path.write_text("one\ntw")
    assert lines.fresh() == (["one"], True)
    with path.open("a") as file:
        file.write("o\n")
    assert lines.fresh() == (["two"], False)
    assert lines.fresh() == ([], False)


@pytest.mark.parametrize("text", ["one\n", "", "other\nthan\nbefore\nand\nlonger\n"], ids=["shorter", "empty", "other"])
def test_another_file_in_its_place_is_read_from_its_start(tmp_path, text):
    path = tmp_path / "events.jsonl"
    path.write_text("one\ntwo\nthree\n")
    lines = Lines(path)
    lines.fresh()
    (tmp_path / "partial").write_text(text)
    (tmp_path / "partial").replace(path)
    assert lines.fresh() == (text.splitlines(), True)


@given(st.lists(st.text("ab\n", max_size=600), max_size=8))
def test_whatever_the_pieces_every_whole_line_is_given_once(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("tail") / "log"
    lines, read, firsts = Lines(path), [], 0
    for piece in pieces:
        with path.open("a") as file:
            file.write(piece)
        fresh, is_anew = lines.fresh()
        read, firsts = read + fresh, firsts + is_anew
    text = "".join(pieces)
    assert read == text[: text.rfind("\n") + 1].splitlines()
    assert firsts <= 1


def test_a_document_keeps_what_it_had_while_the_file_is_not_whole(tmp_path):
    path = tmp_path / "run.json"
    document = Document(path, parse_json, {})
    assert document.read() == {}
    path.write_text('{"a": 1}')
    assert document.read() == {"a": 1}
    path.write_text('{"a": 1, "b"')
    assert document.read() == {"a": 1}
    path.write_text('{"b": 2}')
    assert document.read() == {"b": 2}
    path.unlink()
    assert document.read() == {}


def test_a_row_that_is_torn_inside_a_quoted_message_is_left_out():
    text = 'number,message\n0,"two\nlines"\n1,"torn\n'
    assert parse_rows(text) == [{"number": "0", "message": "two\nlines"}]


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks there")
def test_asking_for_a_lock_neither_makes_nor_keeps_it(tmp_path):
    import fcntl

    lock = tmp_path / ".lock"
    assert is_held(lock) is None and not lock.exists()
    lock.touch()
    assert is_held(lock) is False
    holder = os.open(lock, os.O_RDWR)
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert is_held(lock) is True
    os.close(holder)
    assert is_held(lock) is False

"""Anything readable can be stored; what is not readable is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.conversations.model import MessageRefused
from bot.conversations.text import LONGEST, storable


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x07", "\u200b\u2060", "\u202e"])
def test_nothing_to_read_is_refused(text):
    with pytest.raises(MessageRefused, match="did not get any words"):
        storable(text)


def test_a_whole_file_is_refused():
    with pytest.raises(MessageRefused, match="shorter"):
        storable("x" * (LONGEST + 1))


def test_a_long_message_is_taken():
    assert len(storable("help " * 4000)) == 19_999


def test_emoji_alone_are_a_message():
    assert storable("😭") == "😭"


def test_control_characters_go_and_lines_stay():
    assert storable("a\x00b\r\nc\x1b[31md") == "ab\nc[31md"


def test_a_lone_surrogate_becomes_a_mark():
    assert storable("x\ud800y") == "x?y"


@given(some.text(some.characters(), min_size=1, max_size=300))
def test_what_is_taken_can_always_be_kept(text: str):
    try:
        kept = storable(text)
    except MessageRefused:
        return
    kept.encode("utf-8")
    assert "\x00" not in kept
    assert kept == storable(kept)

"""Text is made even without losing what was said, whatever was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nlu.normal import clean, plain
from nlu.segments import MOST_SEGMENTS, segments


@pytest.mark.parametrize(
    ("text", "even"),
    [
        ("  HELLO   there ", "hello there"),
        ("pleeeease", "pleease"),
        ("i’m", "i'm"),
        ("help 😭😭", "help"),
        ("a\x00b\u202ec", "a b c"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("ﬁne", "fine"),
    ],
)
def test_what_typing_leaves_behind_is_evened_out(text, even):
    assert clean(text) == even


def test_short_forms_are_written_out():
    assert plain("im 18, wot do u get??") == "i am 18 what do you get"


@given(some.text(some.characters(), max_size=200))
def test_any_text_at_all_is_taken(text: str):
    even = plain(text)
    assert even == " ".join(even.split())
    even.encode("utf-8")
    assert 1 <= len(segments(clean(text))) <= max(1, MOST_SEGMENTS)


def test_two_questions_are_two_segments():
    assert segments("how do i get a mentor? what is the travel card") == ["how do i get a mentor", "what is the travel card"]
    assert segments("how do i get a mentor and also what is a pa") == ["how do i get a mentor", "what is a pa"]


def test_one_question_is_one_segment():
    assert segments("can i get bread and butter money") == ["can i get bread and butter money"]

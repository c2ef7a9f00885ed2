"""Words are read whatever was done to their spelling."""

from __future__ import annotations

import pytest

from nlu.crisis.phrases import spelling
from nlu.crisis.words import english, folded, marked


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("i wanna k1ll mys3lf", "i want to kill myself"),
        ("i want to ki11 myself", "i want to kill myself"),
        ("s u i c i d e", "suicide"),
        ("k.m.s", "kms"),
        ("un-alive", "unalive"),
        ("sui cide", "suicide"),
        ("sucide", "suicide"),
        ("suicdie", "suicide"),
        ("mysefl", "myself"),
        ("overdoze", "overdose"),
        ("KILLING\u200b MYSELF", "killing myself"),
        ("think ive od'd", "think i have overdosed"),
        ("that is odd", "that is odd"),
        ("im dead 😂", "i am dead haha"),
        ("paracetemol 💊", "paracetamol pills"),
    ],
)
def test_disguised_and_misspelt_words_are_put_right(written, read):
    assert " ".join(english(written, spelling())) == read


@pytest.mark.parametrize(
    "text", ["my self esteem", "the suite is nice", "cuttings of a plant", "a b4 c", "tables and chairs"]
)
def test_other_words_stay_what_they_are(text):
    assert not {"suicide", "myself", "cutting", "tablets"} & set(english(text, spelling()))


def test_marks_and_letters_that_people_exchange_do_not_matter():
    assert folded("أُرِيدُ أنْ أمُوت") == folded("اريد ان اموت")
    assert folded("zabić się") == ["zabic", "sie"]
    assert folded("ራሴን ማጥፋት") == folded("ራሴን ማጥፋት".replace("ራ", "ራ"))


def test_where_a_mark_makes_another_word_it_stays():
    assert marked("từ từ") != marked("tự tử")

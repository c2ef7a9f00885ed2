"""Patterns are found where they stand, and what is no pattern is refused."""

from __future__ import annotations

import time

import pytest

from nlu.crisis.patterns import PatternRefused, Patterns


def found(pattern: str, text: str) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in Patterns([(pattern, "x")]).find(text.split())]


@pytest.mark.parametrize(
    ("pattern", "text", "places"),
    [
        ("nowhere to sleep", "i have nowhere to sleep", [(2, 5)]),
        ("nowhere to sleep", "nowhere too sleep", []),
        ("(want|going) to die", "i want to die", [(1, 4)]),
        ("want [just] to die", "want to die and want just to die", [(0, 3), (4, 8)]),
        ("mate .. himself", "my mate might hurt himself", [(1, 5)]),
        ("mate .. himself", "my mate said that he might hurt himself", []),
        ("relaps* again", "relapsing again", [(0, 2)]),
        ("kill (him|her) [self]", "kill her self", [(0, 3)]),
        ("end", "weekend the end", [(2, 3)]),
    ],
)
def test_a_pattern_is_found_word_by_word(pattern, text, places):
    assert found(pattern, text) == places


@pytest.mark.parametrize("pattern", ["", "(a|b", "a)", ".. end", "[maybe]", "a*", "in*side*"])
def test_what_is_no_pattern_is_refused_in_a_sentence(pattern):
    with pytest.raises(PatternRefused):
        Patterns([(pattern, "x")])


def test_a_hundred_thousand_letters_are_searched_in_a_moment():
    patterns = Patterns([(f"word{number} .. end", number) for number in range(500)])
    words = ["how", "do", "i", "get", "word7", "grant"] * 4000
    started = time.process_time()
    list(patterns.find(words))
    assert time.process_time() - started < 1.0

"""Messages are cut into what they ask, and what is taken back is not asked."""

from __future__ import annotations

import pytest

from nlu.segments import corrected, segments


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("how do i get the bursary. no wait, the travel pass", "the travel pass"),
        ("can i get council tax off? actually no do i get a travel pass", "do i get a travel pass"),
        ("uni bursary. scrap that. how do i get a mentor", "how do i get a mentor"),
        ("help with rent, sorry i meant council tax", "council tax"),
        ("i want a job nvm whats a pathway plan", "whats a pathway plan"),
    ],
)
def test_a_second_sentence_that_changes_the_first_is_what_counts(text, meant):
    assert corrected(text) == meant


@pytest.mark.parametrize("text", ["never mind", "nvm", "no wait", "how do i get a mentor", "forget it thanks"])
def test_what_takes_back_everything_stays_as_it_is(text):
    assert corrected(text) in (text, "thanks")


def test_two_questions_in_one_message_are_two_parts():
    assert len(segments("how do i get a mentor? and do i pay council tax?")) == 2

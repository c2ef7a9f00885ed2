"""Answers fit the council, the age and the situation, are short, and say what is not known."""

from __future__ import annotations

import pytest

from content.answer import WORD_LIMIT
from content.eligibility import AGE, Outcome
from content.library import Shelf
from content.model import Circumstances, Situation
from content.rules import words

COUNCILS = ("nottingham-city", "nottinghamshire", None)
PEOPLE = [
    Circumstances(),
    *(Circumstances(age=age) for age in (16, 17, 18, 19, 21, 24)),
    *(Circumstances(age=19, situations={situation: True}) for situation in Situation),
]


def told(shelf: Shelf, entry: str, council: str | None, **known) -> str:
    return "\n".join(answer.text for answer in shelf.answers(entry, council, Circumstances(**known)))


def test_every_answer_has_at_most_ninety_words_and_a_source(shelf: Shelf):
    for entry in shelf.entries:
        for council in COUNCILS:
            for person in PEOPLE:
                for answer in shelf.answers(entry, council, person):
                    assert words(answer.text) <= WORD_LIMIT, (entry, council, person, answer.text)
                    assert answer.offer.sources or answer.offer.is_gap, (entry, council)


def test_no_answer_for_one_council_names_the_other(shelf: Shelf):
    # The two texts that may: where somebody lives in one area and was looked after by the other.
    for entry in shelf.entries:
        for own, other in (("nottingham-city", "Nottinghamshire"), ("nottinghamshire", "Nottingham City")):
            text = told(shelf, entry, own)
            assert other not in text or entry == "living-out-of-area", (entry, own, text)


def test_the_county_grant_is_never_told_as_two_thousand_pounds(shelf: Shelf):
    for age in (None, 16, 18, 21, 24):
        for answer in shelf.answers("setting-up-home-allowance", "nottinghamshire", Circumstances(age=age)):
            assert "2,000" not in answer.text + (answer.more or "")


def test_the_city_grant_is_never_told_as_a_yearly_sum(shelf: Shelf):
    text = told(shelf, "setting-up-home-allowance", "nottingham-city")
    assert "£3,000" in text
    assert "a year" not in text
    assert "each year" not in text


def test_the_county_council_tax_exemption_is_not_carried_to_the_city(shelf: Shelf):
    assert "you do not pay Council Tax" in told(shelf, "council-tax", "nottinghamshire", age=20)
    city = told(shelf, "council-tax", "nottingham-city", age=20)
    assert "I could not find" in city
    assert "you do not pay" not in city


def test_a_council_without_a_position_gives_the_gap_and_the_national_rule(shelf: Shelf):
    gaps = [
        answer
        for entry in shelf.entries
        for council in ("nottingham-city", "nottinghamshire")
        for answer in shelf.answers(entry, council, Circumstances())
        if answer.offer.is_gap
    ]
    assert len(gaps) > 10
    for answer in gaps:
        assert "could not find" in answer.text or "I do not know" in answer.text, answer.text


def test_within_the_stated_ages_it_says_that_it_is_for_you(shelf: Shelf):
    assert told(shelf, "council-tax", "nottinghamshire", age=20).startswith("At 20, this is for you.")


def test_outside_the_stated_ages_it_says_so_and_what_there_is_instead(shelf: Shelf):
    [answer] = shelf.answers("council-tax", "nottinghamshire", Circumstances(age=17))
    assert answer.verdict.outcome is Outcome.NO
    assert answer.text.startswith("This is for ages 18 to 24, so not for you at 17.")


def test_somebody_too_young_hears_what_there_will_be_and_somebody_too_old_does_not(shelf: Shelf):
    assert "until you turn 25" in told(shelf, "council-tax", "nottinghamshire", age=17)
    assert "until you turn 25" not in told(shelf, "council-tax", "nottinghamshire", age=25)


def test_nobody_is_told_that_a_helpline_is_not_a_right(shelf: Shelf):
    for entry in shelf.entries.values():
        if not entry.refusable:
            for council in COUNCILS:
                assert "not a legal right" not in told(shelf, entry.id, council), (entry.id, council)


def test_tell_me_more_says_nothing_twice(shelf: Shelf):
    for entry in shelf.entries:
        for council in COUNCILS:
            for answer in shelf.answers(entry, council, Circumstances()):
                sentences = (answer.more or "").replace("\n\n", " ").split(". ")
                assert len(sentences) == len(set(sentences)), (entry, council)


def test_without_the_age_it_says_what_it_depends_on(shelf: Shelf):
    [answer] = shelf.answers("council-tax", "nottinghamshire", Circumstances())
    assert answer.verdict.outcome is Outcome.DEPENDS
    assert answer.missing == (AGE,)
    assert "It is for ages 18 to 24." in answer.text


def test_what_was_declined_is_not_asked_for(shelf: Shelf):
    [answer] = shelf.answers("council-tax", "nottinghamshire", Circumstances(declined=frozenset({AGE})))
    assert answer.missing == ()


def test_somebody_who_is_not_in_the_situation_is_told_whom_it_is_for(shelf: Shelf):
    [answer] = shelf.answers(
        "university-bursary", "nottingham-city", Circumstances(situations={Situation.UNIVERSITY: False})
    )
    assert answer.verdict.outcome is Outcome.NO
    assert "people who are at university" in answer.text


def test_a_brief_answer_says_whether_it_is_for_you_and_what_it_is(shelf: Shelf):
    [answer] = shelf.answers("council-tax", "nottinghamshire", Circumstances(age=20))
    assert answer.brief.startswith("At 20, this is for you.")
    assert answer.text.startswith(answer.brief)
    assert words(answer.brief) < words(answer.text)


def test_old_and_undated_sources_are_shown_as_what_they_are(shelf: Shelf):
    [answer] = shelf.answers("council-tax", "nottinghamshire", Circumstances(age=20))
    checked = [shelf.composer.checked(source) for source in answer.offer.sources]
    assert "Last checked: 30 November 2020" in checked
    assert answer.offer.confirm


@pytest.mark.parametrize("council", COUNCILS)
def test_no_answer_offers_a_law_that_has_not_started(shelf: Shelf, council: str | None):
    for entry in shelf.entries:
        assert "2026 Act" not in told(shelf, entry, council), entry

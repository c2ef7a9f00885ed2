"""Urgent help has a text for every danger, for every council, by day and by night, with numbers that have a source."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from content.crisis import MOST_NUMBERS, Danger, built_in
from content.seed import bodies_of, read

DAY, NIGHT = datetime(2026, 11, 23, 11, tzinfo=timezone.utc), datetime(2026, 11, 23, 23, tzinfo=timezone.utc)
COUNCILS = (None, "nottingham-city", "nottinghamshire")
_NUMBER = re.compile(r"\b(?:0\d[\d ]{7,}\d|999|111|116 123|85258)\b")


def numbers(text: str) -> list[str]:
    return list(dict.fromkeys(_NUMBER.findall(text)))


@pytest.mark.parametrize("danger", Danger)
@pytest.mark.parametrize("council", COUNCILS)
@pytest.mark.parametrize("at", [DAY, NIGHT])
def test_every_danger_has_a_short_text_with_at_most_three_numbers(danger, council, at):
    text = built_in().text(danger, council, at)
    assert 1 <= len(numbers(text)) <= MOST_NUMBERS
    assert len(text.split()) <= 110
    assert "999" in text
    assert "{" not in text


def test_by_day_it_is_the_councils_own_number_and_by_night_the_emergency_duty_teams():
    urgent = built_in()
    assert "0115 876 4800" in urgent.text(Danger.CHILD, "nottingham-city", DAY)
    assert "0115 876 1000" in urgent.text(Danger.CHILD, "nottingham-city", NIGHT)
    assert "0300 500 80 80" in urgent.text(Danger.CHILD, "nottinghamshire", DAY)
    assert "0300 456 4546" in urgent.text(Danger.CHILD, "nottinghamshire", NIGHT)


def test_who_has_nowhere_to_sleep_gets_housing_aid_by_day():
    assert "0115 876 3300" in built_in().text(Danger.HOMELESS, "nottingham-city", DAY)
    assert "0115 876 1000" in built_in().text(Danger.HOMELESS, "nottingham-city", NIGHT)


def test_where_each_councils_number_does_not_fit_the_council_is_asked_for():
    urgent = built_in()
    assert urgent.asks_council(Danger.ABUSE, None)
    assert not urgent.asks_council(Danger.ABUSE, "nottinghamshire")
    assert not urgent.asks_council(Danger.HOMELESS, None)
    assert not urgent.asks_council(Danger.SUICIDE, None)


def test_every_number_stands_with_its_source_or_among_a_councils_contacts():
    document = bodies_of("crisis")["numbers"]
    sourced = {row["number"] for row in document["numbers"].values() if row["source"]["publisher"]}
    contacts = {
        contact["phone"]
        for authority in bodies_of("authority").values()
        for contact in (authority.get("emergency"), *authority.get("urgent", {}).values())
        if isinstance(contact, dict)
    }
    known = {re.sub(r"^text SHOUT to ", "", number) for number in sourced | contacts}
    for danger in Danger:
        for council in COUNCILS:
            for at in (DAY, NIGHT):
                assert set(numbers(built_in().text(danger, council, at))) <= known


def test_the_numbers_of_urgent_help_are_the_ones_that_the_entries_give():
    told = " ".join(str(document.body) for document in read() if document.kind == "entitlement")
    document = bodies_of("crisis")["numbers"]
    for row in document["numbers"].values():
        assert row["number"].removeprefix("text SHOUT to ") in told


@pytest.mark.parametrize("danger", Danger)
def test_every_language_has_its_own_text_with_the_numbers(danger, shelf):
    for code in shelf.languages:
        text = shelf.urgent.text(danger, "nottingham-city", NIGHT, code)
        assert "999" in text
        assert text != shelf.urgent.text(danger, "nottingham-city", NIGHT)


def test_the_phrases_of_urgent_help_can_be_filled_in_every_language(shelf):
    for code in (None, *shelf.languages):
        assert "K7" in shelf.urgent.say("crisis_told", code, team="the team", reference="K7")
        for name in ("crisis_glad", "crisis_taken_back", "crisis_still_here", "crisis_check_in_numbers"):
            assert "116 123" in shelf.urgent.say(name, code)


def test_the_built_in_help_is_what_is_published_at_first(shelf):
    for danger in Danger:
        assert built_in().text(danger, "nottinghamshire", DAY) == shelf.urgent.text(danger, "nottinghamshire", DAY)

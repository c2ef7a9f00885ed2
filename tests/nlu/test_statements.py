"""What a message says of its writer is heard, and nothing that it does not say."""

from __future__ import annotations

import pytest

from content.library import Shelf
from nlu.statements import StatementReader


@pytest.fixture(scope="module")
def reader(shelf: Shelf) -> StatementReader:
    return StatementReader(shelf.councils)


def heard(reader: StatementReader, text: str) -> set[tuple[str, str, str]]:
    return {(said.fact, said.value, said.role) for said in reader.read(text).statements}


@pytest.mark.parametrize(
    ("text", "council"),
    [
        ("city", "nottingham-city"),
        ("Nottingham City", "nottingham-city"),
        ("NOTTINGHAM CITY COUNCIL!!", "nottingham-city"),
        ("nottigham citty", "nottingham-city"),
        ("i was with the city one", "nottingham-city"),
        ("county", "nottinghamshire"),
        ("its notts county", "nottinghamshire"),
        ("Nottinghamshire", "nottinghamshire"),
        ("notinghamshire conty", "nottinghamshire"),
        ("im under the county council", "nottinghamshire"),
        ("no, i meant the county", "nottinghamshire"),
    ],
)
def test_a_council_is_heard_by_its_names_and_their_misspellings(reader, text, council):
    assert ("authority", council, "own") in heard(reader, text)


@pytest.mark.parametrize("text", ["another country", "city centre", "the county court sent me a letter", "what a pity"])
def test_a_word_that_only_looks_like_a_council_is_none(reader, text):
    assert not heard(reader, text)


def test_a_denied_council_is_not_the_writers(reader):
    said = heard(reader, "city not county")
    assert ("authority", "nottingham-city", "own") in said
    assert ("authority", "nottinghamshire", "own") not in said


@pytest.mark.parametrize(
    ("text", "council"),
    [
        ("bulwell", "nottingham-city"),
        ("was in foster care in worksop", "nottinghamshire"),
        ("nottingham", "nottingham-city"),
    ],
)
def test_a_place_is_a_place_and_no_council(reader, text, council):
    said = heard(reader, text)
    assert ("place", council, "own") in said
    assert not any(fact == "authority" for fact, _, _ in said)


@pytest.mark.parametrize("text", ["i live in bulwell", "moved to bulwell", "i rent a flat in bulwell now"])
def test_where_somebody_only_lives_is_told_apart(reader, text):
    assert heard(reader, text) == {("place", "nottingham-city", "lives")}


def test_a_council_of_another_town_is_not_taken_for_ours(reader):
    assert heard(reader, "i was in care with leicester city council") == {("elsewhere", "Leicester", "own")}


def test_asking_what_it_would_be_in_the_other_council_is_only_supposing(reader):
    assert heard(reader, "and city?") == {("authority", "nottingham-city", "supposed")}
    assert heard(reader, "what about county") == {("authority", "nottinghamshire", "supposed")}
    assert heard(reader, "no i am with the city") == {("authority", "nottingham-city", "own")}


def test_living_in_a_councils_area_does_not_name_the_council(reader):
    assert heard(reader, "i live in the city") == {("place", "nottingham-city", "lives")}
    said = heard(reader, "i live in nottingham city now but was in county care")
    assert ("authority", "nottinghamshire", "own") in said
    assert ("authority", "nottingham-city", "own") not in said


@pytest.mark.parametrize(
    "text",
    [
        "my pa is at derby council now, who do i ring",
        "leeds council wont house me",
        "been placed in sheffield council area, what can i get",
        "my worker in leicester said to ask you",
        "i moved to leeds, do you still help me",
    ],
)
def test_a_council_that_is_only_named_does_not_become_the_writers_own(reader, text):
    assert not {fact for fact, _, _ in heard(reader, text)} & {"elsewhere", "authority"}


@pytest.mark.parametrize(
    ("text", "place"),
    [("derby looked after me, do i get the grant", "Derby"), ("im under leeds, whats my allowance", "Leeds"),
     ("leicester city council care leaver here", "Leicester")],
)  # fmt: skip
def test_the_council_that_looked_after_the_writer_is_their_own_also_in_a_question(reader, text, place):
    assert ("elsewhere", place, "own") in heard(reader, text)


def test_another_council_is_heard_as_elsewhere(reader):
    assert heard(reader, "leicestershire") == {("elsewhere", "Leicestershire", "own")}
    assert heard(reader, "i was in care with sheffield council") == {("elsewhere", "Sheffield", "own")}


def test_the_council_that_looked_after_somebody_wins_over_where_they_live(reader):
    assert heard(reader, "i live in derby but was in care with notts county") == {("authority", "nottinghamshire", "own")}


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("im 22", "22"),
        ("I'm 19 years old", "19"),
        ("just turned 18", "18"),
        ("19", "19"),
        ("twenty", "20"),
        ("aged 17", "17"),
        ("i turn 18 in may", "17"),
        ("nearly 21", "20"),
        ("17yo", "17"),
        ("young mum 19 here", "19"),
        ("im disabled and 24", "24"),
    ],
)
def test_an_age_is_heard_however_it_is_told(reader, text, age):
    assert ("age", age, "own") in heard(reader, text)


@pytest.mark.parametrize(
    "text",
    ["£18 a week", "18 months ago", "when i turn 18", "up to 25", "a 16-19 thing", "i work 16 hours", "ring 0115 876 4800"],
)
def test_a_number_that_is_no_age_of_the_writers_is_left_alone(reader, text):
    assert not any(fact == "age" for fact, _, _ in heard(reader, text))


@pytest.mark.parametrize(
    "text", ["what if im 22", "what about at 22", "i was adopted at 22", "my sister is 22", "and if you are 22"]
)
def test_an_age_that_is_only_supposed_is_not_the_writers(reader, text):
    assert ("age", "22", "supposed") in heard(reader, text)


@pytest.mark.parametrize(
    ("text", "situation", "role"),
    [
        ("im at uni", "university", "own"),
        ("i go to college", "college", "own"),
        ("i've got a baby", "parent", "own"),
        ("im pregnant", "parent", "own"),
        ("i work part time", "working", "own"),
        ("im not in college anymore", "college", "no"),
        ("what if im at university", "university", "supposed"),
        ("i am an asylum seeker", "asylum", "own"),
        ("I am 18, I come alone to UK", "asylum", "own"),
        ("my asylum claim was refused", "asylum", "own"),
        ("just got out of prison", "custody", "own"),
        ("im still in care", "in-care", "own"),
        ("i live with my foster carer", "foster-home", "own"),
        ("no im at uni i said", "university", "own"),
        ("i have a 5 month old baby", "parent", "own"),
        ("i have no job", "looking-for-work", "own"),
    ],
)
def test_a_situation_is_heard_with_whether_it_is_so(reader, text, situation, role):
    assert ("situation", situation, role) in heard(reader, text)


@pytest.mark.parametrize("text", ["city", "im 19", "im with the county actually", "what about if im 22", "at uni"])
def test_a_message_that_says_nothing_else_is_bare(reader, text):
    assert reader.read(text).is_bare


@pytest.mark.parametrize("text", ["how do i get a bus pass in the city", "im 19 can i stay with my foster carer", ""])
def test_a_message_that_says_more_is_not_bare(reader, text):
    assert not reader.read(text).is_bare

"""Sentences in other languages: complete, filled with just what the program gives, readable from right to left."""

from __future__ import annotations

import pytest

from content.language import END_ISOLATE, ISOLATE, PLACEHOLDERS, Language, faults_of_language


def body(**changed: str) -> dict:
    sentences = {name: " ".join(f"{{{field}}}" for field in sorted(fields)) or "x" for name, fields in PLACEHOLDERS.items()}
    return {
        "name": "Klingon",
        "english_name": "Klingon",
        "direction": "ltr",
        "machine_written": True,
        "phrases": {**sentences, **changed},
        "help": {},
        "numbers": {"samaritans": "{number}: they listen"},
    }


def test_a_complete_language_has_no_fault():
    assert list(faults_of_language(body())) == []


@pytest.mark.parametrize(
    ("sentence", "rule"), [("call us", "should be filled with {team}"), ("{team} {name}", "cannot be filled with {name}")]
)
def test_a_sentence_that_cannot_be_filled_is_refused(sentence, rule):
    [(place, found)] = faults_of_language(body(person=sentence))
    assert place == ("phrases", "person")
    assert rule in found


def test_braces_that_do_not_match_are_refused():
    assert "braces" in next(rule for _, rule in faults_of_language(body(person="{team")))


def test_a_missing_and_an_unknown_sentence_are_refused():
    document = body(hello="hi")
    del document["phrases"]["greet"]
    assert {found for _, found in faults_of_language(document)} == {
        "the phrase 'greet' is missing",
        "the program has no phrase of this name",
    }


def test_what_is_filled_in_keeps_its_direction():
    language = Language.from_document("xx", body(person="call {team}"))
    assert language("person", team="0115 1") == f"call {ISOLATE}0115 1{END_ISOLATE}"


def test_all_sentences_are_marked_as_written_by_a_machine_until_approved(shelf):
    assert len(shelf.languages) == 12
    assert all(language.machine_written for language in shelf.languages.values())


def test_right_to_left_languages_say_so(shelf):
    assert {code for code, language in shelf.languages.items() if language.right_to_left} == {"ar", "ckb", "fa", "ps"}


def test_the_line_of_a_number_must_name_it():
    document = body()
    document["numbers"]["samaritans"] = "call them"
    assert list(faults_of_language(document)) == [(("numbers", "samaritans"), "should be filled with {number}, once")]

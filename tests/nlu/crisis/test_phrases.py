"""Phrases are heard in any spelling, weighed by what stands beside them, and never taken away."""

from __future__ import annotations

import pytest

from content.crisis import Danger
from nlu.crisis import messages
from nlu.crisis.phrases import Answer, Phrases, languages

BUILT_IN = Phrases()


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("i want to kill myself", Danger.SUICIDE),
        ("gonna k m s tonight... gonna kms", Danger.SUICIDE),
        ("i dont want to live anymore", Danger.SUICIDE),
        ("what if i just walked in front of a bus", Danger.SUICIDE),
        ("if i stepped off a bridge who pays my rent", Danger.SUICIDE),
        ("could just walk into the trent", Danger.SUICIDE),
        ("been cutting myself again", Danger.SELF_HARM),
        ("took too many paracetamol", Danger.OVERDOSE),
        ("my boyfriend keeps hitting me", Danger.ABUSE),
        ("theres a man following me", Danger.IMMEDIATE),
        ("they make me sell drugs for them", Danger.EXPLOITATION),
        ("older lads have took over my place", Danger.EXPLOITATION),
        ("im scared ill shake my baby", Danger.CHILD),
        ("nowhere to sleep tonight", Danger.HOMELESS),
        ("my mate says hes going to kill himself", Danger.SOMEONE_ELSE),
    ],
)
def test_plain_words_of_every_danger_are_heard_for_sure(text, danger):
    evidence = BUILT_IN.evidence(text)
    assert danger in evidence.sure
    assert not evidence.is_doubtful


@pytest.mark.parametrize(
    "text",
    [
        "i dont want to die lol",
        "im not suicidal",
        "my phone died",
        "cutting my hair",
        "nobody hit me",
        "i nearly died laughing",
        "suicide squad is on",
        "ending my tenancy",
        "went past in front of the bus station",
    ],
)
def test_what_only_sounds_like_danger_is_not_heard_for_sure(text):
    assert BUILT_IN.evidence(text).sure == ()


@pytest.mark.parametrize(
    "text", ["i wanna kill myself lol", "when i was 15 i tried to kill myself", "a film where i kill myself"]
)
def test_jokes_films_and_long_ago_make_it_doubtful(text):
    evidence = BUILT_IN.evidence(text)
    assert evidence.sure
    assert evidence.is_doubtful


def test_what_is_said_to_be_no_joke_is_not_doubtful():
    assert not BUILT_IN.evidence("wanna kms and its not a joke this time").is_doubtful


def test_a_doubt_far_away_does_not_count():
    far = " ".join(["and then another thing happened"] * 10)
    assert not BUILT_IN.evidence(f"haha lol {far} i want to kill myself").is_doubtful


def test_what_staff_add_is_heard_beside_what_is_built_in():
    phrases = Phrases({Danger.SUICIDE: ["catching the bus"]})
    assert phrases.evidence("im catching the bus 2nite").sure == (Danger.SUICIDE,)
    assert phrases.evidence("i want to kill myself").sure == (Danger.SUICIDE,)
    assert BUILT_IN.evidence("im catching the bus 2nite").sure == ()


@pytest.mark.parametrize("written", ["(", "* * *", "", "..", "a|b)"])
def test_whatever_staff_add_is_read_as_words(written):
    Phrases({Danger.SUICIDE: [written]}).evidence("i want my grant")


def test_who_else_is_in_danger_is_told_from_the_writer_in_other_languages():
    assert BUILT_IN.evidence("bạn em muốn chết").sure == (Danger.SOMEONE_ELSE,)
    assert BUILT_IN.evidence("em muốn chết").sure == (Danger.SUICIDE,)


def test_all_twelve_languages_are_heard():
    assert len(languages()) == 12
    for text, language in (("أريد أن أموت", "ar"), ("chcę umrzeć", "pl"), ("chce umrzec", "pl"), ("vreau să mor", "ro")):
        evidence = BUILT_IN.evidence(text)
        assert (evidence.sure, evidence.language) == ((Danger.SUICIDE,), language)


def test_no_phrase_of_another_language_stands_in_our_english_messages():
    ours = [*messages.ordinary(), *messages.read(messages.TRAINING), *messages.read(messages.VALIDATION["hidden"])]
    assert [each.text for each in ours if BUILT_IN.evidence(each.text).language != "en"] == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("yes", Answer.SAFE),
        ("yeah im safe", Answer.SAFE),
        ("no", Answer.UNSAFE),
        ("not really", Answer.UNSAFE),
        ("im not ok", Answer.UNSAFE),
        ("jk im fine", Answer.TAKES_BACK),
        ("was only joking", Answer.TAKES_BACK),
        ("nvm", Answer.TAKES_BACK),
        ("how do i get the grant", None),
    ],
)
def test_answers_to_the_question_whether_one_is_safe_are_understood(text, answer):
    assert BUILT_IN.answer(text) is answer

"""The screen hears danger anywhere in a message of any length, with and without its classifier."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from content.crisis import Danger
from nlu.crisis.classifier import Classifier
from nlu.crisis.screen import FIRST_PIECES, LAST_PIECES, QUIET, CrisisScreen, Level, pieces

ALONE = CrisisScreen()
FILLER = "how do i get the grant for my flat? "


@pytest.fixture(scope="module")
def screen(models: Path) -> CrisisScreen:
    return CrisisScreen(Classifier.open(models))


@pytest.fixture(params=["phrases alone", "with the classifier"])
def either(request: pytest.FixtureRequest, screen: CrisisScreen) -> CrisisScreen:
    return ALONE if request.param == "phrases alone" else screen


def test_plain_words_are_heard(either: CrisisScreen):
    heard = either.hear("i want to kill myself")
    assert (heard.level, heard.danger) == (Level.CRISIS, Danger.SUICIDE)


@pytest.mark.parametrize("before", [0, 5, 300, 2700])
def test_they_are_heard_at_the_end_of_any_length(either: CrisisScreen, before: int):
    assert either.hear(FILLER * before + "i want to kill myself").is_crisis


def test_they_are_heard_in_the_middle_and_without_any_full_stop(either: CrisisScreen):
    filler = "and then i went to the shop " * 40
    assert either.hear(f"{filler} i want to kill myself {filler}").is_crisis


@pytest.mark.parametrize("text", ["", "   ", "?", "\ud800", "🙂", "\x00", "do i pay council tax", "what is a pathway plan"])
def test_what_says_nothing_of_danger_is_quiet(either: CrisisScreen, text: str):
    assert either.hear(text) == QUIET


def test_a_joke_is_at_most_asked_about_by_the_phrases(screen: CrisisScreen):
    assert ALONE.hear("i wanna die lol").level is Level.UNSURE


def test_an_act_that_is_only_imagined_is_at_least_asked_about(screen: CrisisScreen):
    assert screen.hear("what if i just walked in front of a bus").level is not Level.NONE


def test_other_languages_are_heard_in_their_own(either: CrisisScreen):
    heard = either.hear("أريد أن أموت")
    assert (heard.level, heard.language) == (Level.CRISIS, "ar")


def test_the_most_urgent_danger_comes_first(either: CrisisScreen):
    assert either.hear("my dad hits me and i took too many tablets").danger is Danger.OVERDOSE


def test_phrases_of_staff_are_heard_at_once_and_gone_at_once(either: CrisisScreen):
    either.listen_for({Danger.SUICIDE: ["purple umbrella sale"]})
    assert either.hear("purple umbrella sale").danger is Danger.SUICIDE
    either.listen_for({})
    assert not either.hear("purple umbrella sale").is_crisis


def test_of_a_very_long_message_the_classifier_reads_the_beginning_and_the_end():
    read = pieces(" ".join(f"word{number}." for number in range(4322)))
    assert len(read) == FIRST_PIECES + LAST_PIECES
    assert read[0][0].startswith("word0 ")
    assert read[-1][0].endswith("word4321")


def test_the_sentences_of_a_piece_are_found_where_they_stand():
    [(text, spans)] = pieces("i am 19. he won't let me out! ok")
    assert [text[start:end] for start, end in spans] == ["i am 19", "he will not let me out"]


def test_the_longest_message_is_screened_in_a_second(screen: CrisisScreen):
    started = time.process_time()
    screen.hear(FILLER * 2750)
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    "unit",
    [
        "x",
        "1",
        "a1",
        "a ",
        "a. ",
        "x1!",
        ".",
        "od",
        "o.d ",
        "k-",
        "\u200b",
        "ሰ",
        "no ",
        "kill ",
        "my mate ",
        "want to ",
        "*",
        "(",
        "é",
    ],
)
def test_no_text_of_the_longest_length_takes_long(screen: CrisisScreen, unit: str):
    started = time.process_time()
    screen.hear((unit * 100_000)[:100_000])
    assert time.process_time() - started < 3.0

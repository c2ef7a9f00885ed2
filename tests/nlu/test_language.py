"""English as young people write it is English; other languages are told apart, with and without their accents."""

from __future__ import annotations

import pytest

from nlu import messages
from nlu.language import ENGLISH, LanguageReader, samples
from nlu.talk import talk

OURS = ("am", "ar", "ckb", "fa", "pl", "ps", "ro", "so", "sq", "ti", "uk", "vi")


@pytest.fixture(scope="module")
def reader(shelf) -> LanguageReader:
    english = [text for texts in talk().values() for text in texts]
    english.extend(text for entry in shelf.entries.values() for text in entry.questions)
    return LanguageReader.learn(samples(), english)


def test_messages_in_other_languages_are_heard_as_such(reader):
    rows = [(next(iter(row.labels)), row.text) for row in messages.read(messages.LANGUAGES)]
    foreign = [(code, reader.read(text)) for code, text in rows if code != ENGLISH]
    heard = [found not in (None, ENGLISH) for _, found in foreign]
    right = [found == code for code, found in foreign if code in OURS]
    assert sum(heard) / len(heard) >= 0.95
    assert sum(right) / len(right) >= 0.95


def test_slang_names_and_borrowed_words_stay_english(reader):
    rows = [row.text for row in messages.read(messages.LANGUAGES) if ENGLISH in row.labels]
    wrong = [text for text in rows if reader.read(text) not in (None, ENGLISH)]
    assert len(wrong) <= 2, wrong


def test_no_validation_message_in_english_is_taken_for_another_language(reader):
    rows = [*messages.read(messages.VALIDATION), *messages.read(messages.CALIBRATION)]
    wrong = [row.text for row in rows if reader.read(row.text) not in (None, ENGLISH)]
    assert len(wrong) <= len(rows) // 500, wrong


@pytest.mark.parametrize("text", ["", "???", "12345", "👍", "\ud83d"])
def test_what_has_no_letters_has_no_language(reader, text):
    assert reader.read(text) is None


def test_each_of_our_languages_has_samples_and_sentences(shelf):
    assert sorted(shelf.languages) == sorted(OURS)
    assert set(OURS) <= samples().keys()

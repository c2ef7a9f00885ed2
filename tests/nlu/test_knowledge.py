"""What is published is learnt at once, without learning everything again; what cannot be learnt changes nothing."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from content.library import Shelf
from nlu import messages
from nlu.knowledge import Knowledge
from nlu.sentences import SentenceModel
from nlu.talk import talk

KEPT = ("council-tax", "mentoring", "universal-credit", "travel-pass", "complaints")
PETS = (
    "can i have a dog in my flat",
    "who pays for my cats food",
    "my hamster needs a vet n im skint",
    "help with vet bills",
    "will the council pay for my dogs jabs",
    "pet insurance for care leavers",
)

UNCOVERED = (
    "can the council pay my vet",
    "vet wants money for my dog and i have none",
    "who pays when my dog needs the vet",
    "help with vet bills for my cat",
    "what day do my bins go out",
    "who do i tell about a broken street light",
)
"""Written when nothing answered them, as examples of what is not covered."""


@pytest.fixture(scope="module")
def few(shelf: Shelf) -> Shelf:
    """Five entries of the real content, so that learning takes a second."""
    return dataclasses.replace(shelf, entries={id: shelf.entries[id] for id in KEPT})


@pytest.fixture(scope="module")
def pets(few: Shelf) -> Shelf:
    """The same with a new entry."""
    entry = dataclasses.replace(few.entries["travel-pass"], id="pets", title="Pets", label="My pet", questions=PETS)
    return dataclasses.replace(few, version=few.version + 1, entries={**few.entries, "pets": entry})


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[str]]:
    some = {name: texts[:40] for name, texts in talk().items()}
    return {**some, "not_covered": [*some["not_covered"], *UNCOVERED]}


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> SentenceModel | None:
    return SentenceModel.open(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def known(spoken: dict[str, list[str]], few: Shelf, sentences: SentenceModel | None) -> Knowledge:
    return Knowledge.learn(spoken, few, sentences, messages.read(messages.CALIBRATION))


def best(knowledge: Knowledge, text: str) -> str:
    return knowledge.decide(text)[1][0].name


def last(knowledge: Knowledge, shelf: Shelf) -> Knowledge:
    for step in knowledge.following(shelf):
        knowledge = step
    return knowledge


def test_a_new_entry_is_understood_in_less_than_a_second(known, pets):
    assert best(known, "the vet wants 200 quid for my dog") != "pets"
    started = time.process_time()
    after = last(known, pets)
    assert time.process_time() - started < 1
    assert after.changes(pets) == ((), ())
    assert best(after, "the vet wants 200 quid for my dog") == "pets"
    assert best(after, "do i have to pay council tax") == "council-tax"


def test_what_a_new_entry_answers_is_not_said_to_be_uncovered_any_more(known, spoken, sentences, pets):
    assert best(known, "the vet wants 200 quid for my dog") == "not_covered"
    anew = Knowledge.learn(spoken, pets, sentences, messages.read(messages.CALIBRATION))
    for after in (last(known, pets), anew):
        left = {each.text for each in after.examples} & set(UNCOVERED)
        assert left == set(UNCOVERED[4:])
        assert best(after, "the vet wants 200 quid for my dog") == "pets"
        assert best(after, "what day do the bins go") == "not_covered"


def test_what_an_entry_that_was_foreseen_does_not_answer_stays_uncovered(known, few):
    entry = few.entries["travel-pass"]
    uncovered = {each for each in known.examples if each.label == "not_covered"}
    changed = dataclasses.replace(entry, questions=(*entry.questions, "can the council pay my vet or my bus"))
    after = last(known, dataclasses.replace(few, version=few.version + 1, entries={**few.entries, "travel-pass": changed}))
    assert uncovered <= set(after.examples)


def test_a_withdrawn_entry_is_forgotten(known, few, pets):
    after = last(last(known, pets), few)
    assert after.changes(few) == ((), ())
    assert "pets" not in after.head.classes
    assert best(after, "do i have to pay council tax") == "council-tax"


def test_many_changes_are_learnt_in_steps(known, pets, monkeypatch):
    monkeypatch.setattr("nlu.knowledge.LEARNT_AT_ONCE", 3)
    assert len(list(known.following(pets))) == 3
    assert best(last(known, pets), "the vet wants 200 quid for my dog") == "pets"


def test_without_the_sentence_model_it_follows_by_words_and_letters(few, pets, spoken):
    plain = Knowledge.learn(spoken, few, None, messages.read(messages.CALIBRATION))
    assert best(last(plain, pets), "pay for my dogs jabs") == "pets"


def test_the_validation_messages_are_never_among_the_examples(shelf: Shelf):
    from nlu.knowledge import published
    from nlu.normal import plain

    learnt = {plain(each.text) for each in published(shelf)} | {plain(text) for texts in talk().values() for text in texts}
    kept = [*messages.read(messages.VALIDATION), *messages.read(messages.CALIBRATION)]
    assert [row.text for row in kept if plain(row.text) in learnt] == []


def test_no_message_is_both_fitted_to_and_reported_on():
    fitted = {row.text.lower() for row in messages.read(messages.CALIBRATION)}
    assert [row.text for row in messages.read(messages.VALIDATION) if row.text.lower() in fitted] == []


def test_there_are_enough_examples_of_everything(shelf: Shelf, tmp_path: Path):
    decided = {"ask_entry", "ask_which", "ask_topic", "other_language", "nlu_fallback"}
    assert {id: len(entry.questions) for id, entry in shelf.entries.items() if len(entry.questions) < 40} == {}
    assert {name: len(texts) for name, texts in talk().items() if len(texts) < 60 and name not in decided} == {}

"""What is published is learnt at once, without learning everything again; what cannot be learnt changes nothing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import joblib
import numpy as np
import pytest

from content.library import Shelf
from nlu import messages
from nlu.decision import pooled
from nlu.features import Features
from nlu.knowledge import Knowledge, Second
from nlu.segments import segments
from nlu.sentences import LARGE, SentenceModel
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
def sentences(models: Path) -> SentenceModel | None:
    return SentenceModel.open(models)


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


@pytest.fixture(scope="module")
def larger(models: Path) -> SentenceModel:
    """Its graph takes half a minute to build: tests that use it are slow."""
    sentences = SentenceModel.open(models, LARGE)
    assert sentences is not None
    return sentences


@pytest.fixture(scope="module")
def reread(spoken: dict[str, list[str]], few: Shelf, sentences: SentenceModel, larger: SentenceModel) -> Knowledge:
    """What is known with a second reading."""
    some = {name: texts[:10] for name, texts in spoken.items()}
    return Knowledge.learn(some, few, sentences, messages.read(messages.CALIBRATION)[::12], larger)


UNSURE = "red letter from the town hall lot about the flat"


def is_read_again(knowledge: Knowledge, text: str, monkeypatch: pytest.MonkeyPatch, sure: float) -> bool:
    """Whether a message is read a second time when `sure` is enough not to."""
    read: list[str] = []
    real = Second.probabilities

    def watched(second: Second, rows: Features, text: str, parts: Sequence[str]) -> np.ndarray:
        read.append(text)
        return real(second, rows, text, parts)

    with monkeypatch.context() as patched:
        patched.setattr(Second, "probabilities", watched)
        patched.setattr("nlu.knowledge.SURE", sure)
        knowledge.decide(text)
    return bool(read)


@pytest.mark.slow
@pytest.mark.parametrize("text", [UNSURE, f"do i have to pay council tax. {UNSURE}"], ids=["the whole", "a part"])
def test_a_message_is_read_again_when_the_first_reading_is_unsure_of_it_or_of_a_part(reread, text, monkeypatch):
    parts = segments(text) if "." in text else []
    first = pooled(reread.head.probabilities(reread.features.of_parts(text, parts)), reread.head.classes)
    least = float(first.max(axis=1).min())
    assert not is_read_again(reread, text, monkeypatch, least - 1e-6)
    assert is_read_again(reread, text, monkeypatch, least + 1e-6)


@pytest.mark.slow
def test_the_second_reading_decides_on_what_is_read_again(reread, spoken, monkeypatch):
    monkeypatch.setattr("nlu.knowledge.SURE", 1.1)
    unlearnt = (text for texts in spoken.values() for text in texts[10:40] if len(segments(text)) == 1)
    differ = 0
    for text in islice(unlearnt, 300):
        rows = reread.features.of_parts(text, [])
        first = reread.head.classes[int(reread.head.probabilities(rows)[0].argmax())]
        second = reread.second.head.classes[int(reread.second.probabilities(rows, text, [])[0].argmax())]
        assert best(reread, text) == second
        differ += first != second
    assert differ > 0


@pytest.mark.slow
def test_the_second_reading_waits_until_it_has_learnt_a_change(reread, pets, monkeypatch):
    first, *_, caught_up = reread.following(pets)
    assert not is_read_again(first, UNSURE, monkeypatch, 1.1)
    assert best(first, "the vet wants 200 quid for my dog") == "pets"
    assert caught_up.second.owed == ()
    assert caught_up.second.head.classes == caught_up.head.classes
    assert list(caught_up.second.head.truth) == list(caught_up.head.truth)
    assert is_read_again(caught_up, UNSURE, monkeypatch, 1.1)
    asked = "my hamster is poorly"
    chosen = caught_up.second.probabilities(caught_up.features.of_parts(asked, []), asked, [])[0].argmax()
    assert caught_up.second.head.classes[chosen] == "pets"


@pytest.mark.slow
def test_a_withdrawal_alone_is_learnt_by_the_second_reading_too(reread, few, pets):
    with_pets = last(reread, pets)
    after = last(with_pets, few)
    assert "pets" not in after.second.head.classes
    assert list(after.second.head.truth) == list(after.head.truth)


@pytest.mark.slow
def test_what_is_learnt_survives_being_stored_and_goes_on_without_the_larger_model(
    reread, sentences, larger, tmp_path, monkeypatch
):
    monkeypatch.setattr("nlu.knowledge.SURE", 1.1)
    joblib.dump(reread, tmp_path / "known.joblib")
    assert (tmp_path / "known.joblib").stat().st_size < 100e6, "The sentence models were stored with it."
    again = joblib.load(tmp_path / "known.joblib").attach(sentences, larger)
    (kept, *_), (found, *_) = reread.decide(UNSURE)[1], again.decide(UNSURE)[1]
    assert (found.name, found.probability) == (kept.name, pytest.approx(kept.probability, rel=1e-3))
    alone = joblib.load(tmp_path / "known.joblib").attach(sentences, None)
    assert not is_read_again(alone, UNSURE, monkeypatch, 1.1)


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

"""The classifier in the repository is the one of the training messages, and it hears what no phrase says."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from nlu.crisis import messages
from nlu.crisis.classifier import CLASSES, FIRST, SECOND, Classifier, Reader
from nlu.crisis.phrases import spelling
from nlu.crisis.words import english


@pytest.fixture(scope="module")
def classifier(models: Path) -> Classifier:
    opened = Classifier.open(models)
    assert opened
    return opened


@pytest.mark.parametrize("file", [FIRST, SECOND])
def test_the_files_were_made_from_the_training_messages(file: Path):
    with np.load(file) as kept:
        made_from = str(kept["digest"])
    assert made_from == messages.digest(messages.read(messages.TRAINING)), "Run `python -m nlu.crisis.tuning`."


def test_what_is_calm_is_read_once_and_all_else_twice(models: Path):
    first, second = (Reader.open(models, file) for file in (FIRST, SECOND))
    both = Classifier(first, second)
    calm, alarming = "what time does the library open", "been saving up all my tablets"
    assert np.array_equal(both.probabilities(calm), first.probabilities(calm, ()))
    mean = (first.probabilities(alarming, ()) + second.probabilities(alarming, ())) / 2
    assert np.allclose(both.probabilities(alarming), mean)


def test_without_the_second_file_the_first_reads_alone(models: Path, tmp_path: Path):
    alone = Classifier.open(models, second=tmp_path / "nothing.npz")
    assert alone.probabilities("i want to die")[0, -1] < 0.2


def test_the_probabilities_of_a_text_and_of_its_parts_sum_to_one(classifier: Classifier):
    rows = classifier.probabilities("how do i get the grant i want to die", [(0, 22), (23, 36)])
    assert rows.shape == (3, len(CLASSES))
    assert np.allclose(rows.sum(axis=1), 1.0, atol=1e-5)


def test_soft_words_weigh_more_than_an_ordinary_question(classifier: Classifier):
    soft, ordinary = (
        1.0 - classifier.probabilities(text)[0, -1] for text in ("been saving up all my tablets", "my bus pass")
    )
    assert soft > 0.5 > ordinary


def test_without_its_file_there_is_no_classifier(tmp_path: Path):
    assert Classifier.open(tmp_path, tmp_path / "nothing.npz") is None


def test_no_message_stands_in_two_sets():
    sets = [
        {" ".join(each.text.lower().split()) for each in messages.read(file)}
        for file in (messages.TRAINING, messages.CALIBRATION, *messages.VALIDATION.values())
    ]
    for one, other in itertools.combinations(sets, 2):
        assert not one & other


def test_there_are_enough_messages_of_every_kind():
    hidden = messages.VALIDATION["hidden"]
    for file, crises, others in ((messages.TRAINING, 600, 900), (hidden, 450, 650)):
        read = messages.read(file)
        assert sum(each.is_crisis for each in read) >= crises
        assert sum(not each.is_crisis and not each.is_unsure for each in read) >= others
        for danger in messages.DANGERS:
            assert sum(danger in each.labels for each in read) >= 40


@pytest.mark.parametrize("text", ["nem beszelek angolul segitseget kerek a lakashoz", "أحتاج إلى مساعدة في السكن"])
def test_it_does_not_weigh_what_is_no_english(classifier: Classifier, text: str):
    assert not classifier.reads(" ".join(english(text, spelling())))


@pytest.mark.parametrize(
    "text", ["i want to die", "wanna kms fr", "hes hitin me agen pls sum1 help", "no 1 gives a toss abt me"]
)
def test_it_weighs_english_however_it_is_spelt(classifier: Classifier, text: str):
    assert classifier.reads(" ".join(english(text, spelling())))

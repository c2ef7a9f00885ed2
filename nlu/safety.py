"""The Rasa component that lets the crisis screen hear every message, so that `rasa shell` behaves as the web chat does."""

from __future__ import annotations

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from content.library import open_library
from content.settings import Storage
from nlu.crisis.classifier import Classifier
from nlu.crisis.screen import CrisisScreen, Level

logger = logging.getLogger(__name__)
DANGER = "danger"
"""What the component adds to a parsed message: the kind of danger that was heard."""
INTENTS = {Level.CRISIS: "crisis", Level.UNSURE: "maybe_crisis"}
"""A mere concern leaves the message to what was understood."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Safety(GraphComponent, IntentClassifier):
    """Gives a cry for help its own intent, whatever was understood before.

    A message that the web process has screened already says so in its metadata and is left as it is.
    """

    def __init__(self) -> None:
        self._library = open_library()
        self._screen: CrisisScreen | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Safety:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if (message.get("metadata") or {}).get("screened"):
                continue
            screen = self._opened()
            screen.listen_for(self._library.shelf.crisis_phrases)
            heard = screen.hear(message.get(TEXT) or "")
            if heard.danger and heard.level in INTENTS:
                message.set(INTENT, {"name": INTENTS[heard.level], "confidence": 1.0}, add_to_output=True)
                message.set(DANGER, heard.danger.value, add_to_output=True)
        return messages

    def _opened(self) -> CrisisScreen:
        """The screen, opened for the first message that needs it: behind the web process none does."""
        if self._screen is None:
            self._screen = CrisisScreen(Classifier.open(Storage.from_environment().models))
            if self._screen.classifier is None:
                logger.warning("The crisis classifier is missing: cries for help are heard by their phrases alone.")
        return self._screen

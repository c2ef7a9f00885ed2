"""The Rasa component that hears what a message says of its writer: council, age and situations, as entities."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from content.library import open_library
from content.model import Authority
from nlu.statements import StatementReader

LONGEST = 2000
"""Letters of a message that are read: its end."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Person(GraphComponent, EntityExtractorMixin):
    """Entities of five kinds: authority, place, elsewhere, age, situation; the role is own, supposed or no.

    The councils are those that are published, so that a new council is understood without training.
    """

    def __init__(self) -> None:
        self._library = open_library()
        self._reader: tuple[tuple[Authority, ...], StatementReader] | None = None

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
    ) -> Person:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        reader = self._current_reader()
        for message in messages:
            text = message.get(TEXT) or ""
            reading = reader.read(text[-LONGEST:])
            entities = [
                {
                    "entity": statement.fact,
                    "value": statement.value,
                    "role": statement.role,
                    **_place_in(text, statement.surface),
                    "extractor": "Person",
                }
                for statement in reading.statements
            ]
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities], add_to_output=True)
            message.set("bare", reading.is_bare)
        return messages

    def _current_reader(self) -> StatementReader:
        councils = self._library.shelf.councils
        if self._reader is None or self._reader[0] != councils:
            self._reader = (councils, StatementReader(councils))
        return self._reader[1]


def _place_in(text: str, surface: str) -> dict[str, int]:
    """Where the words stand in the text as it was written; the whole text where evening out changed them."""
    start = text.lower().find(surface)
    return {"start": start, "end": start + len(surface)} if start >= 0 else {"start": 0, "end": len(text)}

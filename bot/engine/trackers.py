"""Rasa's trackers, one row a conversation, kept short; they go when their conversation goes."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.conversations.tables import conversations, trackers
from content.database import Database

KEPT_TURNS = 2
"""Messages of a person that stay in the tracker with all that followed them; of earlier ones only the slots stay."""

REMEMBERED = 500
"""Conversations whose events stay in memory."""


class ConversationTrackers(TrackerStore):
    """A tracker store on our own tables.

    A conversation that was deleted while the engine answered is not made again: its tracker is dropped.
    """

    def __init__(self, domain: Domain | None, database: Database) -> None:
        super().__init__(domain)
        self._database = database
        self._last: OrderedDict[str, tuple[str, list[Event]]] = OrderedDict()

    async def save(self, tracker: DialogueStateTracker) -> None:
        events = condensed(tracker.events)
        dialogue = json.dumps([event.as_dict() for event in events], ensure_ascii=False)
        self._remember(tracker.sender_id, dialogue, events)
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(trackers).where(trackers.c.conversation_id == tracker.sender_id).values(dialogue=dialogue)
            )
            if changed.rowcount == 0:
                connection.execute(
                    sa.insert(trackers).from_select(
                        ["conversation_id", "dialogue"],
                        sa.select(conversations.c.id, sa.literal(dialogue)).where(conversations.c.id == tracker.sender_id),
                    )
                )

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        with self._database.read() as connection:
            dialogue = connection.execute(
                sa.select(trackers.c.dialogue).where(trackers.c.conversation_id == sender_id)
            ).scalar()
        if dialogue is None:
            return None
        known, events = self._last.get(sender_id, ("", []))
        if known != dialogue:
            events = deserialise_events(json.loads(dialogue))
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots if self.domain else None)

    async def delete(self, sender_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.delete(trackers).where(trackers.c.conversation_id == sender_id))

    async def keys(self) -> Iterable[str]:
        with self._database.read() as connection:
            return list(connection.execute(sa.select(trackers.c.conversation_id)).scalars())

    def _remember(self, sender_id: str, dialogue: str, events: list[Event]) -> None:
        """Keep the events beside the text they were stored as: reading that back costs more than storing it did.

        They count only while the database still holds that very text, so that other engines may write it too.
        """
        self._last[sender_id] = dialogue, events
        self._last.move_to_end(sender_id)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)


def condensed(events: Iterable[Event]) -> list[Event]:
    """The last turns as they were, and what is left of the earlier ones: the slots and the form."""
    events = list(events)
    turns = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(turns) <= KEPT_TURNS:
        return events
    cut = turns[-KEPT_TURNS]
    slots: dict[str, Any] = {}
    loop: str | None = None
    for event in events[:cut]:
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, AllSlotsReset):
            slots.clear()
        elif isinstance(event, ActiveLoop):
            loop = event.name
    kept: list[Event] = [ActionExecuted("action_session_start")]
    kept.extend(SlotSet(name, value) for name, value in slots.items() if value is not None)
    if loop:
        kept.append(ActiveLoop(loop))
    return [*kept, ActionExecuted("action_listen"), *events[cut:]]

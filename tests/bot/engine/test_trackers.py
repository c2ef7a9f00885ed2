"""The engine's memory of a conversation: short, shared with the conversation's fate, and the same when read again."""

from __future__ import annotations

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.conversations.store import ConversationStore
from bot.engine.trackers import KEPT_TURNS, ConversationTrackers, condensed
from content.database import Database

DOMAIN = Domain.from_dict({"slots": {"entry": {"type": "any", "mappings": [{"type": "custom"}]}}, "intents": ["greet"]})


@pytest.fixture
def conversation(database: Database) -> str:
    made, _, _ = ConversationStore(database).start(channel="test", authority=None, language="en", opening=[])
    return made.id


def turn(number: int) -> list:
    return [
        UserUttered(f"message {number}", {"name": "greet"}, message_id=str(number)),
        SlotSet("entry", f"entry {number}"),
        BotUttered(f"reply {number}", metadata={"reply": {"kind": "answer", "text": f"reply {number}"}}),
        ActionExecuted("action_listen"),
    ]


def tracker(conversation: str, turns: int) -> DialogueStateTracker:
    events = [ActionExecuted("action_session_start"), ActionExecuted("action_listen")]
    for number in range(turns):
        events += turn(number)
    return DialogueStateTracker.from_events(conversation, events, DOMAIN.slots)


async def test_a_tracker_is_read_as_it_was_saved_also_by_another_engine(database, conversation):
    saved = tracker(conversation, 2)
    own, other = ConversationTrackers(DOMAIN, database), ConversationTrackers(DOMAIN, database)
    await own.save(saved)
    for store in (own, other):
        read = await store.retrieve(conversation)
        assert [event.as_dict() for event in read.events] == [event.as_dict() for event in saved.events]
        assert read.get_slot("entry") == "entry 1"


async def test_what_another_engine_saved_later_counts(database, conversation):
    own, other = ConversationTrackers(DOMAIN, database), ConversationTrackers(DOMAIN, database)
    await own.save(tracker(conversation, 1))
    await other.save(tracker(conversation, 3))
    assert (await own.retrieve(conversation)).get_slot("entry") == "entry 2"


async def test_a_deleted_conversation_has_no_tracker_and_gets_none(database, conversation):
    store = ConversationTrackers(DOMAIN, database)
    await store.save(tracker(conversation, 1))
    ConversationStore(database).delete(conversation)
    assert await store.retrieve(conversation) is None
    await store.save(tracker(conversation, 1))
    assert await store.retrieve(conversation) is None
    assert list(await store.keys()) == []


async def test_an_unknown_conversation_has_no_tracker(database):
    assert await ConversationTrackers(DOMAIN, database).retrieve("unknown") is None


def test_a_long_conversation_keeps_its_last_turns_and_all_its_slots():
    long = tracker("one", 50)
    long.update(ActiveLoop("circumstances_form"))
    kept = condensed(long.events)
    assert [event.text for event in kept if isinstance(event, UserUttered)] == [
        f"message {number}" for number in range(50 - KEPT_TURNS, 50)
    ]
    again = DialogueStateTracker.from_events("one", kept, DOMAIN.slots)
    assert again.get_slot("entry") == "entry 49"
    assert again.active_loop_name == "circumstances_form"


def test_a_form_that_began_long_ago_is_still_asking():
    events = [ActionExecuted("action_listen"), ActiveLoop("circumstances_form")]
    for number in range(20):
        events += turn(number)
    again = DialogueStateTracker.from_events("one", condensed(events), DOMAIN.slots)
    assert again.active_loop_name == "circumstances_form"

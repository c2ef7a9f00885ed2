"""A message is stored first, answered once and in order, and never lost while the engine is away."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.conversations.announcer import MOST_UNREAD, Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import Author, ConversationNotFound, MessageRefused, TooManyWaiting
from bot.conversations.service import ConversationService
from bot.conversations.store import ConversationStore
from bot.conversations.targets import Targets
from content.database import Database
from content.library import Library
from nlu.crisis.screen import CrisisScreen
from tests.bot.scripted_engine import ScriptedEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
async def service(tmp_path: Path, loaded_file: Path, engine: ScriptedEngine) -> AsyncIterator[ConversationService]:
    shutil.copy(loaded_file, tmp_path / "test.db")
    with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
        library = Library(database)
        crisis, handoff = CrisisHelp(CrisisScreen(), library), Handoff(library, Targets(library))
        store = ConversationStore(database)
        made = ConversationService(
            store, HandoffStore(database), library, engine, Announcer(), crisis, handoff, most_waiting=3, save_seconds=10
        )
        catching_up = asyncio.create_task(made.catch_up())
        yield made
        catching_up.cancel()
        made.close()


async def test_the_greeting_says_that_it_is_no_person(service):
    _, _, [greeting] = await service.start(channel="test")
    assert "not a person" in greeting.text


async def test_an_unknown_council_is_refused(service):
    for authority in ("atlantis", "england", ""):
        with pytest.raises(MessageRefused) as refused:
            await service.start(channel="test", authority=authority)
        assert refused.value.field == "authority"


async def test_the_same_message_is_answered_once(service, engine):
    conversation, _, _ = await service.start(channel="test")
    first = await service.receive(conversation, "hello", "one")
    again = await service.receive(conversation, "hello", "one")
    assert [reply.id for reply in first] == [reply.id for reply in again]
    assert engine.asked == ["hello"]


async def test_the_same_message_twice_at_once_is_answered_once(service, engine):
    engine.seconds = 0.05
    conversation, _, _ = await service.start(channel="test")
    answers = await asyncio.gather(*(service.receive(conversation, "hello", "one") for _ in range(3)))
    assert engine.asked == ["hello"]
    assert len({tuple(reply.id for reply in replies) for replies in answers}) == 1


async def test_messages_of_one_conversation_are_answered_in_order(service, engine):
    engine.seconds = 0.02
    conversation, _, _ = await service.start(channel="test")
    first = asyncio.create_task(service.receive(conversation, "first", "one"))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(service.receive(conversation, "second", "two"))
    await asyncio.gather(first, second)
    assert engine.asked == ["first", "second"]


async def test_too_many_waiting_messages_are_refused_and_not_stored(service, engine):
    engine.seconds = 1
    conversation, _, _ = await service.start(channel="test")
    with service.announcer.listen(conversation.id) as news:
        waiting = [asyncio.create_task(service.receive(conversation, "hello", str(number))) for number in range(3)]
        for _ in waiting:
            await news.get()
    await asyncio.sleep(0.1)
    with pytest.raises(TooManyWaiting):
        await service.receive(conversation, "hello", "another")
    await asyncio.gather(*waiting)
    said = [message for message in await service.transcript(conversation) if message.author is Author.PERSON]
    assert len(said) == 3


async def test_while_the_engine_is_away_the_question_is_kept_and_the_team_is_named(service, engine):
    engine.is_away = True
    conversation, _, _ = await service.start(channel="test", authority="nottingham-city")
    [notice] = await service.receive(conversation, "do i pay council tax", "one")
    assert notice.kind == "notice"
    assert "0115 876 4800" in notice.text
    engine.is_away = False
    for _ in range(40):
        await asyncio.sleep(0.1)
        last = (await service.transcript(conversation))[-1]
        if last.kind == "answer":
            break
    assert last.text == "You said: do i pay council tax"
    assert engine.asked == ["do i pay council tax"]


async def test_when_the_engine_is_back_what_was_asked_before_is_answered_first(service, engine):
    engine.is_away = True
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, "first", "one")
    engine.is_away = False
    await service.receive(conversation, "second", "two")
    assert engine.asked == ["first", "second"]


async def test_what_can_never_be_answered_holds_up_nothing_that_comes_after_it(service, engine):
    engine.is_away = True
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, "first", "one")
    engine.is_away, engine.fails_at = False, "first"
    [reply] = await service.receive(conversation, "second", "two")
    assert reply.text == "You said: second"


async def test_while_the_engine_is_away_the_chat_can_be_passed_to_the_team(service, engine):
    engine.is_away = True
    conversation, _, _ = await service.start(channel="test", authority="nottingham-city")
    [notice] = await service.receive(conversation, "do i pay council tax", "one")
    [choice] = notice.details["choices"]
    [told] = await service.receive(conversation, choice["value"], "two")
    assert told.details["handoff"]["status"] == "waiting"
    assert told.details["handoff"]["reference"] in told.text
    assert "the duty team of Nottingham City" in told.text


async def test_a_conversation_that_is_deleted_while_it_is_answered_stays_deleted(service, engine):
    engine.seconds = 0.1
    conversation, token, _ = await service.start(channel="test")
    answering = asyncio.create_task(service.receive(conversation, "hello", "one"))
    await asyncio.sleep(0.05)
    await service.delete(conversation)
    assert await answering == []
    with pytest.raises(ConversationNotFound):
        await service.open(conversation.id, token)


async def test_of_a_long_message_it_says_that_it_looked_at_the_end(service):
    conversation, _, _ = await service.start(channel="test")
    replies = await service.receive(conversation, "my story " * 2000, "one")
    assert [reply.kind for reply in replies] == ["notice", "answer"]


async def test_listeners_hear_what_is_said_and_are_ended_by_a_deletion(service):
    conversation, _, _ = await service.start(channel="test")
    with service.announcer.listen(conversation.id) as news:
        await service.receive(conversation, "hello", "one")
        heard = [await news.get() for _ in range(3)]
        assert [item.message.author.value if item.message else "typing" for item in heard] == [
            "person",
            "typing",
            "assistant",
        ]
        await service.delete(conversation)
        assert await news.get() is None


def test_a_listener_that_does_not_read_is_cut_off():
    async def fill() -> None:
        announcer = Announcer()
        with announcer.listen("one") as news:
            for _ in range(MOST_UNREAD + 50):
                announcer.typing("one")
            assert news.qsize() <= MOST_UNREAD
            items = [news.get_nowait() for _ in range(news.qsize())]
            assert items[-1] is None

    asyncio.run(fill())

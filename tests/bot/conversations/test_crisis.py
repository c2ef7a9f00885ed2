"""A cry for help is answered before anything else, opens one escalation, and the assistant stays afterwards."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import STAYS, CrisisHelp
from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import StoreAway, Urgency
from bot.conversations.service import ConversationService
from bot.conversations.store import ConversationStore
from bot.conversations.tables import conversations, escalation_log
from bot.conversations.targets import Targets
from content.crisis import Danger
from content.database import Database
from content.editor import add_phrase
from content.library import Library
from nlu.crisis.screen import CrisisScreen, Heard, Level
from tests.bot.scripted_engine import ScriptedEngine

CRY = "i want to kill myself"
UNSURE = "i wanna die lol, how do i get the grant"


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(timezone.utc)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path, loaded_file: Path):
    shutil.copy(loaded_file, tmp_path / "test.db")
    with Database(f"sqlite:///{tmp_path / 'test.db'}") as made:
        yield made


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


@pytest.fixture
def handoffs(database: Database) -> HandoffStore:
    return HandoffStore(database)


@pytest.fixture
async def service(database: Database, store, handoffs, engine, clock) -> AsyncIterator[ConversationService]:
    library = Library(database)
    crisis = CrisisHelp(CrisisScreen(), library, clock=clock)
    handoff = Handoff(library, Targets(library))
    made = ConversationService(
        store, handoffs, library, engine, Announcer(), crisis, handoff, most_waiting=2, save_seconds=10
    )
    yield made
    made.close()


async def test_urgent_help_comes_at_once_and_the_engine_is_not_asked(service, engine):
    conversation, _, _ = await service.start(channel="test")
    [reply] = await service.receive(conversation, CRY, "one")
    assert reply.kind == "crisis"
    assert "999" in reply.text
    assert "116 123" in reply.text
    assert engine.asked == []


async def test_an_emergency_escalation_is_opened_and_its_reference_told(service, handoffs):
    conversation, _, _ = await service.start(channel="test", authority="nottinghamshire")
    [reply] = await service.receive(conversation, CRY, "one")
    [escalation] = handoffs.escalations()
    assert (escalation.reason, escalation.urgency) == ("suicide", Urgency.EMERGENCY)
    assert (escalation.conversation_id, escalation.authority) == (conversation.id, "nottinghamshire")
    assert escalation.reference in reply.text
    assert reply.details["handoff"] == {"status": "waiting", "reference": escalation.reference, "to": "duty"}


async def test_a_second_cry_is_added_to_the_same_escalation(service, handoffs, database):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    [again] = await service.receive(conversation, "im cutting myself now", "two")
    assert len(handoffs.escalations()) == 1
    assert "999" in again.text
    with database.read() as connection:
        log = connection.execute(sa.select(escalation_log.c.what, escalation_log.c.reason)).all()
    assert [tuple(row) for row in log] == [("opened", "suicide"), ("heard again", "self-harm")]


async def test_the_same_cry_sent_again_is_answered_once(service, handoffs):
    conversation, _, _ = await service.start(channel="test")
    first = await service.receive(conversation, CRY, "one")
    again = await service.receive(conversation, CRY, "one")
    assert [each.id for each in first] == [each.id for each in again]
    assert len(handoffs.escalations()) == 1


async def test_help_does_not_wait_for_messages_before_it_nor_for_a_slow_engine(service, engine):
    engine.seconds = 5
    conversation, _, _ = await service.start(channel="test")
    waiting = [asyncio.create_task(service.receive(conversation, f"question {number}", str(number))) for number in range(2)]
    await asyncio.sleep(0.05)
    started = asyncio.get_running_loop().time()
    [reply] = await service.receive(conversation, CRY, "cry")
    assert reply.kind == "crisis"
    assert asyncio.get_running_loop().time() - started < 2
    for task in waiting:
        task.cancel()


async def test_a_cry_that_was_stored_before_a_crash_gets_its_help_after_it(service, store, handoffs, engine):
    conversation, _, _ = await service.start(channel="test")
    message = store.receive(conversation.id, CRY, "one")
    catching_up = asyncio.create_task(service.catch_up())
    for _ in range(40):
        await asyncio.sleep(0.1)
        if store.replies(message):
            break
    catching_up.cancel()
    assert store.replies(message)[0].kind == "crisis"
    assert handoffs.escalations()


async def test_words_at_the_end_of_a_very_long_message_are_heard(service):
    conversation, _, _ = await service.start(channel="test")
    [reply] = await service.receive(conversation, "how do i get the grant for my flat? " * 400 + CRY, "one")
    assert reply.kind == "crisis"


async def test_taking_it_back_is_answered_gently_and_the_escalation_stays(service, handoffs, engine):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    [reply] = await service.receive(conversation, "jk im fine", "two")
    assert reply.kind == "crisis"
    assert "116 123" in reply.text
    assert "choices" not in reply.details
    assert len(handoffs.escalations()) == 1
    assert engine.asked == []


async def test_an_ordinary_question_afterwards_is_answered_and_nobody_asks_to_rate_it(service):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    [reply] = await service.receive(conversation, "do i pay council tax", "two")
    assert reply.kind == "answer"
    assert reply.details["feedback"] is False


@pytest.mark.parametrize("kind", ["smalltalk", "out-of-scope", "refusal", "notice"])
async def test_a_shrug_afterwards_becomes_staying_with_them(service, engine, kind):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    engine.replies = [{"kind": kind, "text": "I cannot help with that.", "choices": [{"label": "Money", "value": "Money"}]}]
    [first] = await service.receive(conversation, "idk man", "two")
    [second] = await service.receive(conversation, "whatever", "three")
    assert first.kind == second.kind == "crisis"
    assert "116 123" in first.text
    assert first.text != second.text
    assert "choices" not in first.details


async def test_some_hours_later_small_talk_is_small_talk_again(service, engine, clock):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    clock.now += STAYS + timedelta(minutes=1)
    engine.replies = [{"kind": "smalltalk", "text": "Hello."}]
    [reply] = await service.receive(conversation, "hi", "two")
    assert reply.kind == "smalltalk"


async def test_who_may_be_in_danger_is_asked_with_the_numbers_and_two_plain_choices(service, handoffs):
    conversation, _, _ = await service.start(channel="test")
    check_in, answer = await service.receive(conversation, UNSURE, "one")
    assert check_in.kind == "crisis"
    assert "999" in check_in.text
    assert "116 123" in check_in.text
    assert [choice["label"] for choice in check_in.details["choices"]] == ["I am safe", "I am not safe"]
    assert answer.kind == "answer"
    assert handoffs.escalations() == []


@pytest.mark.parametrize("words", ["I am not safe", "no", "not really"])
async def test_who_is_not_safe_gets_urgent_help_and_an_escalation(service, handoffs, words):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, UNSURE, "one")
    [reply] = await service.receive(conversation, words, "two")
    assert reply.kind == "crisis"
    assert "999" in reply.text
    assert [each.reason for each in handoffs.escalations()] == ["suicide"]


@pytest.mark.parametrize("words", ["I am safe", "yes", "yeah im fine"])
async def test_who_is_safe_is_told_where_to_call_if_that_changes(service, handoffs, engine, words):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, UNSURE, "one")
    engine.asked.clear()
    [reply] = await service.receive(conversation, words, "two")
    assert "116 123" in reply.text
    assert handoffs.escalations() == []
    assert engine.asked == []


SHRUG = {
    "kind": "question",
    "text": "I did not get that.",
    "asks": "topic",
    "choices": [
        {"label": "Council tax", "value": "Council tax", "entry": "council-tax"},
        {"label": "Money", "value": "Money"},
    ],
}


async def test_beside_a_check_in_there_is_no_shrug_but_what_may_have_been_asked_is_offered(service, engine):
    engine.replies = [SHRUG]
    conversation, _, _ = await service.start(channel="test")
    check_in, offer = await service.receive(conversation, UNSURE, "one")
    assert check_in.kind == "crisis"
    assert offer.text == "One of these may help with what you asked."
    assert [choice["label"] for choice in offer.details["choices"]] == ["Council tax"]


async def test_beside_a_check_in_the_council_is_asked_for_when_the_answer_depends_on_it(service, engine):
    engine.replies = [{"kind": "question", "text": "Which council?", "asks": "authority", "choices": []}]
    conversation, _, _ = await service.start(channel="test")
    check_in, question = await service.receive(conversation, UNSURE, "one")
    assert (check_in.kind, question.text) == ("crisis", "Which council?")


async def test_after_urgent_help_what_may_have_been_asked_is_offered_too(service, engine):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    engine.replies = [SHRUG]
    stays, offer = await service.receive(conversation, "the tax thing i have to sort still", "two")
    assert (stays.kind, offer.kind) == ("crisis", "question")


async def test_whoever_asks_something_else_after_a_check_in_is_answered(service):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, UNSURE, "one")
    [reply] = await service.receive(conversation, "do i pay council tax", "two")
    assert reply.kind == "answer"
    [no] = await service.receive(conversation, "no", "three")
    assert no.kind == "answer"


async def test_the_council_named_after_urgent_help_brings_its_number(service, engine):
    conversation, _, _ = await service.start(channel="test")
    [help] = await service.receive(conversation, "my boyfriend keeps hitting me", "one")
    assert {"label": "Nottinghamshire", "value": "Nottinghamshire"} in help.details["choices"]
    engine.council = "nottinghamshire"
    engine.replies = [{"kind": "notice", "text": "OK, Nottinghamshire. What would you like to know?"}]
    [reply] = await service.receive(conversation, "Nottinghamshire", "two")
    assert "Nottinghamshire" in reply.text
    assert "0300 45" in reply.text or "0300 50" in reply.text


async def test_help_comes_in_the_language_of_the_cry_and_of_the_conversation(service):
    conversation, _, _ = await service.start(channel="test")
    [reply] = await service.receive(conversation, "chcę umrzeć", "one")
    assert reply.details["language"] == "pl"
    assert "999" in reply.text
    arabic, _, _ = await service.start(channel="test", language="ar")
    [reply] = await service.receive(arabic, CRY, "one")
    assert reply.details["language"] == "ar"


async def test_a_phrase_that_staff_add_is_heard_within_a_second(service, database):
    conversation, _, _ = await service.start(channel="test")
    [before] = await service.receive(conversation, "catching the bus tonight", "one")
    add_phrase(database, Danger.SUICIDE, "catching the bus", author="Ana")
    await asyncio.sleep(0.5)
    [after] = await service.receive(conversation, "catching the bus tonight", "two")
    assert (before.kind, after.kind) == ("answer", "crisis")


async def test_when_nothing_can_be_stored_the_help_does_not_claim_that_somebody_was_told(service, database):
    conversation, _, _ = await service.start(channel="test")
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE escalation_log")
        connection.exec_driver_sql("DROP TABLE escalations")
    with pytest.raises(StoreAway):
        await service.receive(conversation, CRY, "one")
    help = service.help_unsaved(await service.hear(CRY))
    assert "999" in help.text
    assert "could not pass this on" in help.text
    assert "urgent for" not in help.text


async def test_deleting_the_conversation_leaves_the_escalation_without_what_was_said(service, handoffs, database):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    await service.delete(conversation)
    [escalation] = handoffs.escalations()
    assert escalation.conversation_id is None
    with database.read() as connection:
        assert connection.execute(sa.select(escalation_log.c.message_id)).scalars().all() == [None]
        assert connection.execute(sa.select(sa.func.count()).select_from(conversations)).scalar() == 0


async def test_what_was_said_is_in_no_log(service, caplog, database):
    conversation, _, _ = await service.start(channel="test")
    await service.receive(conversation, CRY, "one")
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE escalation_log")
    with pytest.raises(StoreAway):
        await service.receive(conversation, "im going to jump off the bridge", "two")
    assert "kill" not in caplog.text
    assert "bridge" not in caplog.text


async def test_in_a_flood_of_messages_everyone_is_heard_in_a_second(service):
    loop = asyncio.get_running_loop()
    started = loop.time()
    heard = await asyncio.gather(*(service.hear(f"how do i get my grant? {number} {CRY}") for number in range(500)))
    assert all(each.is_crisis for each in heard)
    assert loop.time() - started < 3


class Concerned(CrisisScreen):
    """Hears a mere concern in everything that no phrase stands in: what the classifier does to some messages."""

    def hear(self, text: str, *, quickly: bool = False) -> Heard:
        heard = super().hear(text)
        return heard if heard.danger or len(text.split()) < 3 else Heard(Level.CONCERN, Danger.SUICIDE)


@pytest.fixture
async def concerned(database: Database, store, handoffs, engine, clock) -> AsyncIterator[ConversationService]:
    library = Library(database)
    crisis = CrisisHelp(Concerned(), library, clock=clock)
    handoff = Handoff(library, Targets(library))
    made = ConversationService(
        store, handoffs, library, engine, Announcer(), crisis, handoff, most_waiting=2, save_seconds=10
    )
    yield made
    made.close()


async def test_a_mere_concern_is_asked_about_after_the_answer_and_without_numbers(concerned):
    conversation, _, _ = await concerned.start(channel="test")
    answer, check_in = await concerned.receive(conversation, "im so tired of all this", "one")
    assert (answer.kind, check_in.kind) == ("answer", "question")
    assert "999" not in check_in.text
    assert [choice["value"] for choice in check_in.details["choices"]] == ["I am safe", "I am not safe"]


async def test_a_no_to_the_concern_is_a_cry_for_help(concerned, handoffs):
    conversation, _, _ = await concerned.start(channel="test")
    await concerned.receive(conversation, "im so tired of all this", "one")
    [reply] = await concerned.receive(conversation, "not really", "two")
    assert reply.kind == "crisis"
    assert "999" in reply.text
    assert [each.reason for each in handoffs.escalations()] == ["suicide"]

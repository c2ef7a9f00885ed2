"""What is said is stored once, found by its token alone, and gone when it is deleted. On SQLite and on PostgreSQL."""

from __future__ import annotations

import concurrent.futures

import pytest
import sqlalchemy as sa

from bot.conversations.model import Author, Conversation, ConversationNotFound
from bot.conversations.store import ConversationStore
from bot.conversations.tables import conversations, feedback, messages, trackers
from content.database import Database

OPENING = [{"kind": "smalltalk", "text": "Hello.", "choices": [{"label": "Money", "value": "Money"}]}]
REPLY = [{"kind": "answer", "text": "An answer.", "entry": "council-tax", "sources": []}]


@pytest.fixture
def store(database: Database) -> ConversationStore:
    return ConversationStore(database)


def begin(store: ConversationStore) -> tuple[Conversation, str]:
    conversation, token, _ = store.start(channel="test", authority=None, language="en", opening=OPENING)
    return conversation, token


def test_only_the_token_opens_a_conversation(store):
    conversation, token = begin(store)
    other, other_token = begin(store)
    assert store.open(conversation.id, token) == conversation
    for id, wrong in ((conversation.id, other_token), (conversation.id, ""), ("unknown", token), (other.id, token)):
        with pytest.raises(ConversationNotFound):
            store.open(id, wrong)


def test_the_token_itself_is_not_kept(store, database):
    _, token = begin(store)
    with database.read() as connection:
        rows = connection.execute(sa.select(conversations)).all()
    assert token not in repr(rows)


def test_the_same_message_again_is_the_same_message(store):
    conversation, _ = begin(store)
    first = store.receive(conversation.id, "hello", "one")
    again = store.receive(conversation.id, "hello", "one")
    assert again == first
    assert store.receive(conversation.id, "hello", "two").id > first.id


def test_the_same_message_sent_twice_at_once_is_stored_once(store):
    conversation, _ = begin(store)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: store.receive(conversation.id, "hello", "one").id, range(8)))
    assert len(set(made)) == 1


def test_replies_are_stored_once_and_in_order(store):
    conversation, _ = begin(store)
    message = store.receive(conversation.id, "hello", "one")
    assert not message.is_answered
    made = store.reply(message, [*REPLY, {"kind": "question", "text": "How old?", "asks": "age"}], answers=True)
    assert store.reply(message, REPLY, answers=True) == []
    assert [reply.id for reply in store.replies(message)] == [reply.id for reply in made]
    assert store.receive(conversation.id, "hello", "one").is_answered


def test_the_transcript_is_oldest_first_and_resumes_after_a_message(store):
    conversation, _ = begin(store)
    message = store.receive(conversation.id, "hello", "one")
    store.reply(message, REPLY, answers=True)
    whole = store.transcript(conversation.id)
    assert [said.author for said in whole] == [Author.ASSISTANT, Author.PERSON, Author.ASSISTANT]
    assert [said.text for said in store.transcript(conversation.id, after=message.id)] == ["An answer."]
    assert whole[0].details["choices"] == OPENING[0]["choices"]


def test_of_a_long_transcript_the_end_is_given(store):
    conversation, _ = begin(store)
    for number in range(12):
        store.receive(conversation.id, str(number), str(number))
    assert [said.text for said in store.transcript(conversation.id, most=3)] == ["9", "10", "11"]


def test_a_message_waits_until_it_is_answered(store):
    conversation, _ = begin(store)
    message = store.receive(conversation.id, "hello", "one")
    store.reply(message, [{"kind": "notice", "text": "Later."}], answers=False)
    assert [waiting.id for waiting in store.unanswered()] == [message.id]
    store.reply(message, REPLY, answers=True)
    assert store.unanswered() == []


def test_deleting_leaves_nothing_of_the_conversation(store, database):
    conversation, token = begin(store)
    message = store.receive(conversation.id, "a secret", "one")
    [reply] = store.reply(message, REPLY, answers=True)
    store.rate(conversation.id, reply.id, helpful=True, comment="thanks")
    with database.write() as connection:
        connection.execute(sa.insert(trackers).values(conversation_id=conversation.id, dialogue="[]"))
    kept, _ = begin(store)
    store.delete(conversation.id)
    with database.read() as connection:
        for table in (messages, feedback, trackers):
            left = connection.execute(sa.select(table)).all()
            assert conversation.id not in repr(left)
            assert "secret" not in repr(left)
    with pytest.raises(ConversationNotFound):
        store.open(conversation.id, token)
    assert store.find(kept.id) == kept


def test_what_comes_after_a_deletion_makes_nothing_again(store, database):
    conversation, _ = begin(store)
    message = store.receive(conversation.id, "hello", "one")
    store.delete(conversation.id)
    assert store.reply(message, REPLY, answers=True) == []
    with pytest.raises(ConversationNotFound):
        store.receive(conversation.id, "hello", "two")


def test_an_id_is_never_given_again(store):
    conversation, _ = begin(store)
    last = store.receive(conversation.id, "hello", "one").id
    store.delete(conversation.id)
    other, _ = begin(store)
    assert store.receive(other.id, "hello", "one").id > last


def test_feedback_is_for_replies_of_the_same_conversation_and_the_last_word_counts(store, database):
    conversation, _ = begin(store)
    other, _ = begin(store)
    message = store.receive(conversation.id, "hello", "one")
    [reply] = store.reply(message, REPLY, answers=True)
    assert not store.rate(other.id, reply.id, helpful=True, comment=None)
    assert not store.rate(conversation.id, message.id, helpful=True, comment=None)
    assert store.rate(conversation.id, reply.id, helpful=True, comment=None)
    assert store.rate(conversation.id, reply.id, helpful=False, comment="no")
    with database.read() as connection:
        [row] = connection.execute(sa.select(feedback)).all()
    assert (row.helpful, row.comment) == (False, "no")


def test_texts_of_every_kind_come_back_as_they_were(store):
    conversation, _ = begin(store)
    for number, text in enumerate(
        ["مرحبا", "😭😭", "<b>bold</b>", "a\nb\tc", "x" * 20_000, "\ufffd", "'; DROP TABLE messages; --"]
    ):
        store.receive(conversation.id, text, str(number))
        assert store.transcript(conversation.id)[-1].text == text

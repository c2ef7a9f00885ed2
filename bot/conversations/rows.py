"""Conversations and messages as rows: what the stores read and write within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations.escalations import lock_conversation
from bot.conversations.model import ASKED, Author, Conversation, Draft, Holder, Message
from bot.conversations.tables import conversations, escalation_log, escalations, messages
from content.database import utc, utc_or_none


def locked(connection: Connection, message: Message) -> Row | None:
    """The message as it is now, and who holds its conversation; nobody else changes either until the end."""
    lock_conversation(connection, message.conversation_id)
    return connection.execute(
        sa.select(messages, conversations.c.holder)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .where(messages.c.id == message.id)
    ).first()


def unanswered(connection: Connection, message: Message, *holders: Holder) -> Row | None:
    """The message, locked, if it still waits for an answer, and if one of these (any, without one) holds the chat."""
    row = locked(connection, message)
    if row is None or row.answered_at is not None or (holders and Holder(row.holder) not in holders):
        return None
    return row


def change_conversation(connection: Connection, conversation_id: str, **values: object) -> None:
    connection.execute(sa.update(conversations).where(conversations.c.id == conversation_id).values(**values))


def note_check_in(connection: Connection, conversation_id: str, danger: str | None) -> None:
    """The kind of danger for which it was asked whether the person is safe; None when it is asked no longer."""
    change_conversation(connection, conversation_id, checking=danger)


def settle(connection: Connection, message: Message) -> None:
    """The message has its answer, or somebody who will give it."""
    connection.execute(sa.update(messages).where(messages.c.id == message.id).values(answered_at=now()))


def settle_until(connection: Connection, message: Message) -> None:
    """The message, and all that the person wrote before it, has its answer."""
    connection.execute(
        sa.update(messages)
        .where(
            messages.c.conversation_id == message.conversation_id,
            messages.c.author == Author.PERSON.value,
            messages.c.id <= message.id,
            messages.c.answered_at.is_(None),
        )
        .values(answered_at=now())
    )


def has_reply(connection: Connection, message: Message) -> bool:
    return connection.execute(sa.select(messages.c.id).where(messages.c.reply_to == message.id)).first() is not None


def last_reply_at(connection: Connection, message: Message) -> datetime | None:
    """When anybody but the person last said something in the conversation of a message."""
    said = sa.select(sa.func.max(messages.c.at)).where(
        messages.c.conversation_id == message.conversation_id, messages.c.author != Author.PERSON.value
    )
    return utc_or_none(connection.execute(said).scalar())


def add_replies(connection: Connection, message: Message, drafts: Sequence[Draft]) -> list[Message]:
    return [add_message(connection, message.conversation_id, Author.ASSISTANT, draft, message.id) for draft in drafts]


def add_message(
    connection: Connection,
    conversation_id: str,
    author: Author,
    draft: Draft,
    reply_to: int | None,
    *,
    client_message_id: str | None = None,
) -> Message:
    """Store one message of the assistant or of staff."""
    details = {name: value for name, value in draft.items() if name not in ("kind", "text") and value is not None}
    at = now()
    made = connection.execute(
        sa.insert(messages).values(
            conversation_id=conversation_id,
            author=author.value,
            kind=draft["kind"],
            text=draft["text"],
            details=details,
            at=at,
            reply_to=reply_to,
            client_message_id=client_message_id,
        )
    )
    id = made.inserted_primary_key[0]
    return Message(id, conversation_id, author, draft["kind"], draft["text"], at, details, client_message_id, reply_to)


def find_conversation(connection: Connection, conversation_id: str) -> Row | None:
    """The conversation, with what `conversation_of` reads of other tables."""
    request = (
        sa.select(sa.func.max(escalation_log.c.id))
        .join(escalations, escalations.c.id == escalation_log.c.escalation_id)
        .where(escalations.c.conversation_id == conversations.c.id, escalation_log.c.reason == ASKED)
    )
    return connection.execute(
        sa.select(conversations, request.scalar_subquery().label("request")).where(conversations.c.id == conversation_id)
    ).first()


def conversation_of(row: Row) -> Conversation:
    return Conversation(
        id=row.id,
        channel=row.channel,
        authority=row.authority,
        language=row.language,
        holder=Holder(row.holder),
        crisis_at=utc_or_none(row.crisis_at),
        checking=row.checking,
        pa_id=row.pa_id,
        request=row.request,
        seen_by_person=row.seen_by_person,
        seen_by_staff=row.seen_by_staff,
    )


def message_of(row: Row, *, helpful: bool | None = None) -> Message:
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        author=Author(row.author),
        kind=row.kind,
        text=row.text,
        at=utc(row.at),
        details=row.details,
        client_message_id=row.client_message_id,
        reply_to=row.reply_to,
        is_answered=row.author != Author.PERSON.value or row.answered_at is not None,
        helpful=helpful,
    )


def now() -> datetime:
    return datetime.now(timezone.utc)

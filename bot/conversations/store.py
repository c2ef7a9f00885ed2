"""Stores conversations. Each method is one transaction; whoever calls from a coroutine calls in a thread."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.model import (
    Author,
    Conversation,
    ConversationNotFound,
    Draft,
    Holder,
    Message,
)
from bot.conversations.rows import (
    add_message,
    add_replies,
    change_conversation,
    conversation_of,
    find_conversation,
    message_of,
    note_check_in,
    now,
    settle,
    unanswered,
)
from bot.conversations.tables import conversations, feedback, messages
from content.database import Database

Invited = Callable[[Connection, str], int]
"""Spends an invitation on a conversation, by its id; the id of the personal adviser."""


class ConversationStore:
    """Conversations and messages in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self,
        *,
        channel: str,
        authority: str | None,
        language: str,
        opening: Sequence[Draft],
        invited: Invited | None = None,
    ) -> tuple[Conversation, str, list[Message]]:
        """A new conversation, the token that opens it, and its first messages. Only the token's hash is kept.

        `invited` spends a personal adviser's invitation on it in the same transaction, and may refuse.
        """
        conversation = Conversation(secrets.token_hex(16), channel, authority, language, Holder.BOT)
        token = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            connection.execute(
                sa.insert(conversations).values(
                    id=conversation.id,
                    token_digest=_digest(token),
                    channel=channel,
                    authority=authority,
                    language=language,
                    holder=conversation.holder.value,
                    started_at=now(),
                    last_at=now(),
                )
            )
            if invited:
                conversation = replace(conversation, pa_id=invited(connection, conversation.id))
                change_conversation(connection, conversation.id, pa_id=conversation.pa_id)
            made = [add_message(connection, conversation.id, Author.ASSISTANT, draft, None) for draft in opening]
        return conversation, token, made

    def open(self, id: str, token: str) -> Conversation:
        """The conversation, for whoever has its token. Raises ConversationNotFound, also for a wrong token."""
        with self._database.read() as connection:
            row = find_conversation(connection, id)
        known = row.token_digest if row else _digest("")
        if not hmac.compare_digest(known, _digest(token)) or row is None:
            raise ConversationNotFound("There is no such conversation.")
        return conversation_of(row)

    def find(self, id: str) -> Conversation:
        """The conversation, for the program itself. Raises ConversationNotFound."""
        with self._database.read() as connection:
            row = find_conversation(connection, id)
        if row is None:
            raise ConversationNotFound("There is no such conversation.")
        return conversation_of(row)

    def receive(self, conversation_id: str, text: str, client_message_id: str) -> Message:
        """Store what the person wrote; the same `client_message_id` again gives the message that is there.

        Raises ConversationNotFound when the conversation was deleted meanwhile.
        """
        try:
            with self._database.write() as connection:
                there = self._by_client_id(connection, conversation_id, client_message_id)
                if there:
                    return there
                made = connection.execute(
                    sa.insert(messages).values(
                        conversation_id=conversation_id,
                        author=Author.PERSON.value,
                        kind="said",
                        text=text,
                        details={},
                        at=now(),
                        client_message_id=client_message_id,
                    )
                )
                connection.execute(
                    sa.update(conversations).where(conversations.c.id == conversation_id).values(last_at=now())
                )
                row = connection.execute(sa.select(messages).where(messages.c.id == made.inserted_primary_key[0])).one()
                return message_of(row)
        except sa.exc.IntegrityError as error:
            with self._database.read() as connection:
                there = self._by_client_id(connection, conversation_id, client_message_id)
            if there:
                return there
            raise ConversationNotFound("There is no such conversation.") from error

    def reply(
        self, message: Message, drafts: Sequence[Draft], *, answers: bool = True, checking: str | None = None
    ) -> list[Message]:
        """Store the assistant's replies to a message, once; with `answers` the message counts as answered.

        Whoever waits for a person is told only what is said to people in danger.

        `checking` is the danger for which the last of them asks whether the person is safe.

        Gives no messages when another worker answered it first, when the conversation was deleted, or when a person has
        taken over meanwhile: then the assistant is silent.
        """
        try:
            with self._database.write() as connection:
                holders = (Holder.BOT, Holder.WAITING) if _is_crisis(drafts) else (Holder.BOT,)
                if unanswered(connection, message, *holders) is None:
                    return []
                made = add_replies(connection, message, drafts)
                if checking:
                    note_check_in(connection, message.conversation_id, checking)
                if answers:
                    settle(connection, message)
                return made
        except sa.exc.IntegrityError:
            return []

    def said_before(self, message: Message) -> list[Message]:
        """What the assistant said since the person's message before this one: what this one may answer."""
        is_earlier = sa.and_(messages.c.conversation_id == message.conversation_id, messages.c.id < message.id)
        before = sa.select(sa.func.max(messages.c.id)).where(is_earlier, messages.c.author == Author.PERSON.value)
        with self._database.read() as connection:
            since = connection.execute(before).scalar() or 0
            rows = connection.execute(
                sa.select(messages).where(is_earlier, messages.c.id > since, messages.c.author == Author.ASSISTANT.value)
            ).all()
        return [message_of(row) for row in rows]

    def was_said_since(self, conversation_id: str, kind: str, since: datetime) -> bool:
        """Whether the assistant said something of this kind after a moment."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(messages.c.id).where(
                    messages.c.conversation_id == conversation_id,
                    messages.c.author == Author.ASSISTANT.value,
                    messages.c.kind == kind,
                    messages.c.at > since,
                )
            ).first()
        return row is not None

    def seen(self, conversation_id: str, message_id: int, *, by: Author) -> bool:
        """Note the last message one side was shown; whether that is news. The person's counts while a person answers."""
        column = conversations.c.seen_by_staff if by is Author.STAFF else conversations.c.seen_by_person
        matters = () if by is Author.STAFF else (conversations.c.holder != Holder.BOT.value,)
        with self._database.write() as connection:
            there = sa.select(sa.func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id)
            newest = connection.execute(there).scalar() or 0
            changed = connection.execute(
                sa.update(conversations)
                .where(conversations.c.id == conversation_id, column < min(message_id, newest), *matters)
                .values({column.name: min(message_id, newest)})
            )
        return bool(changed.rowcount)

    def unanswered_until(self, message: Message, *, most: int = 20) -> list[Message]:
        """What waits for an answer in a message's conversation, up to that message, the oldest of the last ones first."""
        waits = sa.and_(messages.c.author == Author.PERSON.value, messages.c.answered_at.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages)
                .where(messages.c.conversation_id == message.conversation_id, messages.c.id <= message.id, waits)
                .order_by(messages.c.id.desc())
                .limit(most)
            ).all()
        return [message_of(row) for row in reversed(rows)]

    def replies(self, message: Message) -> list[Message]:
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages).where(messages.c.reply_to == message.id).order_by(messages.c.id)
            ).all()
        return [message_of(row) for row in rows]

    def transcript(self, conversation_id: str, *, after: int = 0, most: int = 500) -> list[Message]:
        """What was said after a message, oldest first; of a long transcript the end."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages, feedback.c.helpful)
                .outerjoin(feedback, feedback.c.message_id == messages.c.id)
                .where(messages.c.conversation_id == conversation_id, messages.c.id > after)
                .order_by(messages.c.id.desc())
                .limit(most)
            ).all()
        return [message_of(row, helpful=row.helpful) for row in reversed(rows)]

    def unanswered(self, *, most: int = 100) -> list[Message]:
        """The oldest of the person's messages that wait for an answer of the assistant, or to be passed on to people."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages)
                .where(messages.c.author == Author.PERSON.value, messages.c.answered_at.is_(None))
                .order_by(messages.c.id)
                .limit(most)
            ).all()
        return [message_of(row) for row in rows]

    def rate(self, conversation_id: str, message_id: int, *, helpful: bool, comment: str | None) -> bool:
        """Keep what the person thinks of a reply, the last word counts; False when it is not a reply of this chat."""
        with self._database.write() as connection:
            row = connection.execute(
                sa.select(messages.c.author).where(
                    messages.c.id == message_id, messages.c.conversation_id == conversation_id
                )
            ).first()
            if row is None or row.author == Author.PERSON.value:
                return False
            connection.execute(sa.delete(feedback).where(feedback.c.message_id == message_id))
            connection.execute(sa.insert(feedback).values(message_id=message_id, helpful=helpful, comment=comment, at=now()))
        return True

    def delete(self, conversation_id: str) -> None:
        """Delete the conversation and everything said in it, the engine's memory of it too."""
        with self._database.write() as connection:
            connection.execute(sa.delete(conversations).where(conversations.c.id == conversation_id))

    @staticmethod
    def _by_client_id(connection: Connection, conversation_id: str, client_message_id: str) -> Message | None:
        row = connection.execute(
            sa.select(messages).where(
                messages.c.conversation_id == conversation_id, messages.c.client_message_id == client_message_id
            )
        ).first()
        return message_of(row) if row else None


def _is_crisis(drafts: Sequence[Draft]) -> bool:
    return bool(drafts) and all(draft["kind"] == "crisis" for draft in drafts)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()

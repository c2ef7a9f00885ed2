"""Stores conversations. Each method is one transaction; whoever calls from a coroutine calls in a thread."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations.model import (
    Author,
    Conversation,
    ConversationNotFound,
    Escalation,
    Holder,
    Message,
    Status,
    Urgency,
)
from bot.conversations.tables import conversations, escalation_log, escalations, feedback, messages
from content.database import Database

Draft = dict[str, Any]
"""A reply before it is stored: `kind`, `text`, and the API's other fields."""
REFERENCE_LETTERS, REFERENCE_LENGTH = "2345679CDFGHJKMPQRTVWXY", 6
"""What a reference is made of: no vowels, so no words, and nothing that is misheard or misread for another."""


class ConversationStore:
    """Conversations and messages in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self, *, channel: str, authority: str | None, language: str, opening: Sequence[Draft]
    ) -> tuple[Conversation, str, list[Message]]:
        """A new conversation, the token that opens it, and its first messages. Only the token's hash is kept."""
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
                    started_at=_now(),
                    last_at=_now(),
                )
            )
            made = [_add(connection, conversation.id, Author.ASSISTANT, draft, None) for draft in opening]
        return conversation, token, made

    def open(self, id: str, token: str) -> Conversation:
        """The conversation, for whoever has its token. Raises ConversationNotFound, also for a wrong token."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(conversations).where(conversations.c.id == id)).first()
        known = row.token_digest if row else _digest("")
        if not hmac.compare_digest(known, _digest(token)) or row is None:
            raise ConversationNotFound("There is no such conversation.")
        return _conversation(row)

    def find(self, id: str) -> Conversation:
        """The conversation, for the program itself. Raises ConversationNotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(conversations).where(conversations.c.id == id)).first()
        if row is None:
            raise ConversationNotFound("There is no such conversation.")
        return _conversation(row)

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
                        at=_now(),
                        client_message_id=client_message_id,
                    )
                )
                connection.execute(
                    sa.update(conversations).where(conversations.c.id == conversation_id).values(last_at=_now())
                )
                row = connection.execute(sa.select(messages).where(messages.c.id == made.inserted_primary_key[0])).one()
                return _message(row)
        except sa.exc.IntegrityError as error:
            with self._database.read() as connection:
                there = self._by_client_id(connection, conversation_id, client_message_id)
            if there:
                return there
            raise ConversationNotFound("There is no such conversation.") from error

    def reply(
        self, message: Message, drafts: Sequence[Draft], *, answers: bool = True, checking: str | None = None
    ) -> list[Message]:
        """Store the replies to a message, once; with `answers` the message counts as answered.

        `checking` is the danger for which the last of them asks whether the person is safe.

        Gives no messages when another worker answered it first, or when the conversation was deleted.
        """
        try:
            with self._database.write() as connection:
                row = connection.execute(sa.select(messages).where(messages.c.id == message.id)).first()
                if row is None or row.answered_at is not None:
                    return []
                made = [_add(connection, message.conversation_id, Author.ASSISTANT, draft, message.id) for draft in drafts]
                if checking:
                    _check(connection, message.conversation_id, checking)
                if answers:
                    connection.execute(sa.update(messages).where(messages.c.id == message.id).values(answered_at=_now()))
                return made
        except sa.exc.IntegrityError:
            return []

    def alert(self, message: Message, danger: str, drafts: Callable[[str, bool], Sequence[Draft]]) -> list[Message]:
        """Open an emergency escalation and store the urgent help, once and together; an open one is added to.

        `drafts` makes the help from the escalation's reference and whether it was open before. Gives no messages when the
        message is answered already, or when the conversation was deleted.
        """
        try:
            with self._database.write() as connection:
                row = connection.execute(sa.select(messages).where(messages.c.id == message.id)).first()
                if row is None or row.answered_at is not None:
                    return []
                escalation, was_open = _escalate(connection, message, danger)
                made = [
                    _add(connection, message.conversation_id, Author.ASSISTANT, draft, message.id)
                    for draft in drafts(escalation.reference, was_open)
                ]
                connection.execute(sa.update(messages).where(messages.c.id == message.id).values(answered_at=_now()))
                connection.execute(
                    sa.update(conversations)
                    .where(conversations.c.id == message.conversation_id)
                    .values(crisis_at=_now(), checking=None)
                )
                return made
        except sa.exc.IntegrityError:
            return []

    def ask_whether_safe(self, message: Message, danger: str, drafts: Sequence[Draft]) -> list[Message]:
        """Store a check-in before the answer to a message, once; the next message may answer it."""
        with self._database.write() as connection:
            row = connection.execute(sa.select(messages).where(messages.c.id == message.id)).first()
            asked = connection.execute(sa.select(messages.c.id).where(messages.c.reply_to == message.id)).first()
            if row is None or row.answered_at is not None or asked is not None:
                return []
            _check(connection, message.conversation_id, danger)
            return [_add(connection, message.conversation_id, Author.ASSISTANT, draft, message.id) for draft in drafts]

    def settle_authority(self, conversation_id: str, authority: str) -> None:
        """The council that the person turned out to belong to."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(conversations).where(conversations.c.id == conversation_id).values(authority=authority)
            )

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

    def no_longer_asks(self, conversation_id: str) -> None:
        """Forget that it was asked whether the person is safe."""
        with self._database.write() as connection:
            _check(connection, conversation_id, None)

    def escalations(self, *, most: int = 500) -> list[Escalation]:
        """Those that are open, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(escalations)
                .where(escalations.c.status == Status.OPEN.value)
                .order_by(escalations.c.opened_at, escalations.c.id)
                .limit(most)
            ).all()
        return [_escalation(row) for row in rows]

    def message(self, id: int) -> Message | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(messages).where(messages.c.id == id)).first()
        return _message(row) if row else None

    def replies(self, message: Message) -> list[Message]:
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages).where(messages.c.reply_to == message.id).order_by(messages.c.id)
            ).all()
        return [_message(row) for row in rows]

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
        return [_message(row, helpful=row.helpful) for row in reversed(rows)]

    def unanswered(self, *, most: int = 100) -> list[Message]:
        """The oldest of the person's messages that wait for an answer of the assistant."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages)
                .join(conversations, conversations.c.id == messages.c.conversation_id)
                .where(
                    messages.c.author == Author.PERSON.value,
                    messages.c.answered_at.is_(None),
                    conversations.c.holder == Holder.BOT.value,
                )
                .order_by(messages.c.id)
                .limit(most)
            ).all()
        return [_message(row) for row in rows]

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
            connection.execute(
                sa.insert(feedback).values(message_id=message_id, helpful=helpful, comment=comment, at=_now())
            )
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
        return _message(row) if row else None


def _check(connection: Connection, conversation_id: str, danger: str | None) -> None:
    connection.execute(sa.update(conversations).where(conversations.c.id == conversation_id).values(checking=danger))


def _escalate(connection: Connection, message: Message, danger: str) -> tuple[Escalation, bool]:
    """The conversation's open escalation, or a new one; and whether it was open before."""
    row = connection.execute(
        sa.select(escalations).where(
            escalations.c.conversation_id == message.conversation_id, escalations.c.status == Status.OPEN.value
        )
    ).first()
    was_open = row is not None
    if row is None:
        authority = connection.execute(
            sa.select(conversations.c.authority).where(conversations.c.id == message.conversation_id)
        ).scalar()
        made = connection.execute(
            sa.insert(escalations).values(
                reference=_new_reference(connection),
                conversation_id=message.conversation_id,
                authority=authority,
                reason=danger,
                urgency=Urgency.EMERGENCY.value,
                status=Status.OPEN.value,
                opened_at=_now(),
            )
        )
        row = connection.execute(sa.select(escalations).where(escalations.c.id == made.inserted_primary_key[0])).one()
    connection.execute(
        sa.insert(escalation_log).values(
            escalation_id=row.id,
            at=_now(),
            what="heard again" if was_open else "opened",
            reason=danger,
            message_id=message.id,
        )
    )
    return _escalation(row), was_open


def _new_reference(connection: Connection) -> str:
    while True:
        reference = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
        if connection.execute(sa.select(escalations.c.id).where(escalations.c.reference == reference)).first() is None:
            return reference


def _add(connection: Connection, conversation_id: str, author: Author, draft: Draft, reply_to: int | None) -> Message:
    details = {name: value for name, value in draft.items() if name not in ("kind", "text") and value is not None}
    now = _now()
    made = connection.execute(
        sa.insert(messages).values(
            conversation_id=conversation_id,
            author=author.value,
            kind=draft["kind"],
            text=draft["text"],
            details=details,
            at=now,
            reply_to=reply_to,
        )
    )
    id = made.inserted_primary_key[0]
    return Message(id, conversation_id, author, draft["kind"], draft["text"], now, details, None, reply_to)


def _conversation(row: Row) -> Conversation:
    return Conversation(
        id=row.id,
        channel=row.channel,
        authority=row.authority,
        language=row.language,
        holder=Holder(row.holder),
        crisis_at=_utc(row.crisis_at) if row.crisis_at else None,
        checking=row.checking,
    )


def _escalation(row: Row) -> Escalation:
    return Escalation(
        id=row.id,
        reference=row.reference,
        conversation_id=row.conversation_id,
        authority=row.authority,
        reason=row.reason,
        urgency=Urgency(row.urgency),
        status=Status(row.status),
        opened_at=_utc(row.opened_at),
    )


def _utc(at: datetime) -> datetime:
    """A time as the database gives it: SQLite leaves the zone out."""
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def _message(row: Row, *, helpful: bool | None = None) -> Message:
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        author=Author(row.author),
        kind=row.kind,
        text=row.text,
        at=_utc(row.at),
        details=row.details,
        client_message_id=row.client_message_id,
        reply_to=row.reply_to,
        is_answered=row.author != Author.PERSON.value or row.answered_at is not None,
        helpful=helpful,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(timezone.utc)

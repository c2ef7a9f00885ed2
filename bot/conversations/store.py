"""Stores conversations. Each method is one transaction; whoever calls from a coroutine calls in a thread."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations import escalations as cases
from bot.conversations.escalations import Escalations
from bot.conversations.model import (
    Author,
    Conversation,
    ConversationNotFound,
    Escalation,
    Holder,
    Message,
    Request,
    Status,
    Urgency,
    Way,
)
from bot.conversations.tables import conversations, escalations, feedback, messages
from content.database import Database, utc, utc_or_none

Draft = dict[str, Any]
"""A reply before it is stored: `kind`, `text`, and the API's other fields."""

Invited = Callable[[Connection, str], int]
"""Spends an invitation on a conversation, by its id; the id of the personal adviser."""


class ConversationStore:
    """Conversations and messages in the database."""

    def __init__(self, database: Database, escalations: Escalations | None = None) -> None:
        self._database = database
        self._escalations = escalations or Escalations()

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
                    started_at=_now(),
                    last_at=_now(),
                )
            )
            if invited:
                conversation = replace(conversation, pa_id=invited(connection, conversation.id))
                _set(connection, conversation.id, pa_id=conversation.pa_id)
            made = [add_message(connection, conversation.id, Author.ASSISTANT, draft, None) for draft in opening]
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
        """Store the assistant's replies to a message, once; with `answers` the message counts as answered.

        Whoever waits for a person is told only what is said to people in danger.

        `checking` is the danger for which the last of them asks whether the person is safe.

        Gives no messages when another worker answered it first, when the conversation was deleted, or when a person has
        taken over meanwhile: then the assistant is silent.
        """
        try:
            with self._database.write() as connection:
                holders = (Holder.BOT, Holder.WAITING) if _is_crisis(drafts) else (Holder.BOT,)
                if self._unanswered(connection, message, *holders) is None:
                    return []
                made = [
                    add_message(connection, message.conversation_id, Author.ASSISTANT, draft, message.id) for draft in drafts
                ]
                if checking:
                    _check(connection, message.conversation_id, checking)
                if answers:
                    _settle(connection, message)
                return made
        except sa.exc.IntegrityError:
            return []

    def alert(self, message: Message, danger: str, drafts: Callable[[str, bool], Sequence[Draft]]) -> list[Message]:
        """Open an emergency escalation and store the urgent help, once and together; an open one is added to.

        `drafts` makes the help from the escalation's reference and whether it was open before. Gives no messages when the
        message has its reply already, or when the conversation was deleted. That it was left to people is no reply.
        """
        try:
            with self._database.write() as connection:
                row = self._locked(connection, message)
                if row is None or (row.answered_at is not None and _has_reply(connection, message)):
                    return []
                request = Request(reason=danger, urgency=Urgency.EMERGENCY)
                escalation, was_open = self._escalations.open(connection, message, request)
                made = _replies(connection, message, drafts(escalation.reference, was_open))
                _settle(connection, message)
                _set(connection, message.conversation_id, crisis_at=_now(), checking=None)
                return made
        except sa.exc.IntegrityError:
            return []

    def hand_over(
        self, message: Message, request: Request, drafts: Callable[[Escalation], Sequence[Draft]]
    ) -> list[Message]:
        """Open the escalation that the person asked for and store what they are told, once and together.

        With an answer in this chat, the assistant is silent from now on. Gives no messages as `reply` does.
        """
        try:
            with self._database.write() as connection:
                if self._unanswered(connection, message, Holder.BOT) is None:
                    return []
                escalation, _ = self._escalations.open(connection, message, request)
                made = _replies(connection, message, drafts(escalation))
                _settle(connection, message)
                if request.way is Way.CHAT:
                    taken = escalation.status is Status.TAKEN
                    _set(connection, message.conversation_id, holder=(Holder.STAFF if taken else Holder.WAITING).value)
                return made
        except sa.exc.IntegrityError:
            return []

    def pass_on(self, message: Message, *, is_urgent: bool = False) -> Escalation | None:
        """Leave a message to the people who hold the conversation; what they had put off comes back to them.

        `is_urgent` makes a routine case an urgent one.

        None when the assistant holds it after all, or when the conversation was deleted.
        """
        with self._database.write() as connection:
            row = self._unanswered(connection, message)
            escalation = cases.of_conversation(connection, message.conversation_id)
            if row is None or row.holder == Holder.BOT.value or escalation is None:
                return None
            _settle(connection, message)
            if escalation.status is Status.SNOOZED:
                back = cases.back_from_snooze(escalation)
                cases.change(connection, escalation.id, status=back.value, snoozed_until=None)
                cases.log(connection, escalation.id, "wrote again", message_id=message.id)
            if is_urgent:
                self._escalations.raise_to(connection, escalation, Urgency.URGENT)
            return escalation

    def back_to_assistant(
        self, message: Message, drafts: Callable[[Escalation | None], Sequence[Draft]], *, withdraws: bool
    ) -> list[Message]:
        """What the person asks for while they wait: the assistant again; with `withdraws` nobody is to come any more.

        A case that was opened for a danger is not withdrawn. `drafts` says what became of the case, as it is in the end.
        Gives no messages when somebody has taken it meanwhile.
        """
        with self._database.write() as connection:
            row = self._unanswered(connection, message)
            if row is None or row.holder == Holder.STAFF.value:
                return []
            escalation = cases.of_conversation(connection, message.conversation_id)
            made = _replies(connection, message, drafts(escalation))
            # What was written before was for people, also when it could not be passed on.
            _settle_until(connection, message)
            _set(connection, message.conversation_id, holder=Holder.BOT.value)
            if escalation and withdraws and not escalation.is_crisis:
                closed = {"status": Status.CLOSED.value, "closed_at": _now(), "outcome": cases.WITHDRAWN}
                cases.change(connection, escalation.id, **closed)
                cases.log(connection, escalation.id, cases.WITHDRAWN, message_id=message.id)
            return made

    def open_again(
        self,
        message: Message,
        since: datetime,
        drafts: Callable[[Escalation], Sequence[Draft]],
        *,
        is_urgent: bool = False,
    ) -> list[Message]:
        """Give the chat back to the people who had it, if its case was closed after a moment; else gives no messages."""
        with self._database.write() as connection:
            if self._unanswered(connection, message, Holder.BOT) is None:
                return []
            escalation = self._escalations.open_again(connection, message, since)
            if escalation is None:
                return []
            if is_urgent:
                self._escalations.raise_to(connection, escalation, Urgency.URGENT)
            made = _replies(connection, message, drafts(escalation))
            _settle(connection, message)
            _set(connection, message.conversation_id, holder=Holder.WAITING.value)
            return made

    def ask_whether_safe(self, message: Message, danger: str, drafts: Sequence[Draft]) -> list[Message]:
        """Store a check-in before the answer to a message, once; the next message may answer it."""
        with self._database.write() as connection:
            row = self._unanswered(connection, message, Holder.BOT, Holder.WAITING)
            if row is None or _has_reply(connection, message):
                return []
            _check(connection, message.conversation_id, danger)
            return [
                add_message(connection, message.conversation_id, Author.ASSISTANT, draft, message.id) for draft in drafts
            ]

    def settle_authority(self, conversation_id: str, authority: str) -> None:
        """The council that the person turned out to belong to; their escalation goes to its team from now on."""
        with self._database.write() as connection:
            _set(connection, conversation_id, authority=authority)
            connection.execute(
                sa.update(escalations)
                .where(escalations.c.conversation_id == conversation_id, escalations.c.authority.is_(None))
                .values(authority=authority)
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
        """Those that are not closed, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(escalations)
                .where(escalations.c.status != Status.CLOSED.value)
                .order_by(escalations.c.opened_at, escalations.c.id)
                .limit(most)
            ).all()
        return [cases.escalation_of(row) for row in rows]

    def escalation(self, conversation_id: str) -> Escalation | None:
        """The conversation's escalation that is not closed."""
        with self._database.read() as connection:
            return cases.of_conversation(connection, conversation_id)

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
        return [_message(row) for row in reversed(rows)]

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
        """The oldest of the person's messages that wait for an answer of the assistant, or to be passed on to people."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(messages)
                .where(messages.c.author == Author.PERSON.value, messages.c.answered_at.is_(None))
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
    def _locked(connection: Connection, message: Message) -> Row | None:
        """The message as it is now, and who holds its conversation; nobody else changes either until the end."""
        cases.lock_conversation(connection, message.conversation_id)
        return connection.execute(
            sa.select(messages, conversations.c.holder)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(messages.c.id == message.id)
        ).first()

    def _unanswered(self, connection: Connection, message: Message, *holders: Holder) -> Row | None:
        """The message, locked, if it still waits for an answer, and if one of these (any, without one) holds the chat."""
        row = self._locked(connection, message)
        if row is None or row.answered_at is not None or (holders and Holder(row.holder) not in holders):
            return None
        return row

    @staticmethod
    def _by_client_id(connection: Connection, conversation_id: str, client_message_id: str) -> Message | None:
        row = connection.execute(
            sa.select(messages).where(
                messages.c.conversation_id == conversation_id, messages.c.client_message_id == client_message_id
            )
        ).first()
        return _message(row) if row else None


def _is_crisis(drafts: Sequence[Draft]) -> bool:
    return bool(drafts) and all(draft["kind"] == "crisis" for draft in drafts)


def _check(connection: Connection, conversation_id: str, danger: str | None) -> None:
    _set(connection, conversation_id, checking=danger)


def _set(connection: Connection, conversation_id: str, **values: object) -> None:
    connection.execute(sa.update(conversations).where(conversations.c.id == conversation_id).values(**values))


def _settle(connection: Connection, message: Message) -> None:
    """The message has its answer, or somebody who will give it."""
    connection.execute(sa.update(messages).where(messages.c.id == message.id).values(answered_at=_now()))


def _settle_until(connection: Connection, message: Message) -> None:
    """The message, and all that the person wrote before it, has its answer."""
    connection.execute(
        sa.update(messages)
        .where(
            messages.c.conversation_id == message.conversation_id,
            messages.c.author == Author.PERSON.value,
            messages.c.id <= message.id,
            messages.c.answered_at.is_(None),
        )
        .values(answered_at=_now())
    )


def _has_reply(connection: Connection, message: Message) -> bool:
    return connection.execute(sa.select(messages.c.id).where(messages.c.reply_to == message.id)).first() is not None


def _replies(connection: Connection, message: Message, drafts: Sequence[Draft]) -> list[Message]:
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
            client_message_id=client_message_id,
        )
    )
    id = made.inserted_primary_key[0]
    return Message(id, conversation_id, author, draft["kind"], draft["text"], now, details, client_message_id, reply_to)


def _conversation(row: Row) -> Conversation:
    return Conversation(
        id=row.id,
        channel=row.channel,
        authority=row.authority,
        language=row.language,
        holder=Holder(row.holder),
        crisis_at=utc_or_none(row.crisis_at),
        checking=row.checking,
        pa_id=row.pa_id,
        seen_by_person=row.seen_by_person,
        seen_by_staff=row.seen_by_staff,
    )


def _message(row: Row, *, helpful: bool | None = None) -> Message:
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


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(timezone.utc)

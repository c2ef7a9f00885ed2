"""Stores what passes between the assistant and people: requests, urgent help, and who answers in the chat.

Each method is one transaction; whoever calls from a coroutine calls in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import case_log
from bot.conversations import escalations as cases
from bot.conversations.escalations import Escalations
from bot.conversations.model import Draft, Escalation, Holder, Message, Request, Status, Urgency, Way
from bot.conversations.rows import (
    add_replies,
    change_conversation,
    has_reply,
    last_reply_at,
    locked,
    note_check_in,
    now,
    settle,
    settle_until,
    unanswered,
)
from bot.conversations.tables import escalations
from bot.conversations.unanswered import last_act_at, note_word
from content.database import Database


class Alone(Protocol):
    """What to tell who writes to people: since when they, or the assistant for them, have said nothing, and whether one of
    them has the chat.
    """

    def __call__(self, escalation: Escalation, quiet_since: datetime | None, *, is_held: bool) -> Sequence[Draft]: ...


class HandoffStore:
    """Escalations, and the messages that go with them, in the database."""

    def __init__(self, database: Database, escalations: Escalations | None = None) -> None:
        self._database = database
        self._escalations = escalations or Escalations()

    def alert(self, message: Message, danger: str, drafts: Callable[[str, bool], Sequence[Draft]]) -> list[Message]:
        """Open an emergency escalation and store the urgent help, once and together; an open one is added to.

        `drafts` makes the help from the escalation's reference and whether it was open before. Gives no messages when the
        message has its reply already, or when the conversation was deleted. That it was left to people is no reply.
        """
        try:
            with self._database.write() as connection:
                row = locked(connection, message)
                if row is None or (row.answered_at is not None and has_reply(connection, message)):
                    return []
                request = Request(reason=danger, urgency=Urgency.EMERGENCY)
                escalation, was_open = self._escalations.open(connection, message, request)
                made = add_replies(connection, message, drafts(escalation.reference, was_open))
                settle(connection, message)
                change_conversation(connection, message.conversation_id, crisis_at=now(), checking=None)
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
                if unanswered(connection, message, Holder.BOT) is None:
                    return []
                escalation, _ = self._escalations.open(connection, message, request)
                made = add_replies(connection, message, drafts(escalation))
                settle(connection, message)
                if request.way is Way.CHAT:
                    taken = escalation.status is Status.TAKEN
                    change_conversation(
                        connection, message.conversation_id, holder=(Holder.STAFF if taken else Holder.WAITING).value
                    )
                return made
        except sa.exc.IntegrityError:
            return []

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
            if unanswered(connection, message, Holder.BOT) is None:
                return []
            escalation = self._escalations.open_again(connection, message, since)
            if escalation is None:
                return []
            if is_urgent:
                self._escalations.raise_to(connection, escalation, Urgency.URGENT)
            made = add_replies(connection, message, drafts(escalation))
            settle(connection, message)
            change_conversation(connection, message.conversation_id, holder=Holder.WAITING.value)
            return made

    def pass_on(
        self,
        message: Message,
        alone: Alone | None = None,
        *,
        is_urgent: bool = False,
    ) -> tuple[Escalation | None, list[Message]]:
        """Leave a message to the people who hold the conversation; what they had put off comes back to them.

        `alone` says what is told, if anything, to who writes to people who are not there: then the chat waits for them.
        `is_urgent` makes a routine case an urgent one.

        Gives no case when the assistant holds the chat after all, or when the conversation was deleted.
        """
        with self._database.write() as connection:
            row = unanswered(connection, message)
            escalation = cases.of_conversation(connection, message.conversation_id)
            if row is None or row.holder == Holder.BOT.value or escalation is None:
                return None, []
            settle(connection, message)
            is_held = row.holder == Holder.STAFF.value
            quiet_since = last_act_at(connection, escalation.id) if is_held else last_reply_at(connection, message)
            made = add_replies(connection, message, alone(escalation, quiet_since, is_held=is_held)) if alone else []
            if made:
                change_conversation(connection, message.conversation_id, holder=Holder.WAITING.value)
            if escalation.status is Status.SNOOZED:
                _wake(connection, escalation, message)
            note_word(connection, escalation.id, message.id)
            if is_urgent:
                self._escalations.raise_to(connection, escalation, Urgency.URGENT)
            return escalation, made

    def wake(self, message: Message) -> Escalation | None:
        """Bring back a case that was put off, in whose chat the assistant answers; None when there is none."""
        if not self._is_put_off(message.conversation_id):
            return None
        with self._database.write() as connection:
            cases.lock_conversation(connection, message.conversation_id)
            escalation = cases.of_conversation(connection, message.conversation_id)
            if escalation is None or escalation.status is not Status.SNOOZED:
                return None
            _wake(connection, escalation, message)
            return escalation

    def _is_put_off(self, conversation_id: str) -> bool:
        escalation = self.escalation(conversation_id)
        return escalation is not None and escalation.status is Status.SNOOZED

    def back_to_assistant(
        self, message: Message, drafts: Callable[[Escalation | None], Sequence[Draft]], *, withdraws: bool
    ) -> list[Message]:
        """What the person asks for while they wait: the assistant again; with `withdraws` nobody is to come any more.

        A case that was opened for a danger is not withdrawn. `drafts` says what became of the case, as it is in the end.
        Gives no messages when somebody has taken it meanwhile.
        """
        with self._database.write() as connection:
            row = unanswered(connection, message)
            if row is None or row.holder == Holder.STAFF.value:
                return []
            escalation = cases.of_conversation(connection, message.conversation_id)
            made = add_replies(connection, message, drafts(escalation))
            # What was written before was for people, also when it could not be passed on.
            settle_until(connection, message)
            change_conversation(connection, message.conversation_id, holder=Holder.BOT.value)
            if escalation and withdraws and not escalation.is_crisis:
                closed = {"status": Status.CLOSED.value, "closed_at": now(), "outcome": case_log.WITHDRAWN}
                cases.change(connection, escalation.id, **closed)
                case_log.add(connection, escalation.id, case_log.WITHDRAWN, message_id=message.id)
            return made

    def ask_whether_safe(self, message: Message, danger: str, drafts: Sequence[Draft]) -> list[Message]:
        """Store a check-in before the answer to a message, once; the next message may answer it."""
        with self._database.write() as connection:
            row = unanswered(connection, message, Holder.BOT, Holder.WAITING)
            if row is None or has_reply(connection, message):
                return []
            note_check_in(connection, message.conversation_id, danger)
            return add_replies(connection, message, drafts)

    def no_longer_asks(self, conversation_id: str) -> None:
        """Forget that it was asked whether the person is safe."""
        with self._database.write() as connection:
            note_check_in(connection, conversation_id, None)

    def settle_authority(self, conversation_id: str, authority: str) -> None:
        """The council that the person turned out to belong to; their escalation goes to its team from now on."""
        with self._database.write() as connection:
            change_conversation(connection, conversation_id, authority=authority)
            connection.execute(
                sa.update(escalations)
                .where(escalations.c.conversation_id == conversation_id, escalations.c.authority.is_(None))
                .values(authority=authority)
            )

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


def _wake(connection: Connection, escalation: Escalation, message: Message) -> None:
    cases.come_back(connection, escalation)
    case_log.add(connection, escalation.id, case_log.WOKE, message_id=message.id)

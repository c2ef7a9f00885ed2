"""Escalations as rows: opened in the transaction that answers a message, with a line in their log for all that happens."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations import case_log
from bot.conversations.model import ASKED, Escalation, Message, Request, Status, Urgency, Way
from bot.conversations.tables import conversations, escalation_contacts, escalations
from bot.staff.tables import staff
from content.database import utc, utc_or_none

logger = logging.getLogger(__name__)
REFERENCE_LETTERS, REFERENCE_LENGTH = "2345679CDFGHJKMPQRTVWXY", 6
"""What a reference is made of: no vowels, so no words, and nothing that is misheard or misread for another."""
Due = Callable[[Urgency, str | None, datetime], datetime]
"""Until when somebody should answer first: from the urgency, the council and the moment it was opened."""


class Announce(Protocol):
    """Puts the alert of a new or more urgent escalation into the outbox, in the same transaction."""

    def __call__(self, connection: Connection, escalation_id: int) -> None: ...


def at_once(urgency: Urgency, authority: str | None, opened_at: datetime) -> datetime:
    return opened_at + timedelta(minutes=5)


class Escalations:
    """Opens escalations. `due` and the alerts may fail: who needs help is not kept from it by that."""

    def __init__(self, due: Due = at_once, announce: Announce | None = None, announce_again: Announce | None = None) -> None:
        """`announce` alerts of what is new or more urgent, `announce_again` of what is somebody else's or open again."""
        self._due, self._announce, self._announce_again = due, announce, announce_again

    def open(self, connection: Connection, message: Message, request: Request) -> tuple[Escalation, bool]:
        """The conversation's escalation, opened or added to; and whether it was there before."""
        conversation = connection.execute(
            sa.select(conversations.c.authority, conversations.c.pa_id)
            .where(conversations.c.id == message.conversation_id)
            .with_for_update()
        ).one()
        row = connection.execute(
            sa.select(escalations).where(
                escalations.c.conversation_id == message.conversation_id, escalations.c.status != Status.CLOSED.value
            )
        ).first()
        if row is None:
            escalation = self._new(connection, message.conversation_id, conversation, request)
            self._tell(connection, escalation.id, self._announce)
        else:
            escalation = self._more(connection, escalation_of(row), conversation, request)
        _keep_contact(connection, escalation.id, message.conversation_id, request)
        what = case_log.OPENED if row is None else case_log.HEARD_AGAIN
        case_log.add(connection, escalation.id, what, reason=request.reason, message_id=message.id)
        return escalation, row is not None

    def _new(self, connection: Connection, conversation_id: str, conversation: Row, request: Request) -> Escalation:
        opened_at = datetime.now(timezone.utc)
        pa = _asked_for(connection, conversation, request)
        made = connection.execute(
            sa.insert(escalations).values(
                reference=_new_reference(connection),
                conversation_id=conversation_id,
                authority=conversation.authority,
                reason=request.reason,
                urgency=request.urgency.value,
                status=Status.OPEN.value,
                opened_at=opened_at,
                due_at=self._due_at(request.urgency, conversation.authority, opened_at),
                way=request.way.value,
                pa_id=pa,
                holder_id=pa,
            )
        )
        return by_id(connection, made.inserted_primary_key[0])

    def raise_to(self, connection: Connection, there: Escalation, urgency: Urgency, reason: str | None = None) -> None:
        """Make an escalation more urgent, if it is not as urgent already; that is announced like a new one."""
        if urgency.rank >= there.urgency.rank:
            return
        due_at = self._due_at(urgency, there.authority, datetime.now(timezone.utc))
        change(
            connection,
            there.id,
            urgency=urgency.value,
            reason=reason or there.reason,
            due_at=due_at,
            replied_at=None,
        )
        case_log.add(connection, there.id, case_log.MORE_URGENT, detail=urgency.value)
        self._tell(connection, there.id, self._announce)

    def open_again(self, connection: Connection, message: Message, since: datetime) -> Escalation | None:
        """The conversation's last case, opened again for whoever had it; None when it is open or was closed before then.

        What the person took back themselves stays closed.
        """
        row = connection.execute(
            sa.select(escalations)
            .where(escalations.c.conversation_id == message.conversation_id)
            .order_by(escalations.c.id.desc())
            .with_for_update()
        ).first()
        if (
            row is None
            or row.status != Status.CLOSED.value
            or row.outcome == case_log.WITHDRAWN
            or utc(row.closed_at) < since
        ):
            return None
        urgency = Urgency.ROUTINE if row.reason == ASKED else Urgency.URGENT
        change(
            connection,
            row.id,
            status=Status.OPEN.value,
            urgency=urgency.value,
            holder_id=_if_there(connection, row.holder_id),
            due_at=self._due_at(urgency, row.authority, datetime.now(timezone.utc)),
            way=Way.CHAT.value,
            taken_at=None,
            replied_at=None,
            closed_at=None,
            outcome=None,
        )
        case_log.add(connection, row.id, case_log.WROTE_AGAIN, message_id=message.id)
        self._tell(connection, row.id, self._announce_again)
        return by_id(connection, row.id)

    def _more(self, connection: Connection, there: Escalation, conversation: Row, request: Request) -> Escalation:
        """What was put off comes back; how they want an answer is as they said last; it may be more urgent than before.

        The adviser whom they ask for now gets what nobody has yet, unless they had it and left it to the team.
        """
        pa = _asked_for(connection, conversation, request)
        if pa is not None and there.status is Status.OPEN and there.holder_id is None and there.pa_id != pa:
            self._to_adviser(connection, there, pa)
        if there.status is Status.SNOOZED:
            come_back(connection, there)
        if request.reason == ASKED:
            change(connection, there.id, way=request.way.value)
        self.raise_to(connection, there, request.urgency, request.reason)
        cries_again = request.reason != ASKED and there.urgency is Urgency.EMERGENCY
        if cries_again and there.status is not Status.OPEN:
            # Whoever has it may have gone home since.
            self._tell(connection, there.id, self._announce)
        return by_id(connection, there.id)

    def _to_adviser(self, connection: Connection, there: Escalation, pa: int) -> None:
        """Give a case to the adviser, who has as long for what is late already as for a new one."""
        now = datetime.now(timezone.utc)
        is_late = there.due_at is not None and there.due_at <= now
        due_at = self._due_at(there.urgency, there.authority, now) if is_late else there.due_at
        change(connection, there.id, pa_id=pa, holder_id=pa, due_at=due_at)
        case_log.add(connection, there.id, case_log.HANDED_OVER)
        self._tell(connection, there.id, self._announce_again)

    def _due_at(self, urgency: Urgency, authority: str | None, opened_at: datetime) -> datetime:
        try:
            return self._due(urgency, authority, opened_at)
        except Exception:
            logger.exception("It cannot be told until when an escalation is due; it is due at once.")
            return at_once(urgency, authority, opened_at)

    @staticmethod
    def _tell(connection: Connection, escalation_id: int, announce: Announce | None) -> None:
        if announce is None:
            return
        try:
            with connection.begin_nested():
                announce(connection, escalation_id)
        except Exception:
            logger.exception("Escalation %s was not announced; the desk still shows it.", escalation_id)


def lock_conversation(connection: Connection, conversation_id: str | None) -> None:
    """Wait for whoever changes the conversation, its messages or its case just now, and have it alone until the end.

    Everybody locks it before anything else of it: who locks in one order never waits for somebody who waits for them.
    """
    connection.execute(sa.select(conversations.c.id).where(conversations.c.id == conversation_id).with_for_update())


def change(connection: Connection, escalation_id: int, **values: object) -> None:
    connection.execute(sa.update(escalations).where(escalations.c.id == escalation_id).values(**values))


def by_id(connection: Connection, escalation_id: int) -> Escalation:
    return escalation_of(connection.execute(sa.select(escalations).where(escalations.c.id == escalation_id)).one())


def of_conversation(connection: Connection, conversation_id: str) -> Escalation | None:
    """The conversation's escalation that is not closed; there is at most one."""
    row = connection.execute(
        sa.select(escalations).where(
            escalations.c.conversation_id == conversation_id, escalations.c.status != Status.CLOSED.value
        )
    ).first()
    return escalation_of(row) if row else None


def come_back(connection: Connection, escalation: Escalation) -> None:
    """What was put off is with whoever had it again."""
    status = Status.OPEN if escalation.taken_at is None else Status.TAKEN
    change(connection, escalation.id, status=status.value, snoozed_until=None)


def escalation_of(row: Row) -> Escalation:
    return Escalation(
        id=row.id,
        reference=row.reference,
        conversation_id=row.conversation_id,
        authority=row.authority,
        reason=row.reason,
        urgency=Urgency(row.urgency),
        status=Status(row.status),
        opened_at=utc(row.opened_at),
        way=Way(row.way),
        pa_id=row.pa_id,
        holder_id=row.holder_id,
        due_at=utc_or_none(row.due_at),
        taken_at=utc_or_none(row.taken_at),
        replied_at=utc_or_none(row.replied_at),
        snoozed_until=utc_or_none(row.snoozed_until),
        closed_at=utc_or_none(row.closed_at),
        outcome=row.outcome,
    )


def _asked_for(connection: Connection, conversation: Row, request: Request) -> int | None:
    """The personal adviser whom the request is for, if they can be asked now; if not, the duty team is."""
    return _if_there(connection, conversation.pa_id if request.to_pa else None)


def _if_there(connection: Connection, staff_id: int | None) -> int | None:
    there = sa.select(staff.c.id).where(staff.c.id == staff_id, staff.c.is_active, sa.not_(staff.c.is_away))
    return connection.execute(there).scalar()  # type: ignore[no-any-return]


def _keep_contact(connection: Connection, escalation_id: int, conversation_id: str, request: Request) -> None:
    """What the person told to be reached by, in place of what they told before."""
    told = {name: getattr(request, name) for name in ("about", "phone", "email", "good_time")}
    if not any(told.values()):
        return
    connection.execute(sa.delete(escalation_contacts).where(escalation_contacts.c.escalation_id == escalation_id))
    connection.execute(
        sa.insert(escalation_contacts).values(escalation_id=escalation_id, conversation_id=conversation_id, **told)
    )


def _new_reference(connection: Connection) -> str:
    while True:
        reference = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(REFERENCE_LENGTH))
        if connection.execute(sa.select(escalations.c.id).where(escalations.c.reference == reference)).first() is None:
            return reference

"""What time alone does to cases: those that were put off come back, and what somebody has left too long is the team's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import escalations as rows
from bot.conversations.handoff import Handoff
from bot.conversations.model import Author, Escalation, Message, Status
from bot.conversations.rows import add_message
from bot.conversations.tables import escalation_log, escalations
from content.database import Database


def move(database: Database, handoff: Handoff, now: datetime) -> tuple[list[int], list[Message]]:
    """Do it, each case in a transaction of its own. Gives the ids of the cases, and what was said in their chats."""
    is_time, moved, told = _is_time(now), list[int](), list[Message]()
    with database.read() as connection:
        found = connection.execute(sa.select(escalations.c.id, escalations.c.conversation_id).where(is_time)).all()
    for id, chat in found:
        with database.write() as connection:
            rows.lock_conversation(connection, chat)
            still = sa.select(escalations).where(escalations.c.id == id, is_time).with_for_update()
            row = connection.execute(still).first()
            if row is not None:
                moved.append(id)
                told.extend(_move(connection, handoff, rows.escalation_of(row)))
    return moved, told


def _move(connection: Connection, handoff: Handoff, there: Escalation) -> Iterator[Message]:
    if there.status is Status.SNOOZED:
        rows.change(connection, there.id, status=rows.back_from_snooze(there).value, snoozed_until=None)
        rows.log(connection, there.id, "came back")
        return
    rows.change(connection, there.id, holder_id=None)
    rows.log(connection, there.id, "left to the team")
    if there.pa_id == there.holder_id and there.conversation_id:
        draft = handoff.pa_is_late(rows.by_id(connection, there.id))
        yield add_message(connection, there.conversation_id, Author.ASSISTANT, draft, None)


def _is_time(now: datetime) -> Any:
    """The condition on escalations that time changes them. What was handed over late stays with whom it was handed to."""
    handed_late = sa.exists().where(
        escalation_log.c.escalation_id == escalations.c.id,
        escalation_log.c.what == rows.HANDED_OVER,
        escalation_log.c.at >= escalations.c.due_at,
    )
    is_back = sa.and_(escalations.c.status == Status.SNOOZED.value, escalations.c.snoozed_until <= now)
    is_left = sa.and_(
        escalations.c.status == Status.OPEN.value,
        escalations.c.holder_id.is_not(None),
        escalations.c.due_at <= now,
        ~handed_late,
    )
    return sa.or_(is_back, is_left)

"""What happens by itself: what was put off comes back, what waits too long, or for who is away, is the team's, and of whom
nobody answers the team is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import case_log
from bot.conversations import escalations as rows
from bot.conversations.handoff import Handoff
from bot.conversations.model import TARGETS, Author, Escalation, Holder, Message, Status
from bot.conversations.rows import add_message, change_conversation
from bot.conversations.tables import conversations, escalation_log, escalations
from bot.conversations.unanswered import Silence, silences
from bot.staff.tables import staff
from content.database import Database

logger = logging.getLogger(__name__)
_IS_THERE = sa.and_(staff.c.is_active, sa.not_(staff.c.is_away))
_IS_LEFT_BEHIND = sa.and_(
    escalations.c.status.in_((Status.TAKEN.value, Status.SNOOZED.value)),
    sa.exists().where(staff.c.id == escalations.c.holder_id, sa.not_(staff.c.is_active)),
)
"""The condition on escalations that whoever has one, or has put it off, has no account any more."""


Alert = Callable[[Connection, int], None]
"""Alerts whom a case, by its id, is for now."""


def move(database: Database, handoff: Handoff, now: datetime, alert: Alert) -> tuple[list[int], list[Message]]:
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
                told.extend(_move(connection, handoff, rows.escalation_of(row), now, alert))
    return moved, told


def _move(connection: Connection, handoff: Handoff, there: Escalation, now: datetime, alert: Alert) -> Iterator[Message]:
    if connection.execute(sa.select(escalations.c.id).where(escalations.c.id == there.id, _IS_LEFT_BEHIND)).first():
        yield from _release(connection, handoff, there, now, alert)
        return
    if there.status is Status.SNOOZED:
        rows.come_back(connection, there)
        case_log.add(connection, there.id, case_log.CAME_BACK, at=now)
        return
    is_away = connection.execute(sa.select(staff.c.id).where(staff.c.id == there.holder_id, ~_IS_THERE)).first() is not None
    rows.change(connection, there.id, holder_id=None)
    case_log.add(connection, there.id, case_log.LEFT_TO_TEAM, at=now)
    if is_away:
        # Nobody but them was told of it; of what is late the watch tells the team.
        alert(connection, there.id)
    if there.pa_id == there.holder_id and there.conversation_id:
        draft = handoff.left_to_team(rows.by_id(connection, there.id), is_away=is_away)
        yield add_message(connection, there.conversation_id, Author.ASSISTANT, draft, None)


def _release(connection: Connection, handoff: Handoff, there: Escalation, now: datetime, alert: Alert) -> Iterator[Message]:
    """Make a case the team's, for any of them to take; what was put off is there at once."""
    rows.change(connection, there.id, status=Status.OPEN.value, holder_id=None, taken_at=None, snoozed_until=None)
    case_log.add(connection, there.id, case_log.LEFT_BEHIND, at=now)
    alert(connection, there.id)
    chat = there.conversation_id
    if chat is not None and _holder_of(connection, chat) is Holder.STAFF:
        change_conversation(connection, chat, holder=Holder.WAITING.value)
        draft = handoff.passed_to_another(rows.by_id(connection, there.id))
        yield add_message(connection, chat, Author.ASSISTANT, draft, None)


def tell_of_silences(
    database: Database, handoff: Handoff, now: datetime, alert: Alert, due: rows.Due
) -> tuple[list[int], list[Message]]:
    """Tell the team of each case that somebody has and does not answer in time; the chat waits for any of them from then on.

    Gives what `move` does.
    """
    quiet, told = list[int](), list[Message]()
    with database.read() as connection:
        found = [silence.escalation for silence in silences(connection) if _is_over(silence, due, now)]
    for there in found:
        with database.write() as connection:
            rows.lock_conversation(connection, there.conversation_id)
            still = next(silences(connection, escalations.c.id == there.id), None)
            if still is not None and _is_over(still, due, now):
                quiet.append(there.id)
                told.extend(_tell_of(connection, handoff, still.escalation, now, alert))
    return quiet, told


def _is_over(silence: Silence, due: rows.Due, now: datetime) -> bool:
    """Whether it is time to tell the team."""
    try:
        return silence.is_over(now, due)
    except Exception as error:
        # Without the hours every hour counts: too early is better than never.
        id, urgency = silence.escalation.id, silence.escalation.urgency
        logger.error("It cannot be told when escalation %s is due: %s.", id, type(error).__name__)
        return silence.since + TARGETS[urgency] <= now


def _tell_of(connection: Connection, handoff: Handoff, there: Escalation, now: datetime, alert: Alert) -> Iterator[Message]:
    case_log.add(connection, there.id, case_log.UNANSWERED, at=now)
    alert(connection, there.id)
    chat = there.conversation_id
    holder = _holder_of(connection, chat) if chat is not None else None
    if chat is None or holder in (None, Holder.BOT):
        return
    if holder is Holder.STAFF:
        change_conversation(connection, chat, holder=Holder.WAITING.value)
    yield add_message(connection, chat, Author.ASSISTANT, handoff.unanswered(there), None)


def _holder_of(connection: Connection, chat: str) -> Holder:
    """Who answers in a chat."""
    return Holder(connection.execute(sa.select(conversations.c.holder).where(conversations.c.id == chat)).scalar_one())


def _is_time(now: datetime) -> Any:
    """The condition on escalations that time changes them. What was handed over late stays with whom it was handed to."""
    handed_late = sa.exists().where(
        escalation_log.c.escalation_id == escalations.c.id,
        escalation_log.c.what == case_log.HANDED_OVER,
        escalation_log.c.at >= escalations.c.due_at,
    )
    is_back = sa.and_(escalations.c.status == Status.SNOOZED.value, escalations.c.snoozed_until <= now)
    is_late = sa.and_(escalations.c.due_at <= now, ~handed_late)
    is_away = sa.exists().where(staff.c.id == escalations.c.holder_id, ~_IS_THERE)
    is_left = sa.and_(escalations.c.status == Status.OPEN.value, escalations.c.holder_id.is_not(None), is_late | is_away)
    return sa.or_(is_back, is_left, _IS_LEFT_BEHIND)

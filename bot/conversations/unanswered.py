"""Cases that somebody has, and in which the person waits for a word of them: since when, and whether the team was told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations import case_log
from bot.conversations.escalations import Due, escalation_of
from bot.conversations.model import TARGETS, Author, Escalation, Holder, Status, Urgency
from bot.conversations.tables import conversations, escalation_log, escalations, messages
from bot.staff.tables import staff
from content.database import utc_or_none

SHORTEST = TARGETS[Urgency.EMERGENCY]
"""Everybody has that long to write, and nobody in an emergency waits longer, round the clock."""
_TOLD, _LATER, _ACT = escalation_log.alias("told"), escalation_log.alias("later"), escalation_log.alias("act")
IS_TOLD = sa.and_(
    escalations.c.status == Status.TAKEN.value,
    sa.exists().where(
        _TOLD.c.escalation_id == escalations.c.id,
        _TOLD.c.what == case_log.UNANSWERED,
        ~sa.exists().where(
            _LATER.c.escalation_id == _TOLD.c.escalation_id, _LATER.c.id > _TOLD.c.id, _LATER.c.staff_id.is_not(None)
        ),
    ),
)
"""The condition on escalations that somebody has one, that the team was told of the silence, and that it goes on."""
_LAST = (
    sa.select(sa.func.max(escalation_log.c.id))
    .where(escalation_log.c.escalation_id == escalations.c.id, escalation_log.c.staff_id.is_not(None))
    .correlate(escalations)
    .scalar_subquery()
)
_WROTE = (
    sa.select(sa.func.min(messages.c.at))
    .where(
        messages.c.conversation_id == escalations.c.conversation_id,
        messages.c.author == Author.PERSON.value,
        messages.c.at > _ACT.c.at,
        conversations.c.holder != Holder.BOT.value,
    )
    .correlate(escalations, conversations, _ACT)
    .scalar_subquery()
)
_LAST_WORD = (
    sa.select(messages.c.author)
    .where(
        messages.c.conversation_id == escalations.c.conversation_id,
        messages.c.author.in_((Author.PERSON.value, Author.STAFF.value)),
    )
    .order_by(messages.c.id.desc())
    .limit(1)
    .correlate(escalations)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Silence:
    """Somebody has this case and has done nothing in it since the person wrote, or since they took it."""

    escalation: Escalation
    since: datetime
    is_holder_there: bool

    def is_over(self, now: datetime, due: Due) -> bool:
        """Whether the team is to be told: at once where whoever has it is away, else at the target of a first reply."""
        case, at_least = self.escalation, self.since + SHORTEST
        if not self.is_holder_there:
            return True
        if now < at_least or case.urgency is Urgency.EMERGENCY:
            return now >= at_least
        if case.replied_at is None and case.due_at is not None and case.due_at > self.since:
            return now >= case.due_at
        return now >= due(case.urgency, case.authority, self.since)


def silences(connection: Connection, *which: Any) -> Iterator[Silence]:
    """Those of which the team was not told yet, among the escalations that meet the conditions.

    The person waits for a word from their first message after the last thing that staff did with the case: replied, noted,
    put off, anything but look at it. Of a case that was taken over with their word unanswered they wait from then on.
    """
    holder_is_there = sa.exists().where(staff.c.id == escalations.c.holder_id, staff.c.is_active, sa.not_(staff.c.is_away))
    found = connection.execute(
        sa.select(
            escalations,
            _ACT.c.what,
            _WROTE.label("wrote_at"),
            _LAST_WORD.label("last_word"),
            holder_is_there.label("is_holder_there"),
        )
        .select_from(
            escalations.join(conversations, conversations.c.id == escalations.c.conversation_id).join(
                _ACT, _ACT.c.id == _LAST
            )
        )
        .where(escalations.c.status == Status.TAKEN.value, ~IS_TOLD, *which)
    ).all()
    for row in found:
        case, wrote_at, is_there = escalation_of(row), utc_or_none(row.wrote_at), bool(row.is_holder_there)
        waits = case.replied_at is None or row.last_word == Author.PERSON.value
        if row.what in case_log.TAKING and waits and case.taken_at is not None:
            yield Silence(case, case.taken_at, is_holder_there=is_there)
        elif wrote_at is not None:
            yield Silence(case, wrote_at, is_holder_there=is_there)


def last_act_at(connection: Connection, escalation_id: int) -> datetime | None:
    """When staff last did something with a case."""
    acts = sa.select(sa.func.max(escalation_log.c.at)).where(
        escalation_log.c.escalation_id == escalation_id, escalation_log.c.staff_id.is_not(None)
    )
    return utc_or_none(connection.execute(acts).scalar())

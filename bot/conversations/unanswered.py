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
from bot.conversations.model import TARGETS, Escalation, Status, Urgency
from bot.conversations.tables import escalation_log, escalations
from bot.staff.tables import staff
from content.database import utc, utc_or_none

SHORTEST = TARGETS[Urgency.EMERGENCY]
"""Everybody has that long to write, and nobody in an emergency waits longer, round the clock."""
_TOLD, _LATER, _BEGIN, _END, _OWN = (escalation_log.alias(name) for name in ("told", "later", "began", "ended", "own"))
IS_TOLD = sa.and_(
    escalations.c.status == Status.TAKEN.value,
    escalations.c.conversation_id.is_not(None),
    sa.exists().where(
        _TOLD.c.escalation_id == escalations.c.id,
        _TOLD.c.what == case_log.UNANSWERED,
        ~sa.exists().where(
            _LATER.c.escalation_id == _TOLD.c.escalation_id,
            _LATER.c.id > _TOLD.c.id,
            _LATER.c.staff_id == escalations.c.holder_id,
        ),
    ),
)
"""The condition on escalations that somebody has one, that the team was told of the silence, and that it goes on."""
_ENDED = (
    sa.select(sa.func.coalesce(sa.func.max(_END.c.id), 0))
    .where(_END.c.escalation_id == escalations.c.id, _END.c.what.in_(case_log.HAS_WORD))
    .correlate(escalations)
    .scalar_subquery()
)
_BEGAN = (
    sa.select(sa.func.min(_BEGIN.c.id))
    .where(_BEGIN.c.escalation_id == escalations.c.id, _BEGIN.c.what.in_(case_log.WAITS), _BEGIN.c.id > _ENDED)
    .correlate(escalations)
    .scalar_subquery()
)
_ACTED_AT = (
    sa.select(sa.func.max(_OWN.c.at))
    .where(_OWN.c.escalation_id == escalations.c.id, _OWN.c.staff_id == escalations.c.holder_id)
    .correlate(escalations)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Silence:
    """Somebody has this case, and the person has had no word since they asked for one, as the log of the case tells it.

    `since` is when they asked, or when whoever has the case last did something with it, if that is later: took it over,
    noted something.
    """

    escalation: Escalation
    since: datetime
    is_holder_there: bool

    def is_over(self, now: datetime, due: Due) -> bool:
        """Whether the team is to be told: after five minutes where whoever has it is away, else at the target."""
        case, at_least = self.escalation, self.since + SHORTEST
        if now < at_least or case.urgency is Urgency.EMERGENCY or not self.is_holder_there:
            return now >= at_least
        if case.replied_at is None and case.due_at is not None and case.due_at > self.since:
            return now >= case.due_at
        return now >= due(case.urgency, case.authority, self.since)


def silences(connection: Connection, *which: Any) -> Iterator[Silence]:
    """Those of which the team was not told yet, among the escalations that meet the conditions."""
    holder_is_there = sa.exists().where(staff.c.id == escalations.c.holder_id, staff.c.is_active, sa.not_(staff.c.is_away))
    found = connection.execute(
        sa.select(
            escalations,
            escalation_log.c.at.label("began_at"),
            _ACTED_AT.label("acted_at"),
            holder_is_there.label("is_holder_there"),
        )
        .select_from(escalations.join(escalation_log, escalation_log.c.id == _BEGAN))
        .where(escalations.c.status == Status.TAKEN.value, escalations.c.conversation_id.is_not(None), ~IS_TOLD, *which)
    ).all()
    for row in found:
        began_at, acted_at = utc(row.began_at), utc_or_none(row.acted_at)
        yield Silence(escalation_of(row), max(began_at, acted_at or began_at), bool(row.is_holder_there))


def note_word(connection: Connection, escalation_id: int, message_id: int) -> None:
    """The person wrote to people: they wait from now on, unless they do already."""
    is_this = escalations.c.id == escalation_id
    if connection.execute(sa.select(_BEGAN).select_from(escalations).where(is_this)).scalar() is None:
        case_log.add(connection, escalation_id, case_log.WROTE, message_id=message_id)


def last_act_at(connection: Connection, escalation_id: int) -> datetime | None:
    """When staff last did something with a case."""
    acts = sa.select(sa.func.max(escalation_log.c.at)).where(
        escalation_log.c.escalation_id == escalation_id, escalation_log.c.staff_id.is_not(None)
    )
    return utc_or_none(connection.execute(acts).scalar())

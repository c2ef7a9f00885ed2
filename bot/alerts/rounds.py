"""The rounds of a case: with each handing over, when whoever had it is gone, when it opens again, and when nobody answers in
it, all who must be told of it are told anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.alerts.model import Stage
from bot.conversations.case_log import HANDED_OVER, LEFT_BEHIND, UNANSWERED, WROTE_AGAIN
from bot.conversations.tables import escalation_log, escalations
from content.database import utc

BEGINS = (HANDED_OVER, LEFT_BEHIND, WROTE_AGAIN, UNANSWERED)
"""What the log says where a round begins."""


@dataclass(frozen=True)
class Round:
    """How often a round began, and when that was last; the first begins when the case is opened."""

    number: int
    began_at: datetime


def rounds(connection: Connection, which: Any) -> dict[int, Round]:
    """The round of each of these escalations, by its id, as its log tells it."""
    handed = sa.and_(escalation_log.c.escalation_id == escalations.c.id, escalation_log.c.what.in_(BEGINS))
    found = connection.execute(
        sa.select(
            escalations.c.id,
            sa.func.count(escalation_log.c.id).label("number"),
            sa.func.coalesce(
                sa.func.max(escalation_log.c.at), escalations.c.opened_at, type_=escalations.c.opened_at.type
            ).label("began_at"),
        )
        .select_from(escalations.outerjoin(escalation_log, handed))
        .where(which)
        .group_by(escalations.c.id)
    )
    return {row.id: Round(row.number, utc(row.began_at)) for row in found}


def kept(stage: Stage, round: int) -> str:
    """A stage as the outbox keeps it: in each round it is another reason to write to the same address."""
    return f"{stage.value} {round}" if round else stage.value


def stage_of(text: str) -> tuple[Stage, int]:
    """The stage and the round of what `kept` made."""
    stage, _, round = text.partition(" ")
    return Stage(stage), int(round or 0)

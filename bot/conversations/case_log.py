"""The log of a case: a line for each thing that happens to it, in the transaction in which it does."""

from __future__ import annotations

from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.tables import escalation_log

OPENED, HEARD_AGAIN, MORE_URGENT = "opened", "heard again", "more urgent"
HANDED_OVER = "handed over"
"""A case goes to somebody: a colleague handed it to them, or the person asked for them."""
TAKEN, TAKEN_OVER = "taken", "taken over"
TAKING = frozenset((TAKEN, TAKEN_OVER))
UNANSWERED = "unanswered"
"""Whoever has it has not answered in time: the team was told."""
LEFT_TO_TEAM = "left to the team"
"""Whoever it was meant for has not taken it in time, or is away."""
CAME_BACK, WOKE = "came back", "wrote again"
"""What was put off is there again: its time has come, or the person wrote."""
WROTE_AGAIN = "wrote after the end"
"""A closed case opens again by itself."""
WITHDRAWN = "withdrawn"
"""The person took it back; also the outcome of such a case."""


def add(
    connection: Connection,
    escalation_id: int,
    what: str,
    *,
    reason: str | None = None,
    message_id: int | None = None,
    staff_id: int | None = None,
    detail: str | None = None,
) -> None:
    """Write a line. `what` is one of the words above, or names an act of staff; at most 20 characters."""
    connection.execute(
        sa.insert(escalation_log).values(
            escalation_id=escalation_id,
            at=datetime.now(timezone.utc),
            what=what,
            reason=reason,
            message_id=message_id,
            staff_id=staff_id,
            detail=detail,
        )
    )

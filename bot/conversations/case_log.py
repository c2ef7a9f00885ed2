"""The log of a case: a line for each thing that happens to it, in the transaction in which it does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.conversations.tables import escalation_log

OPENED, HEARD_AGAIN, MORE_URGENT = "opened", "heard again", "more urgent"
WROTE = "wrote"
"""The person wrote to people, and waits for a word from then on; what they write while they wait has no line."""
HANDED_OVER = "handed over"
"""A case goes to somebody: a colleague handed it to them, or the person asked for them."""
TAKEN, TAKEN_OVER, REPLIED, NOTED = "taken", "taken over", "replied", "noted"
PUT_OFF, GIVEN_BACK, SETTLED, CLOSED, REOPENED = "put off", "given back", "no answer needed", "closed", "reopened"
UNANSWERED = "unanswered"
"""Whoever has it has not answered in time: the team was told."""
LEFT_TO_TEAM = "left to the team"
"""Whoever it was meant for has not taken it in time, or is away."""
LEFT_BEHIND = "left behind"
"""Whoever had it has no account any more: it is the team's."""
CAME_BACK, WOKE = "came back", "wrote again"
"""What was put off is there again: its time has come, or the person wrote."""
WROTE_AGAIN = "wrote after the end"
"""A closed case opens again by itself."""
WITHDRAWN = "withdrawn"
"""The person took it back; also the outcome of such a case."""
WAITS = frozenset((OPENED, HEARD_AGAIN, WROTE, CAME_BACK, WOKE, WROTE_AGAIN))
"""From the first of these on, the person waits for whoever has the case, or is to have it."""
HAS_WORD = frozenset((REPLIED, PUT_OFF, GIVEN_BACK, SETTLED, CLOSED, REOPENED, WITHDRAWN))
"""With any of these the wait is over. A note ends none: it is no word to the person."""


def is_waited(lines: Iterable[str]) -> bool:
    """Whether the person waits, by the words of a log from its beginning."""
    waits = False
    for what in lines:
        waits = what in WAITS or (waits and what not in HAS_WORD)
    return waits


def add(
    connection: Connection,
    escalation_id: int,
    what: str,
    *,
    reason: str | None = None,
    message_id: int | None = None,
    staff_id: int | None = None,
    detail: str | None = None,
    at: datetime | None = None,
) -> None:
    """Write a line, of now without a time. `what` is one of the words above; at most 20 characters."""
    connection.execute(
        sa.insert(escalation_log).values(
            escalation_id=escalation_id,
            at=at or datetime.now(timezone.utc),
            what=what,
            reason=reason,
            message_id=message_id,
            staff_id=staff_id,
            detail=detail,
        )
    )

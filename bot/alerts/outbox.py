"""The outbox: what is to be sent to whom, when it is tried again, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from bot.alerts.model import Address, Alert, Medium, Stage
from bot.alerts.rounds import kept, stage_of
from bot.alerts.tables import alerts
from bot.conversations.model import Status
from bot.conversations.tables import escalations
from bot.staff.tables import staff
from content.database import Database, utc, utc_or_none

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
"""After the first failed attempt, doubled after each other one, and the most; up to a fifth is taken off by chance."""
KEEPS_TRYING = timedelta(hours=24)
LEASE = timedelta(minutes=1)
"""How long an alert is left to whoever was given it. It must be longer than any delivery may take."""
LATE = timedelta(minutes=2)
_IS_GONE = sa.and_(
    alerts.c.medium == Medium.EMAIL.value,
    sa.exists().where(staff.c.email == alerts.c.address, sa.not_(staff.c.is_active)),
)
"""The condition on alerts that they are for somebody whose account is off: nothing is sent to them any more."""
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Outbox:
    """Alerts in the database. Each method but `put` is one transaction; whoever calls from a coroutine calls in a thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def put(
        self, connection: Connection, escalation_id: int, stage: Stage, addresses: Iterable[Address], *, round: int = 0
    ) -> None:
        """Add what is not there yet, in the caller's transaction: one alert for each reason, round and address, for ever."""
        now = self._clock()
        rows = [
            {
                "escalation_id": escalation_id,
                "stage": kept(stage, round),
                "medium": medium.value,
                "address": address,
                "made_at": now,
                "next_at": now,
            }
            for medium, address in addresses
        ]
        if rows:
            connection.execute(_INSERT[connection.dialect.name](alerts).values(rows).on_conflict_do_nothing())

    def due(self, most: int = 20) -> list[Alert]:
        """Those whose time has come; nobody else is given them for a minute, and then only when no end was noted.

        What was never tried comes first, so that an address that is away holds up no other.
        """
        now = self._clock()
        is_due = sa.and_(_is_under_way(), ~_IS_GONE, alerts.c.next_at <= now)
        with self._database.read() as connection:
            # Asked each second: on SQLite a look that finds nothing should not wait for those who write.
            if connection.execute(sa.select(alerts.c.id).where(is_due).limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            ids = (
                connection.execute(
                    sa.select(alerts.c.id)
                    .where(is_due)
                    .order_by(alerts.c.attempts, alerts.c.next_at, alerts.c.id)
                    .limit(most)
                    .with_for_update(skip_locked=True)
                )
                .scalars()
                .all()
            )
            connection.execute(
                sa.update(alerts).where(alerts.c.id.in_(ids)).values(attempts=alerts.c.attempts + 1, next_at=now + LEASE)
            )
            return _read(connection, alerts.c.id.in_(ids))

    def sent(self, id: int) -> None:
        """It was accepted: never sent again."""
        with self._database.write() as connection:
            _end(connection, id, sent_at=self._clock(), error=None)

    def given_up(self, id: int, why: str) -> None:
        """It was refused for good: never tried again, and counted among the troubled. `why` is a sentence of ours."""
        with self._database.write() as connection:
            _end(connection, id, failed_at=self._clock(), error=why[:200])

    def put_off(self, id: int, why: str) -> None:
        """It is tried again after a pause, or given up when it is a day old. `why` is a sentence of ours."""
        now = self._clock()
        with self._database.write() as connection:
            row = connection.execute(sa.select(alerts.c.attempts, alerts.c.made_at).where(alerts.c.id == id)).one()
            if now - utc(row.made_at) >= KEEPS_TRYING:
                _end(connection, id, failed_at=now, error=why[:200])
            else:
                _end(connection, id, next_at=now + pause_after(row.attempts), error=why[:200])

    def of(self, escalation_ids: Sequence[int]) -> list[Alert]:
        """All alerts of these escalations, in the order in which they were made."""
        with self._database.read() as connection:
            return _read(connection, alerts.c.escalation_id.in_(escalation_ids))

    def troubled(self) -> int:
        """How many alerts were given up, or wait for more than two minutes, of cases that are not closed."""
        is_troubled = sa.or_(
            alerts.c.failed_at.is_not(None), sa.and_(_is_under_way(), ~_IS_GONE, alerts.c.made_at < self._clock() - LATE)
        )
        with self._database.read() as connection:
            counted = connection.execute(
                sa.select(sa.func.count())
                .select_from(alerts.join(escalations))
                .where(is_troubled, escalations.c.status != Status.CLOSED.value)
            )
            return int(counted.scalar_one())


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts; never the same for all, so that not all come back at once."""
    doubled = FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10))
    return min(doubled, LONGEST_PAUSE) * SystemRandom().uniform(0.8, 1)


def _end(connection: Connection, id: int, **values: Any) -> None:
    """The end of an attempt. One that comes late changes nothing of an alert that was sent meanwhile."""
    connection.execute(sa.update(alerts).where(alerts.c.id == id, _is_under_way()).values(**values))


def _is_under_way() -> Any:
    return sa.and_(alerts.c.sent_at.is_(None), alerts.c.failed_at.is_(None))


def _read(connection: Connection, which: Any) -> list[Alert]:
    rows = connection.execute(
        sa.select(
            alerts,
            escalations.c.reference,
            escalations.c.urgency,
            escalations.c.authority,
            escalations.c.opened_at,
            sa.and_(_is_under_way(), _IS_GONE).label("is_dropped"),
        )
        .join(escalations, escalations.c.id == alerts.c.escalation_id)
        .where(which)
        .order_by(alerts.c.id)
    )
    return [_alert(row) for row in rows]


def _alert(row: Row) -> Alert:
    return Alert(
        id=row.id,
        escalation_id=row.escalation_id,
        reference=row.reference,
        urgency=row.urgency,
        authority=row.authority,
        opened_at=utc(row.opened_at),
        stage=stage_of(row.stage)[0],
        medium=Medium(row.medium),
        address=row.address,
        made_at=utc(row.made_at),
        attempts=row.attempts,
        next_at=utc(row.next_at),
        sent_at=utc_or_none(row.sent_at),
        failed_at=utc_or_none(row.failed_at),
        error=row.error,
        is_dropped=bool(row.is_dropped),
    )

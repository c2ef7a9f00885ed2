"""Watches over the open cases: who must be told of each, and when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.alerts.model import Address, Medium, Stage
from bot.alerts.outbox import Outbox
from bot.alerts.tables import alerts
from bot.conversations.escalations import escalation_of
from bot.conversations.model import Escalation, Status, Urgency
from bot.conversations.tables import escalations
from content.database import Database, utc

logger = logging.getLogger(__name__)
Due = Callable[[Urgency, str | None, datetime], datetime]
"""Until when somebody should answer: from the urgency, the council, and the moment from which it counts."""
LOOK_SECONDS = 5.0
EMERGENCY_WAITS = timedelta(minutes=5)
"""Round the clock: nobody in danger waits for office hours."""
RAISED: Mapping[Urgency, Stage] = MappingProxyType({Urgency.URGENT: Stage.URGENT, Urgency.EMERGENCY: Stage.EMERGENCY})


class Recipients(Protocol):
    """Whom to tell of a council's cases, or (None) of those whose council is not known."""

    def team(self, authority: str | None, pa_id: int | None) -> list[Address]:
        """The personal adviser, when one is named who is there; else the team."""
        ...

    def managers(self, authority: str | None) -> list[Address]: ...


class Watch:
    """Puts alerts into the outbox: at once, when nobody has taken a case in time, and after as long again."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        recipients: Recipients,
        clock: Callable[[], datetime],
        *,
        due: Due,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """`due` is what cases get their `due_at` from: it counts in the same hours until a manager is told."""
        self._database, self._outbox, self._recipients, self._clock = database, outbox, recipients, clock
        self._due, self._look_seconds = due, look_seconds
        self._unheard: set[tuple[int, Stage]] = set()

    def announce(self, connection: Connection, escalation_id: int) -> None:
        """Tell of a case that was just opened or became more urgent, in the caller's transaction.

        Should this fail, the watch tells of a new case when it looks next.
        """
        escalation = escalation_of(connection.execute(sa.select(escalations).where(escalations.c.id == escalation_id)).one())
        told = _told(connection, alerts.c.escalation_id == escalation_id).get(escalation_id, {})
        stage = RAISED.get(escalation.urgency, Stage.NEW) if told else Stage.NEW
        self._outbox.put(connection, escalation_id, stage, self._addresses(escalation, stage, told))

    def look(self) -> None:
        """Put all alerts whose time has come. A case that nobody was told of yet is told of now, as if it were new."""
        is_open = escalations.c.status == Status.OPEN.value
        with self._database.read() as connection:
            rows = connection.execute(sa.select(escalations).where(is_open).order_by(escalations.c.id)).all()
            told = _told(connection, is_open)
        for row in rows:
            try:
                escalation = escalation_of(row)
                for stage in self._stages(escalation, told.get(row.id, {})):
                    self._put(escalation, stage, told.get(row.id, {}))
            except Exception as error:
                logger.error("Escalation %s cannot be watched: %s.", row.id, type(error).__name__)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except Exception as error:
                logger.error("The open escalations cannot be looked at: %s.", type(error).__name__)
            await asyncio.sleep(self._look_seconds)

    def _stages(self, escalation: Escalation, told: Mapping[Stage, datetime]) -> Iterator[Stage]:
        """What it is time for and nobody was told yet."""
        if not told:
            yield Stage.NEW
        is_emergency = escalation.urgency is Urgency.EMERGENCY
        since = told.get(Stage.EMERGENCY, escalation.opened_at)
        waits_until = escalation.due_at or self._due_after(escalation, since)
        if is_emergency:
            waits_until = min(waits_until, since + EMERGENCY_WAITS)
        if self._clock() < waits_until:
            return
        if Stage.WAITING not in told:
            yield Stage.WAITING
        again = waits_until + (waits_until - since) if is_emergency else self._due_after(escalation, waits_until)
        if Stage.MANAGER not in told and self._clock() >= again:
            yield Stage.MANAGER

    def _due_after(self, escalation: Escalation, start: datetime) -> datetime:
        try:
            return self._due(escalation.urgency, escalation.authority, start)
        except Exception as error:
            # Without the hours every hour counts: a manager who is told too early is better than one who never is.
            logger.error("It cannot be told when escalation %s is due: %s.", escalation.id, type(error).__name__)
            return start + (start - escalation.opened_at)

    def _put(self, escalation: Escalation, stage: Stage, told: Mapping[Stage, datetime]) -> None:
        addresses = self._addresses(escalation, stage, told)
        if not addresses and (escalation.id, stage) not in self._unheard:
            self._unheard.add((escalation.id, stage))
            logger.error("There is nobody to tell of escalation %s (%s).", escalation.id, stage.value)
        with self._database.write() as connection:
            is_this = sa.and_(escalations.c.id == escalation.id, escalations.c.status == Status.OPEN.value)
            if connection.execute(sa.select(escalations.c.id).where(is_this).with_for_update()).first():
                self._outbox.put(connection, escalation.id, stage, addresses)

    def _addresses(self, escalation: Escalation, stage: Stage, told: Mapping[Stage, datetime]) -> list[Address]:
        """Whom a stage is for. Managers stand in for a team in which nobody is, were it to have a channel all the same."""
        managers = self._recipients.managers(escalation.authority)
        if stage is Stage.MANAGER:
            return managers
        if stage is Stage.NEW:
            found = self._recipients.team(escalation.authority, escalation.pa_id)
        else:
            found = self._recipients.team(escalation.authority, None)
        if stage in RAISED.values():
            # Whoever has it, or was the first to be asked, may be nobody of the team.
            for member in {escalation.pa_id, escalation.holder_id} - {None}:
                found = [*found, *self._recipients.team(escalation.authority, member)]
        is_with_managers = Stage.MANAGER in told or not any(medium is Medium.EMAIL for medium, _ in found)
        return [*found, *managers] if is_with_managers else found


def _told(connection: Connection, which: Any) -> dict[int, dict[Stage, datetime]]:
    """When each escalation was first told of, by stage."""
    told: dict[int, dict[Stage, datetime]] = {}
    for row in connection.execute(
        sa.select(alerts.c.escalation_id, alerts.c.stage, sa.func.min(alerts.c.made_at).label("at"))
        .join(escalations, escalations.c.id == alerts.c.escalation_id)
        .where(which)
        .group_by(alerts.c.escalation_id, alerts.c.stage)
    ):
        told.setdefault(row.escalation_id, {})[Stage(row.stage)] = utc(row.at)
    return told

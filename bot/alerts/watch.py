"""Watches over the cases that wait: who must be told of each, and when."""

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
from bot.alerts.rounds import Round, rounds, stage_of
from bot.alerts.tables import alerts
from bot.conversations.escalations import escalation_of
from bot.conversations.model import TARGETS, Escalation, Status, Urgency
from bot.conversations.tables import escalations
from bot.conversations.unanswered import IS_TOLD
from content.database import Database, utc

logger = logging.getLogger(__name__)
Due = Callable[[Urgency, str | None, datetime], datetime]
"""Until when somebody should answer: from the urgency, the council, and the moment from which it counts."""
LOOK_SECONDS = 5.0
_WAITS = sa.or_(escalations.c.status == Status.OPEN.value, IS_TOLD)
"""The condition on escalations that nobody has taken one, or that whoever has it does not answer."""
EMERGENCY_WAITS = timedelta(minutes=5)
"""Round the clock: nobody in danger waits for office hours."""
RAISED: Mapping[Urgency, Stage] = MappingProxyType({Urgency.URGENT: Stage.URGENT, Urgency.EMERGENCY: Stage.EMERGENCY})


class Recipients(Protocol):
    """Whom to tell of a council's cases, or (None) of those whose council is not known."""

    def team(self, authority: str | None, pa_id: int | None) -> list[Address]:
        """The personal adviser, when one is named who is there; else the team."""
        ...

    def member(self, id: int) -> list[Address]:
        """One member of staff, unless they are away."""
        ...

    def managers(self, authority: str | None) -> list[Address]: ...


Told = Mapping[tuple[Stage, int], datetime]
"""When an escalation was first told of, by stage and round."""


class Watch:
    """Puts alerts into the outbox: at once, when nobody has taken a case in time, and after as long again.

    Whoever hands a case over begins this anew: what was told in an earlier round silences nothing in this one.
    """

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
        escalation, round, told = _one(connection, escalation_id)
        stage = RAISED.get(escalation.urgency, Stage.NEW) if told else Stage.NEW
        self._outbox.put(connection, escalation_id, stage, self._addresses(escalation, stage, told), round=round.number)

    def announce_handed(self, connection: Connection, escalation_id: int) -> None:
        """Tell whom a case was just handed over to, or the team that has it back, in the caller's transaction.

        To be called once the log tells of it. Should this fail, the watch tells them when it looks next.
        """
        escalation, round, told = _one(connection, escalation_id)
        stage = self._first(escalation, round)
        self._outbox.put(connection, escalation_id, stage, self._addresses(escalation, stage, told), round=round.number)

    def look(self) -> None:
        """Put all alerts whose time has come. A case that nobody was told of yet is told of now, as if it were new."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(escalations).where(_WAITS).order_by(escalations.c.id)).all()
            told, all_rounds = _told(connection, _WAITS), rounds(connection, _WAITS)
        for row in rows:
            try:
                escalation = escalation_of(row)
                round = all_rounds.get(row.id, Round(0, escalation.opened_at))
                for stage in self._stages(escalation, round, told.get(row.id, {})):
                    self._put(escalation, stage, round, told.get(row.id, {}))
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

    def _first(self, escalation: Escalation, round: Round) -> Stage:
        """Why somebody is told of it at the beginning of a round."""
        if escalation.status is Status.TAKEN:
            return Stage.SILENCE
        if round.number == 0:
            return Stage.NEW
        is_for_one = escalation.holder_id is not None and self._recipients.member(escalation.holder_id)
        return Stage.HANDED if is_for_one else Stage.BACK

    def _stages(self, escalation: Escalation, round: Round, told: Told) -> Iterator[Stage]:
        """What it is time for and nobody was told yet in this round."""
        here = {stage: at for (stage, number), at in told.items() if number == round.number}
        if not here:
            yield self._first(escalation, round)
        since = here.get(Stage.EMERGENCY, round.began_at)
        waits_until = escalation.due_at
        if waits_until is None or waits_until <= round.began_at:
            # Whoever is handed what is late already has as long for it as anybody has for a new case.
            waits_until = self._due_after(escalation, since, since)
        is_emergency = escalation.urgency is Urgency.EMERGENCY
        if is_emergency:
            waits_until = min(waits_until, since + EMERGENCY_WAITS)
        if self._clock() < waits_until:
            return
        again = waits_until
        if escalation.status is not Status.TAKEN:
            # Of who does not answer the whole team was told as the first.
            if Stage.WAITING not in here:
                yield Stage.WAITING
            again = self._due_after(escalation, waits_until, since)
            if is_emergency:
                again = min(again, waits_until + EMERGENCY_WAITS)
        if Stage.MANAGER not in here and self._clock() >= again:
            yield Stage.MANAGER

    def _due_after(self, escalation: Escalation, start: datetime, since: datetime) -> datetime:
        try:
            return self._due(escalation.urgency, escalation.authority, start)
        except Exception as error:
            # Without the hours every hour counts: a manager who is told too early is better than one who never is.
            logger.error("It cannot be told when escalation %s is due: %s.", escalation.id, type(error).__name__)
            return start + max(start - since, TARGETS[escalation.urgency])

    def _put(self, escalation: Escalation, stage: Stage, round: Round, told: Told) -> None:
        addresses = self._addresses(escalation, stage, told)
        if not addresses and (escalation.id, stage) not in self._unheard:
            self._unheard.add((escalation.id, stage))
            logger.error("There is nobody to tell of escalation %s (%s).", escalation.id, stage.value)
        with self._database.write() as connection:
            # What was handed over while the watch looked is for somebody else.
            is_this = sa.and_(
                escalations.c.id == escalation.id,
                _WAITS,
                escalations.c.holder_id.is_not_distinct_from(escalation.holder_id),
            )
            if connection.execute(sa.select(escalations.c.id).where(is_this).with_for_update()).first():
                self._outbox.put(connection, escalation.id, stage, addresses, round=round.number)

    def _addresses(self, escalation: Escalation, stage: Stage, told: Told) -> list[Address]:
        """Whom a stage is for. Managers stand in for a team in which nobody is, were it to have a channel all the same."""
        if stage is Stage.HANDED and escalation.holder_id is not None:
            return self._recipients.member(escalation.holder_id)
        managers = self._recipients.managers(escalation.authority)
        if stage is Stage.MANAGER:
            return managers
        found = self._recipients.team(escalation.authority, escalation.pa_id if stage is Stage.NEW else None)
        if stage in RAISED.values() or stage is Stage.SILENCE:
            # Whoever has it, or was the first to be asked, may be nobody of the team.
            for member in {escalation.pa_id, escalation.holder_id} - {None}:
                found = [*found, *self._recipients.team(escalation.authority, member)]
        knew = stage in RAISED.values() and any(each is Stage.MANAGER for each, _ in told)
        is_with_managers = knew or not any(medium is Medium.EMAIL for medium, _ in found)
        return [*found, *managers] if is_with_managers else found


def _one(connection: Connection, escalation_id: int) -> tuple[Escalation, Round, Told]:
    is_this = escalations.c.id == escalation_id
    escalation = escalation_of(connection.execute(sa.select(escalations).where(is_this)).one())
    return escalation, rounds(connection, is_this)[escalation_id], _told(connection, is_this).get(escalation_id, {})


def _told(connection: Connection, which: Any) -> dict[int, dict[tuple[Stage, int], datetime]]:
    told: dict[int, dict[tuple[Stage, int], datetime]] = {}
    for row in connection.execute(
        sa.select(alerts.c.escalation_id, alerts.c.stage, sa.func.min(alerts.c.made_at).label("at"))
        .join(escalations, escalations.c.id == alerts.c.escalation_id)
        .where(which)
        .group_by(alerts.c.escalation_id, alerts.c.stage)
    ):
        told.setdefault(row.escalation_id, {})[stage_of(row.stage)] = utc(row.at)
    return told

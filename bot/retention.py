"""Erases what is old: conversations with all that belongs to them, and suggestions, with a record of how many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa

from bot.conversations.model import Status
from bot.conversations.tables import conversations, escalations
from bot.desk.tables import suggestions
from bot.staff.audit import Audit
from bot.staff.sessions import Sessions
from content.database import Database

logger = logging.getLogger(__name__)
ROUND = timedelta(hours=1)
AT_ONCE = 200
"""Rows erased in one transaction, so that nobody waits for it."""


@dataclass(frozen=True)
class Retention:
    """How long what was said is kept after the last word of it."""

    conversations: timedelta = timedelta(days=90)
    """Chats in which no person took part."""
    cases: timedelta = timedelta(days=90)
    """Chats that the duty desk had a case of. One that is not closed is not erased."""
    suggestions: timedelta = timedelta(days=180)
    """Suggestions for the content that nobody has decided about, from when they were made."""


class Eraser:
    """Erases in rounds. What stays of a case is its reference, its times and its outcome."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        sessions: Sessions,
        retention: Retention,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database, self._audit, self._sessions, self._retention = database, audit, sessions, retention
        self._clock = clock or (lambda: datetime.now(timezone.utc))

    def erase(self) -> dict[str, int]:
        """Erase everything that is old now; how many conversations, cases' chats and suggestions it was."""
        now, has_case = self._clock(), escalations.c.conversation_id == conversations.c.id
        old = {
            "conversations": sa.and_(
                conversations.c.last_at < now - self._retention.conversations, ~sa.exists().where(has_case)
            ),
            "cases": sa.and_(
                conversations.c.last_at < now - self._retention.cases,
                sa.exists().where(has_case),
                ~sa.exists().where(has_case, escalations.c.status != Status.CLOSED.value),
            ),
        }
        erased = {kind: self._all(conversations, condition) for kind, condition in old.items()}
        if any(erased.values()):
            self._record("chats erased", f"{erased['conversations']} chats without a case, {erased['cases']} chats with one")
        # The texts of those that somebody has decided about were erased then.
        undecided = sa.and_(suggestions.c.decided_at.is_(None), suggestions.c.made_at < now - self._retention.suggestions)
        if count := self._all(suggestions, undecided):
            self._record("suggestions erased", f"{count} suggestions that nobody decided about")
        self._sessions.clear()
        return {**erased, "suggestions": count}

    async def run(self) -> None:
        """For ever: erase at the start, then every hour."""
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(None, self.erase)
            except Exception:
                logger.exception("What is old could not be erased; trying again in an hour.")
            await asyncio.sleep(ROUND.total_seconds())

    def _record(self, what: str, detail: str) -> None:
        with self._database.write() as connection:
            self._audit.record(connection, what, member=None, detail=detail)
        logger.info("Erased %s.", detail)

    def _all(self, table: sa.Table, condition: Any) -> int:
        count = 0
        while True:
            with self._database.write() as connection:
                ids = connection.execute(sa.select(table.c.id).where(condition).limit(AT_ONCE)).scalars().all()
                connection.execute(sa.delete(table).where(table.c.id.in_(ids)))
            count += len(ids)
            if len(ids) < AT_ONCE:
                return count

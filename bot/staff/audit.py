"""The record of who did what and when. It is only added to: the database refuses to change or delete a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.staff.tables import audit
from bot.staff.times import Clock, now
from content.database import Database, utc

LONGEST_DETAIL = 200


@dataclass(frozen=True)
class AuditRow:
    """One act. `member` is the id of who did it, None for the program, the command line or somebody who is not known."""

    id: int
    at: datetime
    member: int | None
    what: str
    subject: str | None
    authority: str | None
    detail: str | None


class Audit:
    """Adds to the record and searches it."""

    def __init__(self, database: Database, *, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    def record(
        self,
        connection: Connection,
        what: str,
        *,
        member: int | None,
        subject: str | None = None,
        authority: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Record an act in the transaction that does it: there is never the one without the other.

        `subject` is a case's reference or an account's e-mail address, at most 80 characters. A longer detail than
        LONGEST_DETAIL is cut, so that no act fails for its record. Nothing that a young person wrote is given here.
        """
        connection.execute(
            sa.insert(audit).values(
                at=self._clock(),
                staff_id=member,
                what=what,
                subject=subject,
                authority=authority,
                detail=detail[:LONGEST_DETAIL] if detail else None,
            )
        )

    def search(
        self,
        *,
        member: int | None = None,
        subject: str | None = None,
        what: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before_id: int | None = None,
        most: int = 100,
    ) -> list[AuditRow]:
        """The latest acts of which all that is given holds, the latest first.

        `subject` and `what` are pieces of those, in large or small letters.
        From `since` until just before `until`; `before_id`, the id of the last row of one page, gives the next page.
        """
        wanted: list[Any] = [] if member is None else [audit.c.staff_id == member]
        pieces = ((audit.c.subject, subject), (audit.c.what, what))
        wanted.extend(sa.func.lower(column).contains(piece.lower(), autoescape=True) for column, piece in pieces if piece)
        if since is not None:
            wanted.append(audit.c.at >= utc(since))
        if until is not None:
            wanted.append(audit.c.at < utc(until))
        if before_id is not None:
            wanted.append(audit.c.id < before_id)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(audit).where(*wanted).order_by(audit.c.id.desc()).limit(most)).all()
        return [
            AuditRow(row.id, utc(row.at), row.staff_id, row.what, row.subject, row.authority, row.detail) for row in rows
        ]

"""Who is signed in: a session ends when it is left alone, after a working day, and with the account."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.staff.model import Member, MemberNotFound, SessionEnded
from bot.staff.tables import sessions, staff
from bot.staff.times import Clock, now
from bot.staff.tokens import digest_of, new_token
from content.database import Database, utc

MOST = 10
"""A member's sessions at once. One more ends the oldest."""
_REFRESH = timedelta(minutes=1)
"""How exactly the last use is known: a page with many requests writes once."""


class Sessions:
    """The sessions in the database. `idle` is how long one may be left alone, `longest` how long it lasts at most."""

    def __init__(
        self,
        database: Database,
        *,
        idle: timedelta = timedelta(hours=2),
        longest: timedelta = timedelta(hours=12),
        clock: Clock = now,
    ) -> None:
        self._database = database
        self._idle = idle
        self._longest = longest
        self._clock = clock

    def begin(self, member_id: int) -> str:
        """A new session's token; only its digest is kept. Raises MemberNotFound, also for an account that is off."""
        with self._database.write() as connection:
            return begin(connection, member_id, self._clock())

    def member(self, token: str, *, is_use: bool = True) -> Member:
        """Whose session it is, as the account stands now. Raises SessionEnded.

        With `is_use` the time without use begins anew; what a page asks for by itself is no use.
        """
        at = self._clock()
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(staff, sessions.c.started_at, sessions.c.used_at)
                .join(sessions, sessions.c.staff_id == staff.c.id)
                .where(sessions.c.digest == digest_of(token), staff.c.is_active)
            ).first()
        if row is None or utc(row.started_at) <= at - self._longest or utc(row.used_at) <= at - self._idle:
            raise SessionEnded
        if is_use and utc(row.used_at) <= at - _REFRESH:
            with self._database.write() as connection:
                connection.execute(sa.update(sessions).where(sessions.c.digest == digest_of(token)).values(used_at=at))
        return Member.from_row(row)

    def still(self, token: str) -> Member | None:
        """Whose session it is, before something is pushed to an open page; None when it has ended. Never a use."""
        try:
            return self.member(token, is_use=False)
        except SessionEnded:
            return None

    def end(self, token: str) -> None:
        """Sign out. A session that has ended stays so."""
        with self._database.write() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.digest == digest_of(token)))

    def clear(self) -> None:
        """Delete what is left of the sessions that are over."""
        at = self._clock()
        is_over = sa.or_(sessions.c.started_at <= at - self._longest, sessions.c.used_at <= at - self._idle)
        with self._database.write() as connection:
            connection.execute(sa.delete(sessions).where(is_over))


def begin(connection: Connection, member_id: int, at: datetime) -> str:
    """The same as Sessions.begin, within a transaction."""
    # The account's lock makes two that begin at once count each other.
    account = sa.select(staff.c.id).where(staff.c.id == member_id, staff.c.is_active).with_for_update()
    if connection.execute(account).first() is None:
        raise MemberNotFound
    mine = sa.select(sessions.c.digest).where(sessions.c.staff_id == member_id)
    newest = connection.execute(mine.order_by(sessions.c.started_at.desc(), sessions.c.digest).limit(MOST - 1))
    connection.execute(
        sa.delete(sessions).where(sessions.c.staff_id == member_id, sessions.c.digest.not_in(newest.scalars().all()))
    )
    token = new_token()
    connection.execute(sa.insert(sessions).values(digest=digest_of(token), staff_id=member_id, started_at=at, used_at=at))
    return token


def end_all(connection: Connection, member_id: int, except_token: str | None = None) -> None:
    """Sign a member out everywhere, but for the session of `except_token`, within a transaction."""
    ended = sa.delete(sessions).where(sessions.c.staff_id == member_id)
    if except_token is not None:
        ended = ended.where(sessions.c.digest != digest_of(except_token))
    connection.execute(ended)

"""A personal adviser's own invitations: a link for one young person each, whose chat is then known to be theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.staff.audit import Audit
from bot.staff.model import InvitationRefused, Member, NotAllowed, Role
from bot.staff.tables import personal_invitations, staff
from bot.staff.times import Clock, now
from bot.staff.tokens import digest_of, new_token
from content.database import Database, utc

LONGEST_LABEL, MOST_OPEN = 60, 200


@dataclass(frozen=True)
class PersonalInvitation:
    """One link as its adviser sees it; `label` is their own note of whom it is for."""

    id: int
    label: str
    made_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None


class PersonalInvitations:
    """The links in the database; only their digests are kept."""

    def __init__(self, database: Database, audit: Audit, *, clock: Clock = now) -> None:
        self._database, self._audit, self._clock = database, audit, clock

    def make(self, member: Member, label: str) -> str:
        """A new link's token. Raises NotAllowed for who is no adviser, InvitationRefused for a label that cannot be kept."""
        if member.role is not Role.PA:
            raise NotAllowed("Only a personal adviser can invite a young person.")
        label = " ".join(label.split())
        if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
            raise InvitationRefused(f"Note in 1 to {LONGEST_LABEL} characters whom it is for. Only you see it.")
        token = new_token()
        with self._database.write() as connection:
            count = sa.select(sa.func.count()).where(self._open(member.id))
            if connection.execute(count).scalar_one() >= MOST_OPEN:
                raise InvitationRefused(f"You have {MOST_OPEN} open links. Withdraw some first.")
            connection.execute(
                sa.insert(personal_invitations).values(
                    staff_id=member.id, digest=digest_of(token), label=label, made_at=self._clock()
                )
            )
            self._audit.record(connection, "young person invited", member=member.id, authority=member.authority)
        return token

    def of(self, member: Member) -> list[PersonalInvitation]:
        """The latest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(personal_invitations)
                .where(personal_invitations.c.staff_id == member.id)
                .order_by(personal_invitations.c.id.desc())
            ).all()
        return [
            PersonalInvitation(
                row.id,
                row.label,
                utc(row.made_at),
                utc(row.used_at) if row.used_at else None,
                utc(row.withdrawn_at) if row.withdrawn_at else None,
            )
            for row in rows
        ]

    def withdraw(self, member: Member, id: int) -> None:
        """End a link that nobody has used; one that is used or somebody else's stays as it is."""
        with self._database.write() as connection:
            ended = connection.execute(
                sa.update(personal_invitations)
                .where(personal_invitations.c.id == id, self._open(member.id))
                .values(withdrawn_at=self._clock())
            )
            if ended.rowcount:
                self._audit.record(connection, "link withdrawn", member=member.id, authority=member.authority)

    def council(self, token: str) -> str | None:
        """The council of the adviser whose open link it is. Raises InvitationRefused."""
        with self._database.read() as connection:
            return self._found(connection, token).authority  # type: ignore[no-any-return]

    def use(self, connection: Connection, token: str, conversation_id: str) -> int:
        """Spend the link within the transaction that begins a conversation; the adviser's id. Raises InvitationRefused."""
        row = self._found(connection, token)
        spent = connection.execute(
            sa.update(personal_invitations)
            .where(personal_invitations.c.id == row.id, personal_invitations.c.used_at.is_(None))
            .values(used_at=self._clock(), conversation_id=conversation_id)
        )
        if spent.rowcount == 0:
            raise _refused()
        return int(row.staff_id)

    @staticmethod
    def _open(member_id: int) -> Any:
        return sa.and_(
            personal_invitations.c.staff_id == member_id,
            personal_invitations.c.used_at.is_(None),
            personal_invitations.c.withdrawn_at.is_(None),
        )

    @staticmethod
    def _found(connection: Connection, token: str) -> Any:
        row = connection.execute(
            sa.select(personal_invitations.c.id, personal_invitations.c.staff_id, staff.c.authority)
            .join(staff, staff.c.id == personal_invitations.c.staff_id)
            .where(
                personal_invitations.c.digest == digest_of(token),
                personal_invitations.c.used_at.is_(None),
                personal_invitations.c.withdrawn_at.is_(None),
                staff.c.is_active,
            )
        ).first()
        if row is None:
            raise _refused()
        return row


def _refused() -> InvitationRefused:
    return InvitationRefused("This link has been used, or is no longer open. Ask your PA for a new one.")

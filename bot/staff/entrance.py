"""Signing in, and the password: what is right lets in, what is wrong counts, and no refusal tells who has an account."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.staff import sessions
from bot.staff.audit import Audit
from bot.staff.lockout import Strangers, Tries
from bot.staff.model import Member, MemberNotFound, PasswordRefused
from bot.staff.passwords import Passwords, refuse_weak
from bot.staff.second_factor import new_secret, recovery_digest_of, step_of
from bot.staff.tables import invitations, recovery_codes, staff
from bot.staff.times import Clock
from content.database import Database

_NOBODY = 0
"""An id that no account has."""


class Entrance:
    """Lets members in. A wrong try is counted in the same transaction that looks at it: many at once are many tries."""

    def __init__(self, database: Database, *, audit: Audit, passwords: Passwords, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._passwords = passwords
        self._clock = clock
        self._strangers = Strangers()
        self._secret_of_nobody = new_secret()

    def sign_in(self, email: str, password: str, code: str) -> tuple[Member, str]:
        """See Accounts.sign_in."""
        address, at = _typed(email), self._clock()
        with self._database.read() as connection:
            seen = connection.execute(sa.select(staff).where(staff.c.email == address)).first()
        tries = Tries.from_row(seen) if seen else self._strangers.tries(address)
        if tries.is_locked(at):
            raise tries.refusal(at)
        # The slow work comes before the transaction, which would hold up every other one.
        is_right = self._passwords.check(seen.password_hash if seen else None, password)
        with self._database.write() as connection:
            row = connection.execute(sa.select(staff).where(staff.c.email == address).with_for_update()).first()
            # The code is looked at whether or not the password is right, so that the time tells nothing of either.
            secret, last_step = (row.totp_secret, row.totp_step) if row else (self._secret_of_nobody, 0)
            step = step_of(secret, code, at, after=last_step)
            unused = _unused_codes(connection, row.id if row else _NOBODY)
            recovery = recovery_digest_of(code)
            if row is None:
                tries = self._strangers.one_more(address, at)
                _write_nothing(connection, at)
            elif (
                is_right
                and row.is_active
                and row.password_hash == seen.password_hash
                and not Tries.from_row(row).is_locked(at)
                and (step is not None or recovery in unused)
            ):
                if step is not None:
                    connection.execute(sa.update(staff).where(staff.c.id == row.id).values(totp_step=step))
                else:
                    connection.execute(
                        sa.update(recovery_codes).where(recovery_codes.c.digest == recovery).values(used_at=at)
                    )
                detail = None if step is not None else f"recovery code, {len(unused) - 1} left"
                return Member.from_row(row), self._let_in(connection, row, password, detail, at)
            else:
                tries = self._count(connection, row, "sign-in failed", None, at)
        raise tries.refusal(at)

    def change_password(self, member: Member, old: str, new: str, *, token: str) -> None:
        """See Accounts.change_password."""
        at = self._clock()
        with self._database.read() as connection:
            seen = connection.execute(sa.select(staff).where(staff.c.id == member.id)).first()
        if seen is None:
            raise MemberNotFound
        if (tries := Tries.from_row(seen)).is_locked(at):
            raise tries.refusal(at)
        refuse_weak(new, seen.email)
        is_right = self._passwords.check(seen.password_hash, old)
        hashed = self._passwords.hash(new)
        with self._database.write() as connection:
            row = connection.execute(sa.select(staff).where(staff.c.id == member.id).with_for_update()).one()
            if not row.is_active:
                raise MemberNotFound
            if is_right and row.password_hash == seen.password_hash and not Tries.from_row(row).is_locked(at):
                connection.execute(sa.update(staff).where(staff.c.id == row.id).values(password_hash=hashed))
                sessions.end_all(connection, row.id, except_token=token)
                self._record(connection, "password changed", row, row.id)
                return
            tries = self._count(connection, row, "wrong password", row.id, at)
        if tries.is_locked(at):
            raise tries.refusal(at)
        raise PasswordRefused("That is not your present password.")

    def _let_in(self, connection: Connection, row: Row, password: str, detail: str | None, at: datetime) -> str:
        connection.execute(sa.update(staff).where(staff.c.id == row.id).values(failures=0, locked_until=None))
        if self._passwords.is_outdated(row.password_hash):
            hashed = self._passwords.hash(password)
            connection.execute(sa.update(staff).where(staff.c.id == row.id).values(password_hash=hashed))
        self._record(connection, "signed in", row, row.id, detail)
        return sessions.begin(connection, row.id, at)

    def _count(self, connection: Connection, row: Row, what: str, member: int | None, at: datetime) -> Tries:
        """Count a wrong try and record it, unless the account is locked by now."""
        tries = Tries.from_row(row)
        if tries.is_locked(at):
            return tries
        tries = tries.one_more(at)
        counted = sa.update(staff).where(staff.c.id == row.id)
        connection.execute(counted.values(failures=tries.failures, locked_until=tries.locked_until))
        self._record(connection, what, row, member)
        if tries.is_locked(at):
            self._record(connection, "locked", row, None, f"{tries.failures} wrong tries in a row")
        return tries

    def _record(self, connection: Connection, what: str, row: Row, member: int | None, detail: str | None = None) -> None:
        self._audit.record(connection, what, member=member, subject=row.email, authority=row.authority, detail=detail)


def _unused_codes(connection: Connection, id: int) -> set[str]:
    unused = sa.select(recovery_codes.c.digest).where(recovery_codes.c.staff_id == id, recovery_codes.c.used_at.is_(None))
    return set(connection.execute(unused).scalars())


def _write_nothing(connection: Connection, at: datetime) -> None:
    """Two writes that leave nothing: a try for an address without an account takes as long as one that is counted."""
    digest = secrets.token_hex(32)
    connection.execute(
        sa.insert(invitations).values(
            digest=digest, email="", name="", role="", totp_secret="", made_at=at, ends_at=at, used_at=at
        )
    )
    connection.execute(sa.delete(invitations).where(invitations.c.digest == digest))


def _typed(email: str) -> str:
    """The address as accounts have it, or none: a database cannot even be asked for every text."""
    address = email.strip().lower()
    return address if address.isprintable() else ""

"""The accounts of the staff: invited, opened with a password and a second factor, signed in to, switched off."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.engine import Connection, Row

from bot.staff import second_factor, sessions
from bot.staff.audit import Audit
from bot.staff.entrance import Entrance
from bot.staff.model import (
    CodeRefused,
    Invitation,
    InvitationRefused,
    Member,
    MemberNotFound,
    NotAllowed,
    Role,
)
from bot.staff.passwords import Passwords, refuse_weak
from bot.staff.tables import invitations, recovery_codes, staff
from bot.staff.times import Clock, now
from bot.staff.tokens import digest_of, new_token
from content.database import Database

INVITED_FOR = timedelta(days=7)
LONGEST_ADDRESS = LONGEST_NAME = 80
"""What the audit and the accounts have room for."""


class Accounts:
    """The accounts in the database. Each act and its record in the audit are one transaction.

    `by` is the administrator who does it, None for whoever runs the command line; anybody else meets NotAllowed.
    """

    def __init__(self, database: Database, *, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock
        self._audit = Audit(database, clock=clock)
        self._passwords = Passwords()
        self._entrance = Entrance(database, audit=self._audit, passwords=self._passwords, clock=clock)

    def invite(self, email: str, name: str, role: Role, authority: str | None, by: Member | None) -> str:
        """Invite somebody to open an account, or to open one anew that is off; gives the token of the link.

        It holds for seven days, once; an earlier invitation to the address no longer does. Raises InvitationRefused.
        """
        _refuse_others(by)
        address, name = _checked(email), " ".join(name.split())
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise InvitationRefused(f"A name has 1 to {LONGEST_NAME} characters.")
        if role.is_of_one_council and authority is None:
            raise InvitationRefused("The duty desk and personal advisers work for one council. Say for which one.")
        if role is Role.ADMIN and authority is not None:
            raise InvitationRefused("An administrator is there for all councils, so name none.")
        token, at = new_token(), self._clock()
        with self._database.write() as connection:
            there = sa.select(staff.c.id).where(staff.c.email == address, staff.c.is_active)
            if connection.execute(there).first():
                raise InvitationRefused(f"{address} has an account already.")
            _spend_invitations(connection, address, at)
            connection.execute(
                sa.insert(invitations).values(
                    digest=digest_of(token),
                    email=address,
                    name=name,
                    role=role.value,
                    authority=authority,
                    totp_secret=second_factor.new_secret(),
                    invited_by=by.id if by else None,
                    made_at=at,
                    ends_at=at + INVITED_FOR,
                )
            )
            self._audit.record(
                connection,
                "invited",
                member=by.id if by else None,
                subject=address,
                authority=authority,
                detail=role.value,
            )
        return token

    def invitation(self, token: str) -> Invitation:
        """What an open invitation says. Raises InvitationRefused when it is unknown, used or over."""
        row = self._open_invitation(token)
        uri = second_factor.uri_of(row.totp_secret, row.email)
        qr_code = second_factor.qr_code_of(uri)
        return Invitation(row.email, row.name, Role(row.role), row.authority, row.totp_secret, uri, qr_code)

    def accept(self, token: str, password: str, code: str) -> tuple[Member, list[str]]:
        """Open the account with a password and a code of the app; gives the recovery codes, to be shown this once.

        Raises InvitationRefused; PasswordRefused and CodeRefused leave the invitation open for another try. An account of
        this address that was off is on again: all of it is new but its id.
        """
        invited, at = self._open_invitation(token), self._clock()
        refuse_weak(password, invited.email)
        step = second_factor.step_of(invited.totp_secret, code, at, after=0)
        if step is None:
            raise CodeRefused("The code is not the one that the app shows now. Please type the one that comes next.")
        values = {
            "email": invited.email,
            "name": invited.name,
            "role": invited.role,
            "authority": invited.authority,
            "password_hash": self._passwords.hash(password),
            "totp_secret": invited.totp_secret,
            "totp_step": step,
        }
        codes = second_factor.new_recovery_codes()
        with self._database.write() as connection:
            # Whoever accepts at the same time waits here, and then finds the invitation spent.
            mine = sa.update(invitations).where(invitations.c.digest == invited.digest, invitations.c.used_at.is_(None))
            if connection.execute(mine.values(used_at=at)).rowcount == 0:
                raise _not_invited()
            row = _open(connection, values, at)
            connection.execute(
                sa.insert(recovery_codes),
                [{"digest": second_factor.recovery_digest_of(each), "staff_id": row.id} for each in codes],
            )
            self._record(connection, "accepted", row, row.id)
        return Member.from_row(row), codes

    def sign_in(self, email: str, password: str, code: str) -> tuple[Member, str]:
        """Sign in with a code of the app or a recovery code, each taken once; gives the token of a new session.

        Raises SignInRefused, and SignInLocked after too many wrong tries in a row. An address without an account takes the
        same work and is locked alike.
        """
        return self._entrance.sign_in(email, password, code)

    def change_password(self, member: Member, old: str, new: str, *, token: str) -> None:
        """Change the password and end the member's sessions but the one of this token.

        Raises PasswordRefused when the old one is wrong, which counts as a wrong try to sign in, or the new one is weak;
        SignInLocked after too many; MemberNotFound when the account is off.
        """
        self._entrance.change_password(member, old, new, token=token)

    def switch_off(self, id: int, by: Member | None) -> None:
        """Keep somebody out from now on and end their sessions. Nobody switches off their own account."""
        _refuse_others(by)
        if by is not None and by.id == id:
            raise NotAllowed("Somebody else has to switch off your account.")
        with self._database.write() as connection:
            row = _account(connection, id)
            _spend_invitations(connection, row.email, self._clock())
            connection.execute(sa.update(staff).where(staff.c.id == id).values(is_active=False))
            sessions.end_all(connection, id)
            self._record(connection, "switched off", row, by.id if by else None)

    def switch_on(self, id: int, by: Member | None) -> None:
        """Let somebody in again as before; an account that wrong tries have locked is unlocked."""
        _refuse_others(by)
        with self._database.write() as connection:
            row = _account(connection, id)
            values = {"is_active": True, "failures": 0, "locked_until": None}
            connection.execute(sa.update(staff).where(staff.c.id == id).values(values))
            self._record(connection, "switched on", row, by.id if by else None)

    def set_away(self, id: int, away: bool) -> None:
        """Whether somebody is away, on leave for example, so that others are asked instead. Raises MemberNotFound."""
        with self._database.write() as connection:
            row = _account(connection, id)
            connection.execute(sa.update(staff).where(staff.c.id == id).values(is_away=away))
            self._record(connection, "away" if away else "back", row, id)

    def end_sessions(self, id: int, by: Member | None) -> None:
        """Sign somebody out everywhere. Raises MemberNotFound."""
        with self._database.write() as connection:
            row = _account(connection, id)
            sessions.end_all(connection, id)
            self._record(connection, "signed out everywhere", row, by.id if by else None)

    def members(self, authority: str | None = None) -> list[Member]:
        """All by name, those who are off too; with `authority` only the team of that council."""
        wanted = sa.select(staff).order_by(staff.c.name, staff.c.id)
        if authority is not None:
            wanted = wanted.where(staff.c.authority == authority)
        with self._database.read() as connection:
            return [Member.from_row(row) for row in connection.execute(wanted)]

    def member(self, id: int) -> Member:
        """Raises MemberNotFound."""
        with self._database.read() as connection:
            return Member.from_row(_account(connection, id))

    def with_email(self, email: str) -> Member:
        """The member with this address. Raises MemberNotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(staff).where(staff.c.email == email.strip().lower())).first()
        if row is None:
            raise MemberNotFound
        return Member.from_row(row)

    def _open_invitation(self, token: str) -> Row:
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(invitations).where(
                    invitations.c.digest == digest_of(token),
                    invitations.c.used_at.is_(None),
                    invitations.c.ends_at > self._clock(),
                )
            ).first()
        if row is None:
            raise _not_invited()
        return row

    def _record(self, connection: Connection, what: str, row: Row, member: int | None) -> None:
        self._audit.record(connection, what, member=member, subject=row.email, authority=row.authority)


def _refuse_others(by: Member | None) -> None:
    if by is not None and not (by.role is Role.ADMIN and by.is_active):
        raise NotAllowed("Only an administrator may do this.")


def _checked(email: str) -> str:
    """The address in small letters. Raises InvitationRefused for what is none."""
    try:
        address = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvitationRefused(str(error)) from error
    if len(address) > LONGEST_ADDRESS:
        raise InvitationRefused(f"An e-mail address has at most {LONGEST_ADDRESS} characters here.")
    return address


def _not_invited() -> InvitationRefused:
    return InvitationRefused("This invitation is not known, was used, or is over. Please ask for a new one.")


def _spend_invitations(connection: Connection, address: str, at: datetime) -> None:
    """From now on no invitation to this address is open."""
    unspent = sa.update(invitations).where(invitations.c.email == address, invitations.c.used_at.is_(None))
    connection.execute(unspent.values(used_at=at))


def _open(connection: Connection, values: dict[str, object], at: datetime) -> Row:
    """A new account, or anew the one of this address that is off. Raises InvitationRefused when it is on."""
    there = connection.execute(sa.select(staff).where(staff.c.email == values["email"]).with_for_update()).first()
    if there is None:
        id = connection.execute(sa.insert(staff).values(**values, made_at=at)).inserted_primary_key[0]
    elif there.is_active:
        raise _not_invited()
    else:
        id = there.id
        anew = {**values, "failures": 0, "locked_until": None, "is_active": True, "is_away": False}
        connection.execute(sa.update(staff).where(staff.c.id == id).values(anew))
        connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.staff_id == id))
    return _account(connection, id)


def _account(connection: Connection, id: int) -> Row:
    """Raises MemberNotFound."""
    row = connection.execute(sa.select(staff).where(staff.c.id == id)).first()
    if row is None:
        raise MemberNotFound
    return row

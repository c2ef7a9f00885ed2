"""Members of staff and their invitations as values, and what the accounts refuse."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any


class Role(str, Enum):
    """What somebody is here for: the duty desk, personal adviser, content editor, or all of it and the accounts."""

    DUTY = "duty"
    PA = "pa"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def is_of_one_council(self) -> bool:
        """Whether it works for the young people of one council, and sees no others."""
        return self in (Role.DUTY, Role.PA)


@dataclass(frozen=True)
class Member:
    """One person's account. `authority` is the council whose team they belong to, None for all councils."""

    id: int
    email: str
    name: str
    role: Role
    authority: str | None
    is_active: bool
    is_away: bool

    @classmethod
    def from_row(cls, row: Any) -> Member:
        return cls(row.id, row.email, row.name, Role(row.role), row.authority, row.is_active, row.is_away)


@dataclass(frozen=True)
class Invitation:
    """What the page behind an invitation's link shows: for whom it is, and the second factor to set up."""

    email: str
    name: str
    role: Role
    authority: str | None
    secret: str = field(repr=False)
    """The second factor's secret, to type into an app."""
    uri: str = field(repr=False)
    """The same as an address that an app opens, and as the image of it: a QR code in a data URI."""
    qr_code: str = field(repr=False)


class StaffError(Exception):
    """The root of what this package refuses; each message is a sentence for the person."""


class SignInRefused(StaffError):
    """Nobody is signed in. One sentence for every reason, so that nobody learns who has an account."""

    def __init__(self) -> None:
        super().__init__("The e-mail address, the password or the code is not right.")


class SignInLocked(StaffError):
    """Too many wrong tries in a row: until `wait` is over even the right ones are refused."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        minutes = math.ceil(wait / timedelta(minutes=1))
        super().__init__(f"Too many wrong tries. Please wait {minutes} minute{'s' * (minutes != 1)}, then try again.")


class SessionEnded(StaffError):
    """There is no such session, or there is no longer."""

    def __init__(self) -> None:
        super().__init__("You are signed out. Please sign in again.")


class InvitationRefused(StaffError):
    """Nobody is invited, or there is no open invitation for this link."""


class PasswordRefused(StaffError):
    """This password may not be used, or is not the present one; nothing was changed."""


class CodeRefused(StaffError):
    """The code is not the one that the app shows now for an invitation; the invitation stays open."""


class MemberNotFound(StaffError):
    """There is no such account."""

    def __init__(self) -> None:
        super().__init__("There is no such account.")


class NotAllowed(StaffError):
    """The member may not do this."""

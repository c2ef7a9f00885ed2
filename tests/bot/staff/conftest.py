"""A clock that the tests turn, and people with an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pyotp
import pytest

from bot.staff.accounts import Accounts
from bot.staff.model import Member, Role
from content.database import Database

PASSWORD = "seven green bicycles"  # noqa: S105


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Person:
    """Somebody with an account, their phone and their printed recovery codes."""

    member: Member
    secret: str
    recovery_codes: list[str]
    clock: Clock

    @property
    def id(self) -> int:
        return self.member.id

    @property
    def email(self) -> str:
        return self.member.email

    def code(self) -> str:
        """What the phone shows next: the clock is turned, for the last code may be taken already."""
        self.clock.turn(seconds=30)
        return pyotp.TOTP(self.secret).at(self.clock())

    def wrong_code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.clock() + timedelta(days=1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, clock=clock)


def opened(accounts: Accounts, clock: Clock, email: str, role: Role, authority: str | None = None) -> Person:
    token = accounts.invite(email, email.partition("@")[0].title(), role, authority, None)
    secret = accounts.invitation(token).secret
    member, codes = accounts.accept(token, PASSWORD, pyotp.TOTP(secret).at(clock()))
    return Person(member, secret, codes, clock)


@pytest.fixture
def sam(accounts: Accounts, clock: Clock) -> Person:
    """Somebody at the duty desk of Nottingham."""
    return opened(accounts, clock, "sam.lee@council.example", Role.DUTY, "nottingham-city")

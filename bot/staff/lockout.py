"""How long wrong tries in a row keep one from signing in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from bot.staff.model import SignInLocked, SignInRefused, StaffError
from bot.staff.tokens import digest_of
from content.database import utc

TRIES = 5
"""From this wrong try in a row on, each locks."""
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
_DOUBLINGS = 6
"""After so many the longest lock is reached."""


@dataclass(frozen=True)
class Tries:
    """The wrong tries in a row for one address, and until when the last of them locks it."""

    failures: int = 0
    locked_until: datetime | None = None

    @classmethod
    def from_row(cls, row: Any) -> Tries:
        return cls(row.failures, utc(row.locked_until) if row.locked_until else None)

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def refusal(self, now: datetime) -> StaffError:
        """What a wrong try is told: how long to wait while it is locked, else only that something is not right."""
        if self.locked_until is not None and now < self.locked_until:
            return SignInLocked(self.locked_until - now)
        return SignInRefused()

    def one_more(self, now: datetime) -> Tries:
        """After another wrong try: the fifth locks for a minute, each further one twice as long, up to an hour."""
        failures = self.failures + 1
        if failures < TRIES:
            return Tries(failures)
        return Tries(failures, now + min(FIRST * 2 ** min(failures - TRIES, _DOUBLINGS), LONGEST))


class Strangers:
    """Wrong tries for addresses without an account, so that a lock does not tell who has one.

    They are kept in memory, the latest `most` of them: what strangers type does not grow the database. Of an address only
    the digest is kept, for people also type their passwords there.
    """

    def __init__(self, *, most: int = 10_000) -> None:
        self._most = most
        self._tries: OrderedDict[str, Tries] = OrderedDict()
        self._lock = Lock()

    def tries(self, address: str) -> Tries:
        with self._lock:
            return self._tries.get(digest_of(address), Tries())

    def one_more(self, address: str, now: datetime) -> Tries:
        """Count a wrong try, unless the address is locked."""
        digest = digest_of(address)
        with self._lock:
            tries = self._tries.pop(digest, Tries())
            tries = self._tries[digest] = tries if tries.is_locked(now) else tries.one_more(now)
            while len(self._tries) > self._most:
                self._tries.popitem(last=False)
            return tries

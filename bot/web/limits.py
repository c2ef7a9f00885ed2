"""Rate limits: so many calls a minute for one address and for one conversation, forgotten when unused."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

from bot.settings import Limits

MOST_REMEMBERED = 50_000
"""Addresses and conversations remembered at once; the longest unused is forgotten first."""

HELP_FACTOR = 10
"""How many times more cries for help are taken from one conversation than other messages."""


SIGN_INS = 20
"""Tries to sign in that one address may make in a minute."""


class TooManyRequests(Exception):
    """The limit is reached; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"That was a lot at once. Please try again in {wait} seconds.")


class RateLimits:
    """Token buckets: a full one allows a minute's calls at once, and it fills evenly."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def conversation_started(self, address: str) -> None:
        self._take("start", address, self._limits.conversations_per_address)

    def tried_to_sign_in(self, address: str) -> None:
        self._take("sign-in", address, SIGN_INS)

    def called(self, address: str) -> None:
        self._take("address", address, self._limits.per_address)

    def written(self, conversation_id: str) -> None:
        self._take("conversation", conversation_id, self._limits.per_conversation)

    def cried_for_help(self, conversation_id: str) -> None:
        """The one limit that holds for cries for help, so that nobody fills the database with them."""
        self._take("help", conversation_id, self._limits.per_conversation * HELP_FACTOR)

    def _take(self, kind: str, name: str, per_minute: int) -> None:
        """Raises TooManyRequests."""
        if not self._limits.is_on:
            return
        now = self._clock()
        left, then = self._buckets.pop((kind, name), (float(per_minute), now))
        left = min(float(per_minute), left + (now - then) * per_minute / 60)
        self._buckets[kind, name] = (max(left - 1, 0.0) if left >= 1 else left, now)
        if len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyRequests(max(1, round((1 - left) * 60 / per_minute)))


def address_of(request: web.Request, *, trust_proxy: bool) -> str:
    """The caller's address; behind a trusted proxy, the one that it forwards for."""
    if trust_proxy:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return request.remote or "unknown"

"""Alerts to a webhook, such as a channel of Slack or Teams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from bot.alerts.addresses import checked_webhook
from bot.alerts.model import AddressRefused, Alert, Undelivered

SECONDS = 10.0
"""How long a delivery may take, all of it."""
WORTH_ANOTHER_TRY = frozenset((408, 425, 429))
"""Answers that are about this moment: slow, too early, too many."""


class Webhook:
    """Posts JSON. Close it with `close`."""

    def __init__(self, timeout: float = SECONDS) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, alert: Alert, payload: Mapping[str, str]) -> None:
        """Post it to the alert's address, and follow no redirect; when this returns, it was accepted. Raises Undelivered."""
        try:
            url = checked_webhook(alert.address)
        except AddressRefused as refused:
            raise Undelivered(str(refused), is_final=True) from refused
        session = self._session = self._session or aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with session.post(
                url,
                json=payload,
                headers={"Idempotency-Key": alert.key},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                status = response.status
        except asyncio.TimeoutError as error:
            raise Undelivered("The webhook did not answer in time.", is_final=False) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Undelivered(f"The webhook cannot be used: {type(error).__name__}.", is_final=False) from error
        if not 200 <= status < 300:
            is_final = 400 <= status < 500 and status not in WORTH_ANOTHER_TRY
            raise Undelivered(f"The webhook answered {status}.", is_final=is_final)

    async def close(self) -> None:
        if self._session:
            await self._session.close()

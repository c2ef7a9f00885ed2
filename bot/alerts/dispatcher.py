"""Sends what is in the outbox, and notes what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from bot.alerts.model import Alert, Medium, Undelivered
from bot.alerts.outbox import Outbox
from bot.alerts.smtp import Mail
from bot.alerts.webhook import Webhook
from bot.alerts.words import Words

logger = logging.getLogger(__name__)
POLL_SECONDS = 1.0
MOST_AT_ONCE = 4
STOP_SECONDS = 15.0
"""How long a dispatcher that is stopped waits for what it has begun: longer than a delivery takes."""


class Dispatcher:
    """Sends each alert until it is accepted, refused for good, or a day old.

    An alert is noted as sent right after the server accepted it. Only a crash between the two can send it again: once for
    each such crash, a minute later, with the same Message-ID or Idempotency-Key, by which the receiver knows it.
    Several dispatchers, also of several processes, may serve one outbox.
    """

    def __init__(
        self,
        outbox: Outbox,
        mail: Mail | None,
        webhook: Webhook,
        words: Words,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Without `mail` the alerts by e-mail wait until there is one, or until they are a day old."""
        self._outbox, self._mail, self._webhook, self._words = outbox, mail, webhook, words
        self._poll_seconds = poll_seconds
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """For ever; when it is cancelled it first ends what it has begun."""
        try:
            while True:
                try:
                    await self._begin()
                except Exception as error:
                    logger.error("The outbox of alerts cannot be read: %s.", type(error).__name__)
                    await asyncio.sleep(self._poll_seconds)
                await self._pause()
        finally:
            await self._stop()

    def wake(self) -> None:
        """Look into the outbox now. To be called in the loop's own thread."""
        self._woken.set()

    async def _pause(self) -> None:
        # No wait_for: in Python 3.10 it loses a cancellation that comes with the awakening.
        timer = asyncio.get_running_loop().call_later(self._poll_seconds, self.wake)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
        self._woken.clear()

    async def _begin(self) -> None:
        room = MOST_AT_ONCE - len(self._sending)
        if room <= 0:
            return
        for alert in await asyncio.to_thread(self._outbox.due, room):
            # Here still, although its lease is over: its end could not be noted yet.
            if alert.id not in self._sending:
                task = self._sending[alert.id] = asyncio.create_task(self._deliver(alert))
                task.add_done_callback(partial(self._ended, alert.id))

    def _ended(self, id: int, _: asyncio.Task[None]) -> None:
        del self._sending[id]
        self.wake()

    async def _deliver(self, alert: Alert) -> None:
        try:
            await self._send(alert)
        except Undelivered as undelivered:
            note = self._outbox.given_up if undelivered.is_final else self._outbox.put_off
            if self._mail or alert.medium is Medium.WEBHOOK:
                # Without a mail server it was said once, at the start; the desk goes on saying it.
                logger.warning("Alert %s of escalation %s was not delivered: %s", alert.id, alert.escalation_id, undelivered)
            await self._noted(alert, partial(note, alert.id, str(undelivered)))
        except Exception as error:
            kind = type(error).__name__
            logger.error("Alert %s of escalation %s failed: %s.", alert.id, alert.escalation_id, kind)
            await self._noted(alert, partial(self._outbox.put_off, alert.id, f"It could not be sent: {kind}."))
        else:
            await self._noted(alert, partial(self._outbox.sent, alert.id))

    async def _send(self, alert: Alert) -> None:
        if alert.medium is Medium.WEBHOOK:
            await self._webhook.send(alert, self._words.payload(alert))
        elif self._mail is None:
            raise Undelivered("There is no mail server in the settings.", is_final=False)
        else:
            await self._mail.send(alert, self._words.subject(alert), self._words.text(alert))

    async def _noted(self, alert: Alert, note: Callable[[], None]) -> None:
        """Tried until it succeeds: what was sent and is not noted would be sent again."""
        while True:
            try:
                return await asyncio.to_thread(note)
            except Exception as error:
                logger.error("What became of alert %s cannot be noted yet: %s.", alert.id, type(error).__name__)
                await asyncio.sleep(self._poll_seconds)

    async def _stop(self) -> None:
        if self._sending:
            _, late = await asyncio.wait(self._sending.values(), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

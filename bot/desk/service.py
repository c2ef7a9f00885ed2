"""The desk as the pages use it: off the event loop, and what changed is told to both sides once it is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from bot.conversations.announcer import Announcer
from bot.conversations.model import Author, Holder
from bot.conversations.store import ConversationStore
from bot.desk.announcer import DeskAnnouncer
from bot.desk.cases import Cases
from bot.desk.duty import Act, Duty
from bot.desk.model import Case

logger = logging.getLogger(__name__)
MOVE_SECONDS = 2.0
T = TypeVar("T")


class DutyDesk:
    """One instance serves all desks of one web process."""

    def __init__(
        self, cases: Cases, duty: Duty, store: ConversationStore, announcer: Announcer, desks: DeskAnnouncer
    ) -> None:
        self.cases, self.duty, self.announcer, self.desks = cases, duty, announcer, desks
        self._store = store
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="desk")

    async def read(self, call: Callable[..., T], *arguments: Any) -> T:
        """A read, or an act of which nobody else is told, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: call(*arguments))

    async def act(self, call: Callable[[], Act]) -> Act:
        """Do something with a case; then tell the person, and every desk."""
        done = await self.read(call)
        for message in done.told:
            self.announcer.say(message.conversation_id, message)
        self.desks.changed(done.escalation.id)
        return done

    async def saw(self, case: Case, message_id: int) -> None:
        """Note that the team was shown the chat up to a message, and tell the person."""
        chat = case.escalation.conversation_id
        if chat is None:
            return
        is_news = await self.read(lambda: self._store.seen(chat, message_id, by=Author.STAFF))
        if is_news:
            self.announcer.seen(chat, Author.STAFF, message_id)
            self.desks.changed(case.escalation.id)

    async def types(self, case: Case) -> None:
        """A member is writing: told to the person while a person answers in the chat, never while the assistant does."""
        chat = case.escalation.conversation_id
        if chat and (await self.read(self._store.find, chat)).holder is Holder.STAFF:
            self.announcer.typing(chat, by=Author.STAFF)

    async def keep_moving(self) -> None:
        """For ever: do what time alone does to cases."""
        while True:
            await asyncio.sleep(MOVE_SECONDS)
            try:
                ids, told = await self.read(self.duty.move)
                for message in told:
                    self.announcer.say(message.conversation_id, message)
                for id in ids:
                    self.desks.changed(id)
            except Exception:
                logger.exception("Cases whose time has come could not be moved on; trying again.")

    def close(self) -> None:
        self._threads.shutdown(wait=True)

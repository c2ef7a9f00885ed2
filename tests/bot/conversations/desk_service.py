"""The service with a desk behind it, and the shortest way to write to it."""

from __future__ import annotations

import asyncio

from bot.conversations.announcer import Announcer
from bot.conversations.crisis import CrisisHelp
from bot.conversations.service import ConversationService
from content.library import Library
from nlu.crisis.screen import CrisisScreen
from tests.bot.desk.office import CITY, Office
from tests.bot.scripted_engine import ScriptedEngine


class Service(ConversationService):
    """The service, with what the desk was told."""

    def __init__(self, office: Office, library: Library, engine: ScriptedEngine) -> None:
        self.told: list[int] = []
        self.engine, self._sent = engine, 0
        crisis = CrisisHelp(CrisisScreen(), library)
        desk, handoff = self.told.append, office.handoff
        super().__init__(
            office.store,
            office.handoffs,
            library,
            engine,
            Announcer(),
            crisis,
            handoff,
            most_waiting=5,
            save_seconds=10,
            desk=desk,
        )

    async def begin(self, authority: str | None = CITY):
        return (await self.start(channel="test", authority=authority))[0]

    async def write(self, chat, text: str):
        self._sent += 1
        return await self.receive(chat, text, f"w{self._sent}")

    async def ask(self, chat, **wanted: object):
        """Be passed on to a person, as somebody is who went through the dialogue; what they are told."""
        self.engine.request = {"to": "duty", "way": "chat", **wanted}
        [told] = await self.write(chat, "a person please")
        self.engine.request = None
        self.engine.asked.clear()
        return told

    async def catch_up_for(self, seconds: float) -> None:
        task = asyncio.create_task(self.catch_up())
        await asyncio.sleep(seconds)
        task.cancel()


def answers(office: Office, chat) -> str:
    """Who answers in a chat."""
    return office.store.find(chat.id).holder.value

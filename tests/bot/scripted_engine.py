"""A stand-in for the engine's process, which takes twenty seconds to start: it echoes, and can be away, slow or broken."""

from __future__ import annotations

import asyncio

from bot.conversations.model import Conversation
from bot.conversations.service import Answered, EngineAway


class ScriptedEngine:
    """Answers each message with its own words, and counts how often it was asked."""

    def __init__(self) -> None:
        self.is_away = False
        self.seconds = 0.0
        self.asked: list[str] = []
        self.state = "ready"
        self.language: str | None = None

    @property
    def is_ready(self) -> bool:
        return not self.is_away

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def answer(self, conversation: Conversation, message: str, text: str, *, language: str | None = None) -> Answered:
        if self.is_away:
            raise EngineAway("away")
        await asyncio.sleep(self.seconds)
        self.asked.append(text)
        reply = {"kind": "answer", "text": f"You said: {text}", "entry": "council-tax", "sources": []}
        return Answered([{**reply, "authority": conversation.authority}], self.language)

"""A stand-in for the engine's process, which takes twenty seconds to start: it echoes, hands over, can be away or slow."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.conversations.engine import Answered, EngineAway
from bot.conversations.model import Conversation


class ScriptedEngine:
    """Answers each message with its own words, and counts how often it was asked.

    With a `request` it answers as the dialogue does once somebody has agreed to be passed on.
    """

    def __init__(self) -> None:
        self.is_away = False
        self.seconds = 0.0
        self.fails_at: str | None = None
        self.asked: list[str] = []
        self.state = "ready"
        self.language: str | None = None
        self.council: str | None = None
        self.request: dict[str, Any] | None = None
        self.replies: list[dict[str, Any]] | None = None
        """What a test lays out, in place of an answer."""

    @property
    def is_ready(self) -> bool:
        return not self.is_away

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def answer(self, conversation: Conversation, message: str, text: str, *, language: str | None = None) -> Answered:
        if self.is_away:
            raise EngineAway("away")
        await asyncio.sleep(self.seconds)
        if text == self.fails_at:
            raise ValueError("a fault of the program")
        self.asked.append(text)
        if self.request is not None:
            passed_on = {"kind": "handoff", "text": "Passed on.", "request": self.request}
            return Answered([passed_on], self.language, self.council)
        if self.replies is not None:
            return Answered(self.replies, self.language, self.council)
        reply = {"kind": "answer", "text": f"You said: {text}", "entry": "council-tax", "sources": []}
        return Answered([{**reply, "authority": conversation.authority}], self.language, self.council)

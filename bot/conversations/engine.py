"""What answers behind the service: the engine, as conversations need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.conversations.model import Conversation, Draft


class EngineAway(Exception):
    """The engine is not there, or too slow."""


@dataclass(frozen=True)
class Answered:
    """The engine's replies, the language the person writes in when it is not English, and the council it knows of."""

    replies: list[Draft]
    language: str | None = None
    council: str | None = None


class Engine(Protocol):
    """What answers: the replies to one message, the same again for the same message."""

    async def answer(self, conversation: Conversation, message: str, text: str, *, language: str | None = None) -> Answered:
        """`message` is its id, `language` what the text was translated from. Raises EngineAway."""
        ...

    @property
    def is_ready(self) -> bool: ...

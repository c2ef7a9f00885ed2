"""Whose turn it is in a conversation: its messages are answered one after another, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """One queue for each conversation in which something waits."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def of(self, conversation_id: str) -> AsyncIterator[None]:
        """The conversation to oneself."""
        queue = self._queues.setdefault(conversation_id, _Queue())
        queue.waiting += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.waiting -= 1
            if queue.waiting == 0:
                self._queues.pop(conversation_id, None)

    def waiting(self, conversation_id: str) -> int:
        """How many wait for the conversation, whoever has it included."""
        queue = self._queues.get(conversation_id)
        return queue.waiting if queue else 0


class _Queue:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0

"""Tells whoever listens to a conversation what is new in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.conversations.model import Message

MOST_UNREAD = 100
"""News that a slow listener may have before it; one with more is cut off, and resumes from the last message it has."""


MOST_LISTENERS = 10
"""Of one conversation; one more ends the oldest."""


@dataclass(frozen=True)
class News:
    """A new message, or (without one) that the assistant is writing."""

    message: Message | None


class Announcer:
    """Passes news on within this process. What is said is stored first, so nothing depends on anybody hearing it."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[asyncio.Queue[News | None], None]] = {}

    @contextmanager
    def listen(self, conversation_id: str) -> Iterator[asyncio.Queue[News | None]]:
        """A queue of news; None ends it: the conversation was deleted, or the listener is too slow."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(MOST_UNREAD + 1)
        listeners = self._listeners.setdefault(conversation_id, {})
        while len(listeners) >= MOST_LISTENERS:
            self._end(conversation_id, next(iter(listeners)))
            listeners = self._listeners.setdefault(conversation_id, {})
        listeners[queue] = None
        try:
            yield queue
        finally:
            self._forget(conversation_id, queue)

    def say(self, conversation_id: str, message: Message) -> None:
        self._pass_on(conversation_id, News(message))

    def typing(self, conversation_id: str) -> None:
        self._pass_on(conversation_id, News(None))

    def close(self, conversation_id: str) -> None:
        for queue in list(self._listeners.get(conversation_id, ())):
            self._end(conversation_id, queue)

    def close_all(self) -> None:
        for conversation_id in list(self._listeners):
            self.close(conversation_id)

    def _pass_on(self, conversation_id: str, news: News) -> None:
        for queue in list(self._listeners.get(conversation_id, ())):
            if queue.qsize() >= MOST_UNREAD:
                self._end(conversation_id, queue)
            else:
                queue.put_nowait(news)

    def _end(self, conversation_id: str, queue: asyncio.Queue[News | None]) -> None:
        self._forget(conversation_id, queue)
        while queue.qsize() >= MOST_UNREAD:
            queue.get_nowait()
        queue.put_nowait(None)

    def _forget(self, conversation_id: str, queue: asyncio.Queue[News | None]) -> None:
        listeners = self._listeners.get(conversation_id, {})
        listeners.pop(queue, None)
        if not listeners:
            self._listeners.pop(conversation_id, None)

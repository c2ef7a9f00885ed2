"""Tells whoever listens to a conversation what is new in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.conversations.model import Author, Message

MOST_UNREAD = 100
"""News that a slow listener may have before it; one with more is cut off, and resumes from the last message it has."""


MOST_LISTENERS = {Author.PERSON: 10, Author.STAFF: 40}
"""Of one conversation, on each side; one more ends the oldest of that side."""


@dataclass(frozen=True)
class News:
    """A new message; or that one side is writing; or (with `seen`) the last message that it was shown."""

    message: Message | None = None
    by: Author = Author.ASSISTANT
    seen: int | None = None


class Announcer:
    """Passes news on within this process. What is said is stored first, so nothing depends on anybody hearing it."""

    def __init__(self) -> None:
        self._listeners: dict[str, dict[asyncio.Queue[News | None], Author]] = {}

    @contextmanager
    def listen(self, conversation_id: str, side: Author = Author.PERSON) -> Iterator[asyncio.Queue[News | None]]:
        """A queue of news; None ends it: the conversation was deleted, or the listener is too slow."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(MOST_UNREAD + 1)
        same_side = [each for each, other in self._listeners.get(conversation_id, {}).items() if other is side]
        for oldest in same_side[: max(0, len(same_side) - MOST_LISTENERS[side] + 1)]:
            self._end(conversation_id, oldest)
        self._listeners.setdefault(conversation_id, {})[queue] = side
        try:
            yield queue
        finally:
            self._forget(conversation_id, queue)

    def say(self, conversation_id: str, message: Message) -> None:
        self._pass_on(conversation_id, News(message, message.author))

    def typing(self, conversation_id: str, by: Author = Author.ASSISTANT) -> None:
        self._pass_on(conversation_id, News(by=by))

    def seen(self, conversation_id: str, by: Author, message_id: int) -> None:
        self._pass_on(conversation_id, News(by=by, seen=message_id))

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

"""Tells the open desks which cases have changed, and knows who sits at one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.staff.model import Member, Role

MOST_UNREAD = 1000
"""Changes that a slow desk may have before it; one with more is cut off, and reads the whole queue again."""


class DeskAnnouncer:
    """Passes on the ids of changed cases within this process. The database has them, so nothing depends on being heard."""

    def __init__(self) -> None:
        self._desks: dict[asyncio.Queue[int | None], Member] = {}

    @contextmanager
    def listen(self, member: Member) -> Iterator[asyncio.Queue[int | None]]:
        """A queue of ids; None ends it."""
        queue: asyncio.Queue[int | None] = asyncio.Queue(MOST_UNREAD + 1)
        self._desks[queue] = member
        try:
            yield queue
        finally:
            self._desks.pop(queue, None)

    def changed(self, escalation_id: int) -> None:
        for queue in list(self._desks):
            if queue.qsize() >= MOST_UNREAD:
                self._end(queue)
            else:
                queue.put_nowait(escalation_id)

    def at_the_desk(self, authority: str | None) -> int:
        """How many duty workers have the desk of this council's cases open; whoever looks in on them is not at it."""
        see = (each for each in self._desks.values() if each.role is Role.DUTY and each.authority in (authority, None))
        return len({member.id for member in see})

    def close_all(self) -> None:
        for queue in list(self._desks):
            self._end(queue)

    def _end(self, queue: asyncio.Queue[int | None]) -> None:
        self._desks.pop(queue, None)
        while queue.qsize() >= MOST_UNREAD:
            queue.get_nowait()
        queue.put_nowait(None)

"""How many suggestions wait, for the navigation of every page: counted beside the pages, which wait for no database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from bot.desk.suggestions import Suggestions, is_for
from bot.staff.model import Member

logger = logging.getLogger(__name__)
LOOK_SECONDS = 5.0


class Tray:
    """One instance serves all pages of one web process; what another process does is seen a moment later."""

    def __init__(self, suggestions: Suggestions) -> None:
        self._suggestions = suggestions
        self._counts: Mapping[str | None, int] = {}

    def count(self, member: Member) -> int:
        """How many waited for this member's decision at the last look."""
        return sum(count for authority, count in self._counts.items() if is_for(member, authority))

    async def look(self) -> None:
        self._counts = await asyncio.get_running_loop().run_in_executor(None, self._suggestions.counts)

    async def keep_looking(self) -> None:
        """For ever: look now and then."""
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("Suggestions could not be counted; trying again.")
            await asyncio.sleep(LOOK_SECONDS)

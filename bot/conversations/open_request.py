"""What the assistant says, while it answers, of a request for a person that is open or being taken down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.conversations.handoff import Handoff
from bot.conversations.handoff_store import HandoffStore
from bot.conversations.model import Conversation, Draft, Escalation, Message
from bot.conversations.store import ConversationStore
from bot.conversations.wishes import asks_where

Run = Callable[..., Awaitable[Any]]
"""Calls something that blocks in a thread."""


class OpenRequest:
    """Reads how requests stand, and words it. It stores nothing."""

    def __init__(self, store: ConversationStore, handoffs: HandoffStore, handoff: Handoff, *, run: Run) -> None:
        self._store, self._handoffs, self._handoff, self._run = store, handoffs, handoff, run

    async def where(self, conversation: Conversation, message: Message) -> list[Draft]:
        """Where their request stands, for somebody who asks that; nothing for anybody else."""
        if not asks_where(message.text) or await self.asked(message):
            return []
        case = await self._run(self._case, conversation)
        return [self._handoff.still_open(case)] if case else []

    async def beside(self, conversation: Conversation, message: Message, drafts: list[Draft]) -> list[Draft]:
        """Replies with where an open request stands: with what offers a person, begins another request, or calls it off."""
        begins = _says(drafts, "collecting") and not await self.asked(message)
        calls_off = any(draft["kind"] == "cancelled" for draft in drafts)
        if not (offers_person(drafts) or begins or calls_off):
            return drafts
        case = await self._run(self._case, conversation)
        if case is None:
            return drafts
        return [self._handoff.added_to(case), *drafts] if begins else [*drafts, self._handoff.still_open(case)]

    async def asked(self, message: Message) -> Draft | None:
        """What a request for a person asked before a message, if one was being taken down."""
        before = await self._run(self._store.said_before, message)
        drafts: list[Draft] = [{"kind": each.kind, "text": each.text, **each.details} for each in before]
        return next((draft for draft in drafts if _says([draft], "collecting")), None)

    def _case(self, conversation: Conversation) -> Escalation | None:
        """The request that the person made before, if nobody has answered it; a cry for help is none."""
        case = self._handoffs.escalation(conversation.id)
        return case if case and not case.is_crisis and case.replied_at is None else None


def offers_person(drafts: Sequence[Draft]) -> bool:
    """Whether the assistant cannot help and says that somebody could, who is not being asked for already."""
    return _says(drafts, "offered") and not _says(drafts, "collecting")


def _says(replies: Sequence[Mapping[str, Any]], status: str) -> bool:
    """Whether one of these replies says that a request for a person stands so."""
    return any((reply.get("handoff") or {}).get("status") == status for reply in replies)

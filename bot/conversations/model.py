"""Conversations and messages as values, and the words for who says what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Author(str, Enum):
    PERSON = "person"
    ASSISTANT = "assistant"
    STAFF = "staff"


class Holder(str, Enum):
    """Who answers next: the assistant, nobody yet, or a member of staff."""

    BOT = "bot"
    WAITING = "waiting"
    STAFF = "staff"


@dataclass(frozen=True)
class Conversation:
    """One person's chat. `authority` is the council that was picked at its start, if one was."""

    id: str
    channel: str
    authority: str | None
    language: str
    holder: Holder
    crisis_at: datetime | None = None
    """When urgent help was last given in it."""
    checking: str | None = None
    """The kind of danger for which the last reply asked whether the person is safe."""


class Urgency(str, Enum):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"


class Status(str, Enum):
    """Where an escalation stands."""

    OPEN = "open"


@dataclass(frozen=True)
class Escalation:
    """The duty desk's record of one request. `conversation_id` is None when the person deleted the conversation."""

    id: int
    reference: str
    conversation_id: str | None
    authority: str | None
    reason: str
    urgency: Urgency
    status: Status
    opened_at: datetime


@dataclass(frozen=True)
class Message:
    """One thing said. `kind` is `said` for the person's own, else one of the public API's kinds.

    `details` holds the API's other fields: entry, authority, sources, asks, choices, handoff.
    """

    id: int
    conversation_id: str
    author: Author
    kind: str
    text: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    client_message_id: str | None = None
    reply_to: int | None = None
    is_answered: bool = True
    helpful: bool | None = None

    def public(self) -> dict[str, Any]:
        """The message as the public API gives it."""
        return {
            "id": str(self.id),
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "author": self.author.value,
            "kind": self.kind,
            "text": self.text,
            **self.details,
        }


class ConversationError(Exception):
    """The root of what conversations refuse; each message is a sentence for the person."""


class ConversationNotFound(ConversationError):
    """There is no such conversation for this token."""


class MessageRefused(ConversationError):
    """The message cannot be taken; nothing was stored."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class StoreAway(ConversationError):
    """What is said cannot be stored or read just now."""


class TooManyWaiting(ConversationError):
    """Earlier messages of this conversation still wait for their answers; nothing was stored."""

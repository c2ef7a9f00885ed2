"""Conversations and messages as values, and the words for who says what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

Draft = dict[str, Any]
"""A reply before it is stored: `kind`, `text`, and the API's other fields."""


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
    pa_id: int | None = None
    """The personal adviser by whose invitation it was opened."""
    request: int | None = None
    """The last of their requests for a person that was passed on: its line in the escalation log."""
    seen_by_person: int = 0
    seen_by_staff: int = 0
    """The last message that each side was shown."""


class Urgency(str, Enum):
    """How soon somebody must answer; the most urgent comes first."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"

    @property
    def rank(self) -> int:
        return list(Urgency).index(self)


TARGETS: Mapping[Urgency, timedelta] = {
    Urgency.EMERGENCY: timedelta(minutes=5),
    Urgency.URGENT: timedelta(minutes=30),
    Urgency.ROUTINE: timedelta(hours=4),
}
"""Working time until somebody should have answered first."""


class Status(str, Enum):
    """Where an escalation stands: nobody has it yet, somebody does, it is put off, or it is done."""

    OPEN = "open"
    TAKEN = "taken"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Way(str, Enum):
    """How the person wants an answer."""

    CHAT = "chat"
    CALL = "call"
    TEXT = "text"
    EMAIL = "email"


ASKED = "asked"
"""The reason of an escalation that the person asked for; other reasons are kinds of danger."""


@dataclass(frozen=True)
class Request:
    """What an escalation is opened with. The last four are in the person's own words or numbers."""

    reason: str
    urgency: Urgency
    way: Way = Way.CHAT
    to_pa: bool = False
    about: str | None = None
    phone: str | None = None
    email: str | None = None
    good_time: str | None = None


@dataclass(frozen=True)
class Escalation:
    """The duty desk's record of one request. `conversation_id` is None when the person deleted the conversation.

    `pa_id` is the adviser whom it went to first, `holder_id` who has it, or is to have it while it is open.
    """

    id: int
    reference: str
    conversation_id: str | None
    authority: str | None
    reason: str
    urgency: Urgency
    status: Status
    opened_at: datetime
    way: Way = Way.CHAT
    pa_id: int | None = None
    holder_id: int | None = None
    due_at: datetime | None = None
    taken_at: datetime | None = None
    replied_at: datetime | None = None
    snoozed_until: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None

    @property
    def is_crisis(self) -> bool:
        return self.reason != ASKED

    @property
    def is_with_adviser(self) -> bool:
        """Whether their personal adviser has it, or is to have it; the team is told of what is nobody's."""
        return self.pa_id is not None and self.holder_id == self.pa_id


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

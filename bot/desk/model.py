"""A case as the desk shows it: an escalation with who has it, what is new in it, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.conversations.model import Escalation


class View(str, Enum):
    """Which cases a page of the desk lists."""

    WAITING = "waiting"
    """Nobody has taken them."""
    MINE = "mine"
    OTHERS = "others"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Outcome(str, Enum):
    """How a case ended."""

    HELPED = "helped"
    PASSED_ON = "passed on"
    NO_REPLY = "no reply"
    NOT_NEEDED = "not needed"
    SAFE = "safe"
    """Somebody made sure that the person is safe."""


@dataclass(frozen=True)
class Case:
    """One escalation. `unread` counts the person's messages that nobody of the team was shown.

    `waits_since` is when the oldest of them was written.
    """

    escalation: Escalation
    holder: str | None
    """The name of who has it, or is to have it."""
    pa: str | None
    """The name of the personal adviser whom it went to first."""
    channel: str | None
    language: str | None
    chat_with: str | None
    """Who answers in the chat now: bot, waiting or staff; None when the conversation was deleted."""
    unread: int
    waits_since: datetime | None
    seen_by_person: int


@dataclass(frozen=True)
class Contact:
    """What the person told to be reached by, in their own words and numbers."""

    about: str | None
    phone: str | None
    email: str | None
    good_time: str | None


@dataclass(frozen=True)
class Note:
    """A private note of the team."""

    at: datetime
    author: str
    text: str


@dataclass(frozen=True)
class Happening:
    """A line of a case's log; `who` is None for what the person or the program did."""

    at: datetime
    what: str
    who: str | None
    detail: str | None


class DeskError(Exception):
    """The root of what the desk refuses; each message is a sentence for staff."""


class CaseNotFound(DeskError):
    """There is no such case, or this member may not see it; the two look the same."""


class ActRefused(DeskError):
    """It cannot be done as things stand; nothing was changed."""

"""A case as the desk shows it: an escalation with who has it, what is new in it, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.conversations.model import Escalation, Urgency, Way


class View(str, Enum):
    """Which cases a page of the desk lists."""

    WAITING = "waiting"
    """Nobody has taken them, or whoever has does not answer."""
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
class Filter:
    """Which of the cases that somebody may see are listed; what is None or False leaves none out."""

    council: str | None = None
    """A council's id, or NO_COUNCIL."""
    urgency: Urgency | None = None
    way: Way | None = None
    whose: int | None = None
    """The id of a personal adviser whose young people's cases they are."""
    is_danger: bool | None = None
    """True for cries for help, False for what was asked for."""
    is_unread: bool = False
    """Whether only cases are listed in which the person wrote something that nobody of the team was shown."""


NO_COUNCIL = "unknown"
"""Stands in a filter for the cases whose council is not known yet."""
EVERYTHING = Filter()


@dataclass(frozen=True)
class Ratings:
    """How many people said whether they were helped, and how many of them were."""

    helped: int
    said: int


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
    was_helped: bool | None
    """What the person said of a closed case's help; None when they said nothing, or deleted the chat."""
    is_unanswered: bool
    """Whether somebody has it and did not answer in time, so that the whole team was told."""


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


class SearchRefused(DeskError):
    """It cannot be searched for; nothing was looked at."""


class ActRefused(DeskError):
    """It cannot be done as things stand; nothing was changed."""

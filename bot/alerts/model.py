"""An alert as a value, why it is sent, by which medium, and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Stage(str, Enum):
    """Why an alert is sent: the case is new, it has become more urgent, nobody has taken it, or its manager must know;
    it was handed over to somebody, it is the team's again, or whoever has it does not answer.
    """

    NEW = "new"
    URGENT = "urgent"
    EMERGENCY = "emergency"
    WAITING = "waiting"
    MANAGER = "manager"
    HANDED = "handed"
    BACK = "back"
    SILENCE = "silence"


class Medium(str, Enum):
    EMAIL = "email"
    WEBHOOK = "webhook"


Address = tuple[Medium, str]
"""An e-mail address, or a webhook's URL."""


@dataclass(frozen=True)
class Alert:
    """One message to one address about one escalation, and what became of it.

    Of the escalation it holds what may be told outside the desk, and no more.
    """

    id: int
    escalation_id: int
    reference: str
    urgency: str
    authority: str | None
    opened_at: datetime
    stage: Stage
    medium: Medium
    address: str = field(repr=False)
    """It may hold a webhook's secret."""
    made_at: datetime
    attempts: int
    next_at: datetime
    """When it is tried (again), unless it was sent or given up."""
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None
    """Why the last attempt failed, in our own words."""
    is_dropped: bool = False
    """It is not sent any more: the account that it is for is off."""

    @property
    def key(self) -> str:
        """The same at every attempt, and of no other alert; the reference tells the alerts of two databases apart."""
        return f"alert-{self.id}-{self.reference}"


class AlertError(Exception):
    """The root of what goes wrong with alerts; each message is a sentence without an address."""


class AddressRefused(AlertError):
    """A mail server or a webhook that is not sent to."""


class Undelivered(AlertError):
    """An alert was not accepted. When that `is_final` the same would happen again; otherwise it is worth another try."""

    def __init__(self, why: str, *, is_final: bool) -> None:
        super().__init__(why)
        self.is_final = is_final

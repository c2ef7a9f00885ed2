"""Until when somebody should have answered first, and what the person is honestly told about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.conversations.model import TARGETS, Escalation, Urgency, Way
from content.hours import ENGLISH_TIME, OpeningHours
from content.library import Library, Shelf


class Targets:
    """Counts in the working hours of the council's duty team; without a known council, in those of any council's."""

    def __init__(self, library: Library, targets: Mapping[Urgency, timedelta] = TARGETS) -> None:
        self._library, self._targets = library, targets

    def due(self, urgency: Urgency, authority: str | None, opened_at: datetime) -> datetime:
        """When the target is over; where no hours are known, every hour counts."""
        working = self._targets[urgency]
        ends = [each for hours in self._hours(authority) if (each := hours.after(opened_at, working))]
        return min(ends, default=opened_at + working)

    def told(self, escalation: Escalation, at: datetime, *, again: bool = False) -> str:
        """What the person is told once their request is passed on: to whom, the reference, and when to expect an answer."""
        shelf = self._library.shelf
        sent = "handoff_sent_again" if again else "handoff_sent"
        return "\n\n".join(
            (
                shelf.phrases(sent, to=self.team(escalation, shelf), reference=escalation.reference),
                self.when(escalation, at),
                shelf.phrases("handoff_sent_chat" if escalation.way is Way.CHAT else "handoff_sent_other"),
            )
        )

    def team(self, escalation: Escalation, shelf: Shelf) -> str:
        if escalation.is_with_adviser:
            return shelf.phrases("handoff_to_pa")
        authority = shelf.authorities.get(escalation.authority or "")
        return shelf.phrases("handoff_to_team", council=authority.label) if authority else shelf.phrases("handoff_to_duty")

    def closed(self, escalation: Escalation, at: datetime) -> str | None:
        """When a team that is closed opens and aims to answer, and whom to call until then; None while it is open."""
        hours = self._hours(escalation.authority)
        if not hours or any(each.is_open(at) for each in hours):
            return None
        shelf, due = self._library.shelf, self._due_from(escalation, at)
        opens = min((each for one in hours if (each := one.next_opening(at))), default=due)
        authority = shelf.authorities.get(escalation.authority or "")
        emergency = " or ".join(
            each.emergency.line() for each in ([authority] if authority else shelf.councils) if each.emergency
        )
        closed = shelf.phrases("handoff_closed", opens=clock_words(opens, at), due=clock_words(due, at))
        return f"{closed} {shelf.phrases('handoff_emergency', emergency=emergency)}" if emergency else closed

    def when(self, escalation: Escalation, at: datetime) -> str:
        """When to expect an answer, told at a moment."""
        due = clock_words(self._due_from(escalation, at), at)
        return self.closed(escalation, at) or self._library.shelf.phrases("handoff_expect", due=due)

    def _due_from(self, escalation: Escalation, at: datetime) -> datetime:
        due = escalation.due_at
        if due is None or due <= at:
            # It is late already; what can be told honestly is when the target is over from now on.
            due = self.due(escalation.urgency, escalation.authority, at)
        return due

    def _hours(self, authority: str | None) -> list[OpeningHours]:
        shelf = self._library.shelf
        known = shelf.authorities.get(authority or "")
        councils = [known] if known else shelf.councils
        return [council.urgent.hours for council in councils if council.urgent and council.urgent.hours.periods]


def clock_words(moment: datetime, now: datetime) -> str:
    """A moment as people say it, English time: "2.40pm today", "9am on Monday", "9am on Monday 4 January"."""
    there, here = moment.astimezone(ENGLISH_TIME), now.astimezone(ENGLISH_TIME)
    minutes = f".{there.minute:02}" if there.minute else ""
    time = f"{there.hour % 12 or 12}{minutes}{'am' if there.hour < 12 else 'pm'}"
    days = (there.date() - here.date()).days
    if days == 0:
        return f"{time} today"
    if days == 1:
        return f"{time} tomorrow"
    day = there.strftime("%A") if days < 7 else f"{there.strftime('%A')} {there.day} {there.strftime('%B')}"
    return f"{time} on {day}"

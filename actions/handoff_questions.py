"""What the handover form says: its questions, the read-back, and that the request was passed on or called off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.circumstances import NO_ANSWER, NOT_SAYING
from actions.contact import EMAIL
from actions.handoff_slots import (
    ABOUT,
    ADDRESS,
    ADVISER,
    ASKED,
    CHANGE,
    CHANGE_IT,
    CONSENT,
    DUTY,
    MISSES,
    NOT_ADVISER,
    NOTE,
    PA,
    PHONE,
    SLOTS,
    TIME,
    WAY,
    shortened,
)
from actions.library_action import LibraryAction
from actions.person import TO, collecting, teams
from actions.turn import AUTHORITY, Turn
from content.model import Authority


def now() -> datetime:
    return datetime.now(timezone.utc)


def _choices(*labels: str) -> list[dict[str, str]]:
    return [{"label": label, "value": label} for label in labels]


WHO = _choices("My PA", "The duty team")
HOW = _choices("Stay in this chat", "Call me", "Text me", "Email me")
STAY, SKIP = _choices("Stay in this chat"), _choices("Skip")
CONFIRM = _choices("Yes, send it", CHANGE_IT, "No, stop")
WRONG = ("handoff_phone_wrong", "handoff_email_wrong", "handoff_offer_chat")
CONTACTS = {"call": "Number", "text": "Number", EMAIL: "Email address"}
"""What the change of a contact is called."""


class HandoffAction(LibraryAction):
    """Says something of the form, which has taken what the message says: it is heard for nothing else."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        turn = Turn(dispatcher, tracker, self.library.shelf, hears=False)
        self.act(turn)
        turn.remember(misses=0)
        return turn.events


class HandoffQuestion(HandoffAction):
    """One question. The first of a request comes with whom to call, for whoever would rather do that."""

    slot = ""
    kind = "handoff"
    asks = "contact"

    def act(self, turn: Turn) -> None:
        turn.remember(**{ASKED: self.slot, NOTE: None})
        note = turn.tracker.get_slot(NOTE)
        parts = [] if turn.tracker.get_slot(ASKED) else [_first(turn)]
        parts.append(self.text(turn, note))
        turn.say(self.kind, "\n\n".join(parts), asks=self.asks, choices=self.choices(turn), handoff=collecting(turn))

    def text(self, turn: Turn, note: str | None) -> str:
        """The question after a note on what was said before."""
        noted = [turn.phrase(note, place=turn.elsewhere)] if note else []
        return "\n\n".join([*noted, self.question(turn)])

    def question(self, turn: Turn) -> str:
        return turn.phrase(self.slot)

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        raise NotImplementedError


class ActionAskHandoffAuthority(HandoffQuestion):
    action_name = "action_ask_handoff_form_authority"
    slot, kind, asks = AUTHORITY, "question", "authority"

    def question(self, turn: Turn) -> str:
        return turn.phrase("ask_authority")

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return [*turn.councils(), *NO_ANSWER]


class ActionAskHandoffTo(HandoffQuestion):
    action_name = "action_ask_handoff_to"
    slot = TO

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return WHO


class ActionAskHandoffWay(HandoffQuestion):
    action_name = "action_ask_handoff_way"
    slot = WAY

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return HOW


class AskContact(HandoffQuestion):
    """A number or an address; what is said of a wrong one asks for it again."""

    def text(self, turn: Turn, note: str | None) -> str:
        return turn.phrase(note) if note in WRONG else super().text(turn, note)

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return STAY if turn.tracker.get_slot(MISSES) else NOT_SAYING


class ActionAskHandoffPhone(AskContact):
    action_name = "action_ask_handoff_phone"
    slot = PHONE


class ActionAskHandoffEmail(AskContact):
    action_name = "action_ask_handoff_email"
    slot = ADDRESS


class ActionAskHandoffAbout(HandoffQuestion):
    action_name = "action_ask_handoff_about"
    slot, asks = ABOUT, "name"

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return SKIP


class ActionAskHandoffChange(HandoffQuestion):
    action_name = "action_ask_handoff_change"
    slot = CHANGE

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        contact = CONTACTS.get(turn.tracker.get_slot(WAY))
        return _choices("How", *([contact] if contact else []), "About")


class ActionAskHandoffConsent(HandoffQuestion):
    """Reads back what will be passed on, who will see it, and what it is for."""

    action_name = "action_ask_handoff_consent"
    slot, asks = CONSENT, "consent"

    def question(self, turn: Turn) -> str:
        request = request_of(turn)
        contact = request["email"] if request["way"] == EMAIL else request["phone"]
        lines = [
            turn.phrase("handoff_read_back", who=_who(turn)),
            turn.phrase(f"handoff_by_{request['way']}", contact=contact),
        ]
        if request["good_time"]:
            lines.append(turn.phrase("handoff_good_time", time=request["good_time"]))
        if request["about"]:
            lines.append(turn.phrase("handoff_reason", about=request["about"]))
        return "\n".join(lines) + "\n\n" + turn.phrase("handoff_consent")

    def choices(self, turn: Turn) -> Sequence[dict[str, str]]:
        return CONFIRM


class ActionEndHandoff(HandoffAction):
    """Pass the request on, or nothing at all, and forget it.

    The web process opens the case: it fills in the reference and puts its own text, with the hours, in place of ours.
    """

    action_name = "action_end_handoff"

    def act(self, turn: Turn) -> None:
        is_sent = turn.tracker.get_slot(CONSENT)
        request = request_of(turn)
        turn.remember(**dict.fromkeys(SLOTS))
        if is_sent:
            handoff = {"status": "waiting", "reference": None, "to": request["to"]}
            turn.say("handoff", turn.phrase("handoff_passed_on"), handoff=handoff, request=request)
        else:
            turn.say("cancelled", turn.phrase("handoff_stopped"))


def request_of(turn: Turn) -> dict[str, Any]:
    """The request as the web process takes it. Only the contact that belongs to the way is passed on."""
    slot = turn.tracker.get_slot
    way = slot(WAY)
    return {
        "to": slot(TO) or DUTY,
        "way": way,
        "phone": slot(PHONE) if CONTACTS.get(way) == "Number" else None,
        "email": slot(ADDRESS) if way == EMAIL else None,
        "good_time": slot(TIME),
        "about": _about(turn),
    }


def _about(turn: Turn) -> str | None:
    """Their own words; before them the language they speak and the adviser they asked for."""
    name, own = turn.tracker.get_slot(ADVISER), turn.tracker.get_slot(ABOUT)
    parts = [turn.phrase("handoff_speaks", language=turn.language.english_name)] if turn.language else []
    if name == NOT_ADVISER:
        parts.append(turn.phrase("handoff_not_for_adviser"))
    elif name is not None:
        parts.append(turn.phrase("handoff_for_named", name=name) if name else turn.phrase("handoff_for_adviser"))
    return shortened(" ".join([*parts, *([own] if own else [])])) or None


def _first(turn: Turn) -> str:
    """Whom to call instead: the team or, while it is closed, who is there for what cannot wait."""
    councils = [turn.shelf.authority(turn.council)] if turn.council else turn.shelf.councils
    emergency = [council.emergency.line() for council in councils if council.emergency and _is_closed(council)]
    if len(emergency) == len(councils):
        return turn.phrase("handoff_first_closed", emergency="\n" + "\n".join(emergency))
    if turn.council:
        return turn.phrase("handoff_first", team=councils[0].team.line())
    return turn.phrase("handoff_first_any", teams=f"\n{teams(turn)}")


def _is_closed(council: Authority) -> bool:
    hours = council.urgent.hours if council.urgent else None
    return bool(hours and hours.periods and not hours.is_open(now()))


def _who(turn: Turn) -> str:
    if turn.tracker.get_slot(TO) == PA:
        return turn.phrase("handoff_to_pa")
    if turn.council:
        return turn.phrase("handoff_to_team", council=turn.shelf.authority(turn.council).label)
    return turn.phrase("handoff_to_duty")

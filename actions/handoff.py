"""The handover form: it takes what a message answers, and names the next question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.contact import CALL, EMAIL, TEXT
from actions.handoff_reply import Reply
from actions.handoff_slots import ABOUT, ADDRESS, ASKED, CHANGE, CONSENT, PHONE, WAY
from actions.library_action import LibraryAction
from actions.person import TO
from actions.turn import AUTHORITY, Turn


class ValidateHandoffForm(LibraryAction):
    """Takes what a message answers, also what was not asked for yet, and names the next question.

    A message that asks for something else is left to its own rule: then nothing is taken, and the form rejects it.
    """

    action_name = "validate_handoff_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        # Not `requested_slot`, which is still another form's when this one starts in the middle of it.
        asked = tracker.get_slot(ASKED)
        turn = Turn(dispatcher, tracker, self.library.shelf, hears=asked not in (PHONE, ADDRESS, ABOUT))
        reply, events = Reply(turn, asked), []
        taken = reply.taken()
        if taken is not None:
            # A short reply is easily taken for another language; what begins the form is in English, or translated.
            events = [event for event in turn.events if asked is None or event["name"] != "language"]
            events.extend(SlotSet(name, value) for name, value in taken.items())
        known = {**tracker.slots, **{event["name"]: event["value"] for event in events}}
        if reply.asks_too:
            # What it is about is a question: it is passed on, and answered before the form goes on.
            events.extend(ActionAnswer(self.library).run(dispatcher, tracker, domain))
        return [*events, SlotSet("requested_slot", next_question(known))]


def next_question(slots: Mapping[str, Any]) -> str | None:
    """The slot to ask for; None when the request is confirmed or called off."""
    if slots.get(CONSENT) is not None:
        return None
    if slots.get(CHANGE):
        return CHANGE
    wanted = [TO, WAY, ABOUT]
    if not slots.get("has_pa"):
        wanted.insert(0, AUTHORITY)
    if slots.get(WAY) in (CALL, TEXT):
        wanted.insert(-1, PHONE)
    elif slots.get(WAY) == EMAIL:
        wanted.insert(-1, ADDRESS)
    return next((slot for slot in wanted if slots.get(slot) is None), CONSENT)

"""Asking for what an answer depends on: the council, the age, one situation."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction

from actions.library_action import LibraryAction
from actions.turn import AUTHORITY, Turn
from content.eligibility import AGE
from content.model import Situation

NO_ANSWER = [{"label": "I don't know", "value": "I don't know"}]
NOT_SAYING = [{"label": "Rather not say", "value": "Rather not say"}]
AGES = [{"label": age, "value": age} for age in ("16", "17", "18", "19", "20", "21", "22", "23", "24")]
YES_NO = [{"label": "Yes", "value": "Yes"}, {"label": "No", "value": "No"}]


class ValidateCircumstancesForm(FormValidationAction):
    """The form asks for the one thing that is wanted; the rest is not its business."""

    def name(self) -> str:
        return "validate_circumstances_form"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        wanted = tracker.get_slot("wanted")
        if wanted is None:
            return []
        return [wanted if wanted in (AUTHORITY, AGE) else "situation"]


class ActionAskAuthority(LibraryAction):
    """Ask which council; a place where somebody lives does not settle it."""

    action_name = "action_ask_authority"
    leaves_form = False

    def act(self, turn: Turn) -> None:
        places = turn.said("place", "own", "lives")
        text = turn.phrase("ask_authority")
        if places and (surface := self._surface(turn)):
            text = turn.phrase("ask_authority_place", place=surface)
        turn.say("question", text, asks="authority", choices=[*turn.councils(), *NO_ANSWER])

    @staticmethod
    def _surface(turn: Turn) -> str | None:
        """The place as its council writes it, never as the person did."""
        text = (turn.tracker.latest_message or {}).get("text", "").lower()
        places = [place for council in turn.shelf.councils for place in council.places if place.lower() in text]
        return max(places, key=len, default=None)


class ActionAskAge(LibraryAction):
    action_name = "action_ask_age"
    leaves_form = False

    def act(self, turn: Turn) -> None:
        turn.say("question", turn.phrase("ask_age"), asks="age", choices=[*AGES, *NOT_SAYING])


class ActionAskSituation(LibraryAction):
    """Ask about the one situation that is wanted: a question that yes or no answers."""

    action_name = "action_ask_situation"
    leaves_form = False

    def act(self, turn: Turn) -> None:
        wanted = next(
            (event["value"] for event in turn.events if event.get("name") == "wanted"), turn.tracker.get_slot("wanted")
        )
        words = turn.phrase.situations[Situation(wanted)]
        turn.say("question", words.question, asks="situation", choices=[*YES_NO, *NOT_SAYING])

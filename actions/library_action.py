"""The base of the actions: a library to answer from, and a turn to answer in."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Turn
from content.library import Library, open_library


class LibraryAction(Action):
    """An action that says what the library holds. Subclasses name themselves and write `act`."""

    action_name = ""

    def __init__(self, library: Library | None = None) -> None:
        self.library = library or open_library()

    def name(self) -> str:
        return self.action_name or type(self).__name__

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        turn = Turn(dispatcher, tracker, self.library.shelf)
        if self.leaves_form:
            turn.leave_form()
        if self.understood:
            turn.remember(misses=0)
        self.act(turn)
        return turn.events

    leaves_form = True
    """Whether the action's subject replaces a question that the form is waiting on."""
    understood = True
    """Whether the message was understood, so that the count of misses starts again."""

    def act(self, turn: Turn) -> None:
        raise NotImplementedError

"""Urgent help where no web process stands before the agent, as in `rasa shell`."""

from __future__ import annotations

from datetime import datetime, timezone

from actions.library_action import LibraryAction
from actions.turn import Turn
from content.crisis import Danger


class ActionUrgentHelp(LibraryAction):
    """Whom to call now. It tells nobody, and says so."""

    action_name = "action_urgent_help"

    def act(self, turn: Turn) -> None:
        urgent, language = turn.shelf.urgent, turn.language.code if turn.language else None
        text = urgent.text(Danger(turn.danger or Danger.SUICIDE), turn.council, datetime.now(timezone.utc), language)
        turn.say("crisis", f"{text}\n\n{urgent.say('crisis_not_told', language)}")


class ActionCheckIn(LibraryAction):
    """Ask whether they are safe, with the numbers to call if not."""

    action_name = "action_check_in"

    def act(self, turn: Turn) -> None:
        say, language = turn.shelf.urgent.say, turn.language.code if turn.language else None
        words = [say(name, language) for name in ("crisis_safe", "crisis_not_safe")]
        text = f"{say('crisis_check_in', language)}\n\n{say('crisis_check_in_numbers', language)}"
        turn.say("crisis", text, choices=[{"label": each, "value": each} for each in words])

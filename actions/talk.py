"""The talk round the answers: greetings, thanks, who it is, what it cannot do, stopping and starting again."""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, AllSlotsReset

from actions.answer import ActionAnswer, ActionNoteCircumstances, stays
from actions.library_action import LibraryAction
from actions.person import OFFERED
from actions.turn import AUTHORITY, ELSE, PERSON, UNKNOWN, Turn

SMALLTALK = {
    "greet": "greet",
    "goodbye": "goodbye",
    "thank": "thank",
    "react": "react",
    "affirm": "affirm",
    "deny": "deny",
    "dont_know": "ask_other",
    "rather_not_say": "deny",
    "ask_identity": "identity",
    "ask_capabilities": "capabilities",
    "delete_chat": "delete_chat",
}
WITH_TOPICS = frozenset(("greet", "affirm", "dont_know", "ask_capabilities"))


class ActionTalk(LibraryAction):
    """Small talk: the phrase that belongs to the intent."""

    action_name = "action_talk"

    def act(self, turn: Turn) -> None:
        if turn.in_handoff and turn.intent == "ask_identity":
            turn.say("smalltalk", turn.phrase("handoff_identity"))
            return
        choices = turn.topics() if turn.intent in WITH_TOPICS else ()
        kind = "question" if turn.intent == "dont_know" else "smalltalk"
        asks = {"asks": "topic"} if kind == "question" else {}
        turn.say(kind, turn.phrase(SMALLTALK.get(turn.intent, "ask_other")), choices=choices, **asks)


class ActionOwnCase(LibraryAction):
    """It sees nobody's file: say so, and name who does, with the number where the council is known."""

    action_name = "action_own_case"

    def act(self, turn: Turn) -> None:
        lines = [turn.phrase("own_case")]
        if turn.council:
            lines.append(turn.phrase("person", team=turn.shelf.authority(turn.council).team.line()))
        turn.say("out-of-scope", "\n\n".join(lines), choices=[PERSON, *turn.choices(turn.near)], handoff=OFFERED)


class ActionOutOfScope(LibraryAction):
    """Say that it cannot help; what belongs to leaving care but is in no entry, the team may know."""

    action_name = "action_out_of_scope"

    def act(self, turn: Turn) -> None:
        phrase = turn.phrase("not_covered" if turn.intent == "not_covered" else "out_of_scope")
        near = turn.choices(turn.near)
        if near:
            near.append(ELSE)
        turn.say("out-of-scope", phrase, choices=[PERSON, *(near or turn.topics())], handoff=OFFERED)


class ActionRefuse(LibraryAction):
    action_name = "action_refuse"

    def act(self, turn: Turn) -> None:
        turn.say("refusal", turn.phrase("refusal"), choices=[PERSON])


class ActionStop(LibraryAction):
    action_name = "action_stop"

    def act(self, turn: Turn) -> None:
        turn.remember(pending=None, wanted=None)
        turn.say("cancelled", turn.phrase("stopped"))


class ActionStartAgain(LibraryAction):
    """Forget the council, the age, the situation, the subject, and a request that is not sent; an adviser's link stays."""

    action_name = "action_start_again"

    def act(self, turn: Turn) -> None:
        turn.events.extend([AllSlotsReset(), ActiveLoop(None)])
        turn.remember(has_pa=turn.tracker.get_slot("has_pa"))
        turn.say("notice", turn.phrase("restarted"), choices=turn.topics())


class ActionNotUnderstood(LibraryAction):
    """Say so and offer choices; the second time in a row, offer a person. A situation that is told leads to its entries.

    A reply that does not answer the form's question counts as not known, so that the question never comes twice; who was
    asked for the council still gets the answer that waited for it.
    """

    action_name = "action_not_understood"
    understood = False

    def act(self, turn: Turn) -> None:
        wanted = turn.tracker.get_slot("wanted") if turn.in_form else None
        if wanted == AUTHORITY:
            turn.take_authority(UNKNOWN)
            ActionAnswer(self.library).act(turn)
            return
        if wanted:
            turn.decline(wanted)
        if turn.entry and turn.states_circumstances and not stays(turn, turn.entry):
            ActionNoteCircumstances(self.library).act(turn)
            return
        if turn.fitting:
            choices = turn.choices(dict.fromkeys((*turn.near, *turn.fitting)))
            turn.say("question", turn.phrase("noted_which"), asks="topic", choices=[*choices, PERSON])
            return
        misses = int(turn.tracker.get_slot("misses") or 0) + 1
        turn.remember(misses=misses)
        if misses > 1:
            turn.say("handoff", turn.phrase("not_understood_again"), choices=[PERSON, *turn.topics()], handoff=OFFERED)
        else:
            choices = turn.choices(turn.near) or turn.topics()
            turn.say("question", turn.phrase("not_understood"), asks="topic", choices=[*choices, PERSON])

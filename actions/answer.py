"""Answering: from published entries, for this council, age and situation, with the one question that would settle it."""

from __future__ import annotations

from actions.language import note_council
from actions.library_action import LibraryAction
from actions.turn import AUTHORITY, ELSE, PERSON, UNKNOWN, Turn
from content.answer import Answer
from content.eligibility import AGE
from content.model import Entry

ASK_ENTRY = "ask_entry"
MOST_QUESTIONS = 2
"""About the person's age and situation, for one entry."""
YOUNGEST, OLDEST = 16, 24
MOST_TOPICS = 6
"""Choices when only a subject is named."""


class ActionAnswer(LibraryAction):
    """Answer the entries that are asked for, or ask for the council first when the answer depends on it.

    The council is asked for once in a conversation; who does not know it gets the national rule or each council's own.
    """

    action_name = "action_answer"

    def act(self, turn: Turn) -> None:
        entries = turn.entries or self._pending(turn) or ([turn.entry.id] if turn.entry else [])
        if not entries:
            turn.say("question", turn.phrase("noted"), asks="topic", choices=turn.topics())
            return
        waiting = [entry for entry in entries if self._needs_council(turn, entry)]
        ready = [entry for entry in entries if entry not in waiting]
        self._outside_ages(turn)
        self._assumed(turn)
        answers = [answer for entry in ready for answer in self._answers(turn, entry)]
        settles = turn.tracker.get_slot("wanted") not in (None, AUTHORITY)
        asks_again = turn.intent == ASK_ENTRY and not turn.is_exact
        for answer in answers:
            turn.tell(answer, briefly=settles, again=asks_again and turn.has_told(answer))
        if turn.left_over:
            turn.say("notice", turn.phrase("more_asked"))
        turn.show(entry=(ready or waiting)[-1])
        turn.remember(pending=waiting, near=turn.near, wanted=None)
        if waiting:
            turn.ask_for(AUTHORITY)
        elif len(answers) == 1:
            ask_to_settle(turn, answers[0])

    @staticmethod
    def _pending(turn: Turn) -> list[str]:
        return [entry for entry in turn.tracker.get_slot("pending") or () if entry in turn.shelf.entries]

    @staticmethod
    def _needs_council(turn: Turn, entry: str) -> bool:
        return (
            not turn.in_handoff
            and not turn.knows_authority
            and AUTHORITY not in turn.has_asked
            and turn.shelf.depends_on_council(entry)
        )

    @staticmethod
    def _answers(turn: Turn, entry: str) -> list[Answer]:
        if turn.elsewhere and turn.shelf.depends_on_council(entry):
            base = turn.shelf.offer(entry, None).base
            is_national = base is not None and base.known and base.everywhere
            if turn.said("elsewhere", "own") and is_national:
                turn.say("notice", turn.phrase("other_council", place=turn.elsewhere))
            elif turn.said("elsewhere", "own") or base is None or not base.known:
                say_elsewhere(turn, entry if base else None)
                return []
        return turn.shelf.answers(entry, turn.council, turn.circumstances)

    @staticmethod
    def _assumed(turn: Turn) -> None:
        """Say it when a place, not a council, was named and taken for its council."""
        taken = turn.tracker.get_slot("wanted") == AUTHORITY or turn.tracker.get_slot(AUTHORITY) == UNKNOWN
        if taken and turn.said("place", "own") and not turn.said(AUTHORITY, "own") and turn.council:
            council = turn.shelf.authority(turn.council).label
            turn.say("notice", turn.phrase("assume_authority", council=council))

    @staticmethod
    def _outside_ages(turn: Turn) -> bool:
        """Say it, and whether it was said, when the age that is told is one for which little is offered."""
        age = turn.circumstances.age
        if age is None or not turn.said(AGE, "own", "supposed") or YOUNGEST <= age <= OLDEST:
            return False
        turn.say("notice", turn.phrase("too_young" if age < YOUNGEST else "too_old"))
        return True


class ActionNoteCircumstances(ActionAnswer):
    """Take a council, age or situation that somebody tells or corrects, and answer the last entry again for it.

    Where the answer stays as it has just been told, that is said in its place.
    """

    action_name = "action_note_circumstances"

    def act(self, turn: Turn) -> None:
        if turn.elsewhere and turn.said("elsewhere", "own"):
            say_elsewhere(turn, turn.entry.id if turn.entry else None)
        elif turn.entry and stays(turn, turn.entry):
            if not self._outside_ages(turn):
                choices = turn.choices(id for id in turn.fitting if id != turn.entry.id)
                turn.tell_of(turn.entry, turn.phrase("stays", about=turn.entry.about), choices=choices)
        elif turn.entry or self._pending(turn):
            super().act(turn)
        else:
            self._outside_ages(turn)
            self._ask_what(turn)

    @staticmethod
    def _ask_what(turn: Turn) -> None:
        if turn.language and turn.council:
            note_council(turn)
        elif turn.fitting:
            choices = [*turn.choices(turn.fitting[:MOST_TOPICS]), ELSE]
            turn.say("question", turn.phrase("noted_which"), asks="topic", choices=choices)
        else:
            council = turn.shelf.authority(turn.council).label if turn.council and turn.said(AUTHORITY, "own") else None
            text = turn.phrase("noted_council", council=council) if council else turn.phrase("noted")
            turn.say("question", text, asks="topic", choices=turn.topics())


def stays(turn: Turn, entry: Entry) -> bool:
    """Whether the entry's answer has just been told, word for word, and what this message tells does not change it."""
    if turn.elsewhere or turn.tracker.get_slot("wanted") or turn.tracker.get_slot("pending"):
        return False
    return all(turn.has_told(answer) for answer in turn.shelf.answers(entry.id, turn.council, turn.circumstances))


def ask_to_settle(turn: Turn, answer: Answer) -> None:
    """Ask for the first fact that could change this answer, if it was not asked before and few questions were."""
    marker = f"about {answer.offer.entry.id}"
    count = turn.has_asked.count(marker)
    missing = [fact for fact in answer.missing if fact not in turn.has_asked]
    if not turn.in_handoff and missing and count < MOST_QUESTIONS:
        turn.ask_for(missing[0])
        turn.remember(asked=[*turn.has_asked, missing[0], marker])


def say_elsewhere(turn: Turn, entry: str | None) -> None:
    """Never one council's offer to another council's young person: say so, name who can help, offer the national rule."""
    turn.say(
        "out-of-scope",
        turn.phrase("other_council", place=turn.elsewhere),
        choices=[*turn.choices([entry] if entry else []), *turn.choices(["living-out-of-area"]), PERSON],
        handoff={"status": "offered", "reference": None, "to": "duty"},
    )


class ActionAskWhich(LibraryAction):
    """Offer the likeliest entries when it is a close call between them."""

    action_name = "action_ask_which"

    def act(self, turn: Turn) -> None:
        if turn.entry and turn.states_circumstances and not stays(turn, turn.entry):
            ActionNoteCircumstances(self.library).act(turn)
            return
        turn.remember(near=turn.near)
        choices = [*turn.choices(turn.near), ELSE]
        turn.say("question", turn.phrase("ask_which"), asks="topic", choices=choices)


class ActionAskTopic(LibraryAction):
    """Ask what is meant when only a topic is named, or not even that."""

    action_name = "action_ask_topic"

    def act(self, turn: Turn) -> None:
        topic = next((each for each in turn.shelf.topics if each.id == turn.topic), None)
        if topic is None and turn.fitting:
            choices = [*turn.choices(dict.fromkeys((*turn.fitting, *turn.near)))[:MOST_TOPICS], ELSE]
            turn.say("question", turn.phrase("noted_which"), asks="topic", choices=choices)
        elif topic is None:
            choices = [*turn.choices(turn.near), *turn.topics()]
            turn.say("question", turn.phrase("ask_topic"), asks="topic", choices=choices)
        else:
            text = turn.phrase("ask_which_topic", topic=topic.title)
            choices = turn.choices(dict.fromkeys((*turn.near, *topic.first)))[:MOST_TOPICS]
            turn.say("question", text, asks="topic", choices=choices)

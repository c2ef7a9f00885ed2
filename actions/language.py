"""What somebody gets who writes in another language: who this is, a person with an interpreter, and urgent help."""

from __future__ import annotations

from actions.library_action import LibraryAction
from actions.person import OFFERED, teams
from actions.turn import AUTHORITY, Turn


class ActionOtherLanguage(LibraryAction):
    """Say it in their language where we have sentences in it, else in plain English with the languages to choose from.

    The first time with urgent help, for nothing that they write is understood. An English line lets them show the message
    to whoever answers.
    """

    action_name = "action_other_language"

    def act(self, turn: Turn) -> None:
        language = turn.language
        if language is None:
            names = [{"label": each.name, "value": each.name} for each in turn.shelf.languages.values()]
            turn.say("handoff", f"{turn.phrase('other_language')}\n\n{teams(turn)}", choices=names, handoff=OFFERED)
            return
        is_new = turn.tracker.get_slot("language") != language.code
        parts = [language("greet")] if is_new else []
        parts.append(person_line(turn))
        if is_new:
            parts.append(language("crisis"))
        parts.append(turn.phrase("needs_interpreter", language=language.english_name))
        turn.say("handoff", "\n\n".join(parts), handoff=OFFERED, language=language.code)
        if not turn.knows_authority:
            turn.say("question", language("ask_authority"), asks=AUTHORITY, choices=turn.councils(), language=language.code)


def note_council(turn: Turn) -> None:
    """Take the council that somebody picked who writes in another language, and say whom to call."""
    language = turn.language
    assert language is not None
    assert turn.council
    council = turn.shelf.authority(turn.council).label
    text = f"{language('noted_council', council=council)}\n\n{person_line(turn)}"
    turn.say("handoff", text, handoff=OFFERED, language=language.code)


def person_line(turn: Turn) -> str:
    """How to reach a person and an interpreter, in the person's language."""
    language = turn.language
    assert language is not None
    if turn.council:
        return language("person", team=turn.shelf.authority(turn.council).team.line())
    return language("person_unknown_council", teams=f"\n{teams(turn)}")

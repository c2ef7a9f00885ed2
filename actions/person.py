"""Offering a person: the council's own team, or each council's when it is not known."""

from __future__ import annotations

from typing import Any

from actions.library_action import LibraryAction
from actions.turn import PERSON, Turn

OFFERED = {"status": "offered", "reference": None, "to": "duty"}
TO = "handoff_to"
"""The slot that says whom a request goes to: "duty" or "pa"."""
FEELINGS = ("mental-health-support", "you-know-your-mind")
"""Entries that may be answered beside a kind word."""


class ActionOfferPerson(LibraryAction):
    """To somebody who is frightened or low: kindly, the contact of the council's team, and what help there is.

    Who is asking for a person already gets the kind word alone.
    """

    action_name = "action_offer_person"

    def act(self, turn: Turn) -> None:
        if turn.in_handoff:
            turn.say("handoff", turn.phrase("handoff_sorry"), handoff=collecting(turn))
            return
        say_person(
            turn,
            turn.phrase("sorry_to_hear"),
            following=tuple(dict.fromkeys(("crisis-help", "mental-health-support", *turn.near))),
        )
        likeliest = turn.near[:1]
        if likeliest and likeliest[0] in FEELINGS:
            turn.show(entry=likeliest[0])
            for answer in turn.shelf.answers(likeliest[0], turn.council, turn.circumstances):
                turn.tell(answer)


def say_person(turn: Turn, first: str, *, following: tuple[str, ...] = ("out-of-hours",)) -> None:
    """How to reach a person, after one more sentence; whoever would rather write can ask for one."""
    lines = [first]
    if turn.council:
        council = turn.shelf.authority(turn.council)
        lines.append(turn.phrase("person", team=council.team.line()))
        if council.emergency:
            lines.append(turn.phrase("person_emergency", emergency=council.emergency.line()))
    else:
        lines.append(turn.phrase("person_unknown_council", teams=f"\n{teams(turn)}"))
    turn.say("handoff", "\n\n".join(lines), choices=[PERSON, *turn.choices(following)], handoff=OFFERED)


def collecting(turn: Turn) -> dict[str, Any]:
    """Where a request stands that is being taken down."""
    return {"status": "collecting", "reference": None, "to": turn.tracker.get_slot(TO) or "duty"}


def teams(turn: Turn) -> str:
    """The team of the person's council, or those of all, one a line."""
    councils = [turn.shelf.authority(turn.council)] if turn.council else turn.shelf.councils
    return "\n".join(f"{council.label}, {council.team.line()}" for council in councils)

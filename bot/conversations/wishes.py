"""What people who have asked for a person want of the assistant, by their words: the assistant again, nobody, or news."""

from __future__ import annotations

import re
from enum import Enum

MOST_WORDS = 10
"""Of a message that asks what became of a request; longer ones tell or ask something else as well."""
_WITHDRAW = re.compile(
    r"(?:(?:can|could) (?:i|you|u) |i (?:want|wanna|need|would like) (?:to )?|please |pls |actually )*"
    r"(?:cancel|withdraw|take back|forget|delete|drop) (?:my|the|that|this) (?:request|call ?back|call|message|msg|case)"
    r"(?: please| pls| now| thanks)*[.! ]*",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"(stop|cancel|quit|never ?mind|nvm|leave it|forget it)( it| this| that| pls| please)?[.! ]*", re.IGNORECASE
)
_SOMEBODY = r"(?:some|any|every) ?(?:one|body)"
_GOT_BACK = (
    r"(?:called|rang|rung|phoned|replied|answered|texted|e-?mailed|messaged|got back|come back|came back|contacted"
    r"|been in touch)"
)
_ASKS_WHERE = re.compile(
    r"\b(?:still waiting|any (?:news|update)"
    rf"|(?:no ?one|nobody|no1|they|u|you)\W+(?:\w+n'?t |has |have |never |still |even )*{_GOT_BACK}"
    rf"|when (?:will|is|are|do|does|r) (?:they|you|u|{_SOMEBODY})\b"
    rf"|(?:did|has|have) (?:they|you|u|{_SOMEBODY}) (?:get|got|see|seen|read|had) (?:my|it|that|the)"
    r"|(?:wh?ats|what'?s|what is) (?:happening|going on) with my (?:request|message|call|case|reference))"
    r"|\bhow long (?:will|does|do|is|have) (?:it|this|that|they|i)\b"
    r"(?: (?:take|be|gonna|going|to|got|have|wait|u?ntil|till|they|call|ring|reply|answer|get|back|me|now))*[?!. ]*$",
    re.IGNORECASE,
)


class Wish(Enum):
    """What somebody who waits for a person may want of the assistant."""

    ASSISTANT = "handoff_meanwhile"
    WITHDRAW = "handoff_withdraw"

    @property
    def withdraws(self) -> bool:
        return self is Wish.WITHDRAW


def takes_back(text: str, *, waits: bool) -> bool:
    """Whether somebody takes their request back; of somebody who waits, also just "stop"."""
    return bool((waits and _STOP.fullmatch(text)) or _WITHDRAW.fullmatch(text))


def asks_where(text: str) -> bool:
    """Whether somebody who asked for a person asks what became of it."""
    return len(text.split()) <= MOST_WORDS and _ASKS_WHERE.search(text) is not None

"""Messages cut into what they ask: several sentences, or several questions in one."""

from __future__ import annotations

import re

_BOUNDARY = re.compile(
    r"[.?!;\n]+\s+|[?\n]+|"
    r",?\s+\b(?:and also|also|plus|btw|by the way|another thing|and another"
    r"|and (?=(?:how|what|where|who|when|can|do|is)\b))\s*"
    r"|,\s+(?=(?:and )?(?:how|what|whats|where|who|when|can|could|do|does|is|am|are)\b)"
)
_CORRECTION = re.compile(
    r"(?:^|[\s.,!?;-])(?:(?:actually|wait|oh|sorry|no)[\s,.]+)*"
    r"(?:actually no|no wait|wait no|scrap that|forget (?:that|it)|ignore that|never ?mind(?: that)?|nvm"
    r"|sorry i meant?|i meant?)"
    r"\b[\s,.:-]*"
)
"""What takes back all that stands before it: "how do i get the bursary. no wait, the travel pass"."""
FEWEST_WORDS = 2
MOST_SEGMENTS = 8


def corrected(text: str) -> str:
    """A cleaned message without what its writer takes back in it; the whole when nothing would be left to answer."""
    rest = _CORRECTION.split(text)[-1].strip(" ,.-")
    return rest if len(rest.split()) >= FEWEST_WORDS else text


def segments(text: str) -> list[str]:
    """The parts of a cleaned message that could each be a question, in order; the whole text when there is only one."""
    parts = [part.strip(" ,.-") for part in _BOUNDARY.split(text) if part]
    parts = [part for part in parts if len(part.split()) >= FEWEST_WORDS]
    return parts[-MOST_SEGMENTS:] if len(parts) > 1 else [text]

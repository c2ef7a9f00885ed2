"""Messages cut into what they ask: several sentences, or several questions in one."""

from __future__ import annotations

import re

_BOUNDARY = re.compile(
    r"[.?!;\n]+\s+|[?\n]+|"
    r",?\s+\b(?:and also|also|plus|btw|by the way|another thing|and another"
    r"|and (?=(?:how|what|where|who|when|can|do|is)\b))\s*"
    r"|,\s+(?=(?:and )?(?:how|what|whats|where|who|when|can|could|do|does|is|am|are)\b)"
)
FEWEST_WORDS = 2
MOST_SEGMENTS = 8


def segments(text: str) -> list[str]:
    """The parts of a cleaned message that could each be a question, in order; the whole text when there is only one."""
    parts = [part.strip(" ,.-") for part in _BOUNDARY.split(text) if part]
    parts = [part for part in parts if len(part.split()) >= FEWEST_WORDS]
    return parts[-MOST_SEGMENTS:] if len(parts) > 1 else [text]

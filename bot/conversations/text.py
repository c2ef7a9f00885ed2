"""What a person wrote, made safe to store and to show: nothing readable is lost."""

from __future__ import annotations

import unicodedata

from bot.conversations.model import MessageRefused

LONGEST = 100_000
"""Characters of one message. What is longer is refused with a sentence: it is a file, not a message."""
KEPT_CONTROLS = {"\n", "\t"}


def storable(text: str) -> str:
    """The text without control characters and with lone surrogates marked, as both databases can keep it.

    Raises MessageRefused when nothing is left to read, or when it is longer than any message.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = "".join(letter for letter in text if letter in KEPT_CONTROLS or unicodedata.category(letter) != "Cc")
    text = text.strip()
    if not any(unicodedata.category(letter)[0] not in "ZC" for letter in text):
        raise MessageRefused("text", "I did not get any words. Please type your question.")
    if len(text) > LONGEST:
        raise MessageRefused("text", f"A message can have up to {LONGEST:,} characters. Please send a shorter one.")
    return text

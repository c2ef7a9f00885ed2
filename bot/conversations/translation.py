"""Answers in the person's language: the question put into English, the answer put back, with the English beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.conversations.model import Draft
from content.language import Language

LONGEST = 2000
"""Characters of a message that are translated: its end."""


class TranslationAway(Exception):
    """The translation service is not there, too slow, or does not know the language."""


class Translator(Protocol):
    """Translates texts, in their order. Languages are BCP 47 codes."""

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Raises TranslationAway."""
        ...


async def in_english(translator: Translator, text: str, language: Language) -> str:
    """Raises TranslationAway."""
    return (await translator.translate([text[-LONGEST:]], language.code, "en"))[0]


async def in_their_language(translator: Translator, drafts: Sequence[Draft], language: Language) -> list[Draft]:
    """The English replies among the drafts, translated; each says that a machine did it and keeps the English.

    What a choice sends stays English. Raises TranslationAway.
    """
    return [draft if "language" in draft else await _translated(translator, draft, language) for draft in drafts]


async def _translated(translator: Translator, draft: Draft, language: Language) -> Draft:
    choices = draft.get("choices") or []
    text, *labels = await translator.translate(
        [draft["text"], *(choice["label"] for choice in choices)], "en", language.code
    )
    return {
        **draft,
        "text": f"{text}\n\n{language('translated')}\n\n{draft['text']}",
        "english": draft["text"],
        "language": language.code,
        "choices": [{**choice, "label": label} for choice, label in zip(choices, labels, strict=True)],
    }

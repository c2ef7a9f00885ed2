"""The duty desk's canned replies: written and changed by editors, filled in for a case, sent only by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content.phrases import faults_of_sentences

FIELDS = frozenset(("name", "reference", "council"))
"""What a reply may be filled with: the member's first name, the case's reference, and the council's name."""


@dataclass(frozen=True)
class CannedReply:
    """One reply; `category` is what it is for."""

    category: str
    title: str
    text: str

    def filled(self, **values: str) -> str:
        return self.text.format(**values)


def replies_of(document: Mapping[str, Any]) -> tuple[CannedReply, ...]:
    return tuple(CannedReply(row["category"], row["title"], row["text"]) for row in document["replies"])


def faults_of_replies(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Replies that use a name in braces that nothing fills, and titles that stand twice."""
    titles: set[str] = set()
    for place, row in enumerate(document["replies"]):
        for _, rule in faults_of_sentences({"text": row["text"]}, {"text": FIELDS}):
            yield ("replies", place, "text"), rule
        if row["title"] in titles:
            yield ("replies", place, "title"), "there is another reply of this title"
        titles.add(row["title"])

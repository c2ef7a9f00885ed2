"""The few sentences that the assistant has in other languages: which there are, and what each is filled with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content.phrases import faults_of_sentences

PLACEHOLDERS: dict[str, frozenset[str]] = {
    "greet": frozenset(),
    "person": frozenset(("team",)),
    "person_unknown_council": frozenset(("teams",)),
    "crisis": frozenset(),
    "ask_authority": frozenset(),
    "noted_council": frozenset(("council",)),
    "translated": frozenset(),
    "untranslated": frozenset(),
    "crisis_council": frozenset(("number", "name")),
    "crisis_any_team": frozenset(),
    "crisis_told": frozenset(("team", "reference")),
    "crisis_told_again": frozenset(),
    "crisis_not_told": frozenset(),
    "crisis_check_in": frozenset(),
    "crisis_check_in_numbers": frozenset(("emergency", "samaritans")),
    "crisis_safe": frozenset(),
    "crisis_not_safe": frozenset(),
    "crisis_glad": frozenset(("samaritans",)),
    "crisis_taken_back": frozenset(("samaritans",)),
    "crisis_still_here": frozenset(("samaritans", "emergency")),
    "crisis_still_here_again": frozenset(("samaritans", "emergency")),
}
"""Each sentence's name, and the names in braces that it must use."""
ISOLATE, END_ISOLATE = "⁨", "⁩"
"""Round what is filled in, so that Latin letters and telephone numbers keep their order in right-to-left text (UAX #9)."""


@dataclass(frozen=True)
class Language:
    """A language with its own sentences. `code` is a BCP 47 tag, `name` what its speakers call it."""

    code: str
    name: str
    english_name: str
    right_to_left: bool
    machine_written: bool
    """A machine translated the sentences, and no editor who reads the language has approved them yet."""
    sentences: Mapping[str, str]
    help: Mapping[str, str]
    """What is said first to somebody in danger, by the kind of danger."""
    numbers: Mapping[str, str]
    """The line that says what an emergency number is, by the number's id; {number} stands in it."""

    @classmethod
    def from_document(cls, code: str, body: Mapping[str, Any]) -> Language:
        return cls(
            code=code,
            name=body["name"],
            english_name=body["english_name"],
            right_to_left=body["direction"] == "rtl",
            machine_written=body["machine_written"],
            sentences=body["phrases"],
            help=body["help"],
            numbers=body["numbers"],
        )

    def __call__(self, name: str, /, **values: str) -> str:
        return self.sentences[name].format(**{key: isolated(value) for key, value in values.items()})


def isolated(value: str) -> str:
    """A text to be filled into a sentence that may run the other way."""
    return f"{ISOLATE}{value}{END_ISOLATE}"


def faults_of_language(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with the sentences, which must use each name in braces that the program fills."""
    sentences = document["phrases"]
    yield from faults_of_sentences(sentences, PLACEHOLDERS)
    for name, fields in PLACEHOLDERS.items():
        for field in fields:
            if f"{{{field}}}" not in sentences.get(name, f"{{{field}}}"):
                yield ("phrases", name), f"should be filled with {{{field}}}"
    for name, line in document["numbers"].items():
        if line.count("{number}") != 1:
            yield ("numbers", name), "should be filled with {number}, once"

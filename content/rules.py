"""Rules of the content beyond its schema: plain and short words, declared amounts and numbers, links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from content.crisis import COUNCIL, HOUSING, NUMBERS, Danger
from content.language import faults_of_language
from content.model import ENGLAND
from content.phrases import faults_of_phrases
from content.replies import faults_of_replies

Path = tuple["str | int", ...]
WORD_LIMITS = {"lead": 35, "how": 20, "refused": 20, "more": 150}
LONGEST_SENTENCE = 25
"""Words; the GOV.UK style guide's limit for a sentence."""
UNIVERSAL_NUMBERS = {"999", "101", "111", "112", "18001"}


class Seed(Protocol):
    """A document with a kind, a key and a body."""

    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


def words(text: str) -> int:
    """How many words a reader meets: runs between spaces that hold a letter or digit."""
    return sum(1 for word in text.split() if any(letter.isalnum() for letter in word))


def faults_of(document: Seed) -> Iterator[tuple[Path, str]]:
    """Where one document, taken by itself, breaks a rule."""
    if document.kind == "entitlement":
        yield from _faults_of_entitlement(document.body)
    elif document.kind == "phrases":
        yield from faults_of_phrases(document.body)
    elif document.kind == "language":
        yield from faults_of_language(document.body)
    elif document.kind == "authority":
        for place, closure in enumerate(document.body.get("urgent", {}).get("closures", ())):
            if closure.get("from", "") > closure.get("to", "9"):
                yield ("urgent", "closures", place), "ends before it begins"
    elif document.kind == "replies":
        yield from faults_of_replies(document.body)
    elif document.kind == "crisis":
        yield from _faults_of_crisis(document)


def _faults_of_entitlement(body: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    declared = {float(amount["pounds"]) for amount in body.get("amounts", ())}
    numbers = UNIVERSAL_NUMBERS | {
        re.sub(r"\D", "", contact[way])
        for contact in body.get("contacts", ())
        for way in ("phone", "text")
        if way in contact
    }
    for path, name, text in _texts(body):
        if words(text) > WORD_LIMITS[name]:
            yield path, f"has {words(text)} words; {WORD_LIMITS[name]} at most"
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            if words(sentence) > LONGEST_SENTENCE:
                yield path, f"has a sentence of {words(sentence)} words; {LONGEST_SENTENCE} at most"
        for amount in re.findall(r"£([\d,]+(?:\.\d+)?)", text):
            if float(amount.rstrip(",").replace(",", "")) not in declared:
                yield path, f"names £{amount}, which is not among `amounts`"
        for number in re.findall(r"\b0\d{2,4}[ \d]{5,10}\d\b", text):
            if re.sub(r"\D", "", number) not in numbers:
                yield path, f"names the number {number}, which is not among `contacts`"
    for path, ages in _ages(body):
        if ages[0] > ages[1]:
            yield path, "the youngest age comes first"


def _faults_of_crisis(document: Seed) -> Iterator[tuple[Path, str]]:
    if (document.key == NUMBERS) != ("numbers" in document.body and "lead" not in document.body):
        yield (), f"crisis/{NUMBERS}.yml holds the numbers; the other files are named for kinds of danger"
        return
    if document.key == NUMBERS:
        for id, row in document.body["numbers"].items():
            if row["line"].count("{number}") != 1:
                yield ("numbers", id, "line"), "should be filled with {number}, once"
        return
    if document.key not in {danger.value for danger in Danger}:
        yield (), f"{document.key!r} is no kind of danger that the screen knows"
    if document.body["emergency"].count("{number}") != 1:
        yield ("emergency",), "should be filled with {number}, once"
    for name in ("lead", "more"):
        text = document.body.get(name, "")
        if words(text) > WORD_LIMITS["lead"]:
            yield (name,), f"has {words(text)} words; {WORD_LIMITS['lead']} at most"
        if re.search(r"\d{3}", text.replace("999", "")):
            yield (name,), "names a number; numbers stand in `numbers` alone"


def faults_across(documents: Mapping[tuple[str, str], Seed]) -> Iterator[tuple[Any, Path, str]]:
    """Where documents do not fit together: unknown ids, a council's field in England's file, an entry nobody answers."""
    entries = {key for kind, key in documents if kind == "entry"}
    authorities = {key for kind, key in documents if kind == "authority"}
    topics = {topic["id"] for (kind, _), seed in documents.items() if kind == "topics" for topic in seed.body["topics"]}
    for (kind, key), seed in documents.items():
        if kind == "topics":
            for index, topic in enumerate(seed.body["topics"]):
                for place, entry in enumerate(topic["first"]):
                    if entry not in entries:
                        yield seed, ("topics", index, "first", place), f"there is no entry {entry!r}"
        elif kind == "phrases":
            for name, situation in seed.body["situations"].items():
                for place, entry in enumerate(situation["first"]):
                    if entry not in entries:
                        yield seed, ("situations", name, "first", place), f"there is no entry {entry!r}"
        elif kind == "entry":
            if seed.body["topic"] not in topics:
                yield seed, ("topic",), f"there is no topic {seed.body['topic']!r}"
            for place, entry in enumerate(seed.body["next"]):
                if entry not in entries or entry == key:
                    yield seed, ("next", place), f"{entry!r} is not another entry"
            if not any(other == "entitlement" and name.split("/")[1] == key for other, name in documents):
                yield seed, (), "no authority has an answer for this entry"
        elif kind == "crisis" and key != NUMBERS:
            known = (
                {COUNCIL, HOUSING, *documents["crisis", NUMBERS].body["numbers"]}
                if ("crisis", NUMBERS) in documents
                else None
            )
            for place, number in enumerate(seed.body["numbers"]):
                if known is not None and number not in known:
                    yield seed, ("numbers", place), f"there is no number {number!r} in crisis/{NUMBERS}.yml"
            if seed.body.get("entry", next(iter(entries))) not in entries:
                yield seed, ("entry",), f"there is no entry {seed.body['entry']!r}"
        elif kind == "authority":
            if seed.body["kind"] == "council" and not seed.body.get("aliases"):
                yield seed, (), "a council needs `aliases`, the names that people call it by"
        elif kind == "entitlement":
            yield from ((seed, path, rule) for path, rule in _faults_of_place(seed, entries, authorities))


def _faults_of_place(seed: Seed, entries: set[str], authorities: set[str]) -> Iterator[tuple[Path, str]]:
    authority, entry = seed.key.split("/")
    if authority not in authorities:
        yield (), f"the folder {authority!r} has no authority.yml"
    if entry not in entries:
        yield (), f"there is no entries/{entry}.yml"
    if authority == ENGLAND and "base" in seed.body:
        yield ("base",), "is for councils; England's file has `scope`"
    if authority == ENGLAND and "scope" not in seed.body:
        yield (), "England's file needs `scope`: everywhere or base"
    if authority != ENGLAND and "scope" in seed.body:
        yield ("scope",), "is for England; a council's file has `base`"
    for place, row in enumerate(seed.body.get("instead", ())):
        if row["entry"] not in entries:
            yield ("instead", place, "entry"), f"there is no entry {row['entry']!r}"


def _texts(body: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    for name in WORD_LIMITS:
        if name in body:
            yield (name,), name, body[name]
    for index, case in enumerate(body.get("cases", ())):
        yield ("cases", index, "lead"), "lead", case["lead"]


def _ages(body: Mapping[str, Any]) -> Iterator[tuple[Path, list[int]]]:
    if "ages" in body.get("who", {}):
        yield ("who", "ages"), body["who"]["ages"]
    for name in ("cases", "instead"):
        for index, row in enumerate(body.get(name, ())):
            if "ages" in row:
                yield (name, index, "ages"), row["ages"]

"""What a message says of its writer: the council, the age, the situations, and for each whether it is only supposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from content.model import Authority
from nlu.councils import COUNCIL, ELSEWHERE, NOT_A_COUNCIL_BEFORE, PLACE, FirstWords, patterns
from nlu.normal import plain
from nlu.patterns import (
    AGE_PATTERNS,
    NEGATIONS,
    NUMBER_WORDS,
    OLDEST,
    SELF,
    SITUATION_PATTERNS,
    SUPPOSING,
    UNITS,
    YOUNGEST,
)

LIVING = frozenset("live living lives moved move moving staying stay based flat house renting rent placed".split())
CARE = frozenset("care looked social foster under worker fostered carer responsible pa".split())
TIED, CARED_FOR = frozenset("with under by".split()), frozenset("care looked fostered".split())
"""Before the name of another council, these make it the writer's own; a worker, a flat or a refusal there does not."""
SUPPOSING_COUNCIL = frozenset("and about".split())
CORRECTING = frozenset("actually no not sorry meant am with under mean is".split())
"""Beside these, "and city" is no "what about": it puts right what was said before."""
FILLER = frozenset(
    "i am is it its was with in from the a at under my council one please think yeah yes no actually sorry meant by of "
    "and now just turned years year old to be will for what about if on um er yo it's then about how hi well so like "
    "me them care do in not nearly almost that was were are you aged age oh ok okay only have got anymore any more".split()
)
"""Words that may stand round a bare statement, such as "im with the county actually"."""


@dataclass(frozen=True)
class Statement:
    """One thing said. `fact` is authority, place, elsewhere, age or situation.

    `role` is own (said of the writer), supposed ("what if I'm 22", "my brother is 19", "and city?") or no (denied); a place
    where somebody only lives has the role lives, for it does not tell which council looked after them.
    """

    fact: str
    value: str
    role: str
    surface: str


@dataclass(frozen=True)
class Reading:
    """The statements of one message, and whether it says nothing else."""

    statements: tuple[Statement, ...]
    is_bare: bool


class StatementReader:
    """Reads statements with spaCy's EntityRuler and Matcher over blank English. Build one for each set of councils."""

    def __init__(self, councils: Iterable[Authority]) -> None:
        self._nlp = spacy.blank("en")
        self._ruler = self._nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
        rows = patterns(councils)
        self._ruler.add_patterns(rows)
        self._first_words = FirstWords(rows)
        self._ages = Matcher(self._nlp.vocab)
        for label, ages in AGE_PATTERNS.items():
            self._ages.add(label, ages)
        self._situations = Matcher(self._nlp.vocab)
        for label, situations in SITUATION_PATTERNS.items():
            self._situations.add(label, situations)

    def read(self, text: str) -> Reading:
        """The statements of a message as it was written."""
        words = plain(text).split()
        if not words:
            return Reading((), False)
        doc = Doc(self._nlp.vocab, words=words)
        if any(word in self._first_words for word in words):
            doc = self._ruler(doc)
        places = list(self._places(doc))
        if any(statement.fact == "authority" and statement.role == "own" for statement, _ in places):
            # "i live in derby but was in care in notts": the council settles it, whatever place is named beside it.
            places = [(statement, span) for statement, span in places if statement.fact == "authority"]
        found = [*places, *self._age(doc), *self._situation(doc)]
        covered = {index for _, span in found for index in range(span.start, span.end)}
        bare = bool(found) and all(
            token.i in covered or token.text in FILLER or (len(doc) <= 4 and token.is_punct) for token in doc
        )
        return Reading(tuple(statement for statement, _ in found), bare)

    def _places(self, doc: Doc) -> Iterator[tuple[Statement, Span]]:
        words = [token.text for token in doc]
        elsewhere_ends = {span.end for span in doc.ents if span.label_ == ELSEWHERE}
        for span in doc.ents:
            after = words[span.end] if span.end < len(words) else ""
            before = words[max(0, span.start - 4) : span.start]
            if after in NOT_A_COUNCIL_BEFORE or (span.label_ == COUNCIL and span.start in elsewhere_ends):
                continue  # "city centre"; the "city council" of "leicester city council"
            rest = [word for index, word in enumerate(words) if not span.start <= index < span.end]
            alone = all(word in FILLER for word in rest)
            lives = bool(LIVING & set(before)) and not CARE & set(before)
            cared = bool(CARE & set(words[max(0, span.start - 8) : span.end + 8]))
            role = "own"
            if "not" in before[-2:] or (before[-1:] == ["no"] and len(before) > 1):
                role = "no"
            elif set(before) & SUPPOSING_COUNCIL and alone and not CORRECTING & set(words):
                role = "supposed"
            if span.label_ == COUNCIL and not lives:
                yield self._said("authority", span.ent_id_, role, span), span
            elif span.label_ in (COUNCIL, PLACE):
                near = role if role == "no" else "own" if (alone or cared) and not lives else "lives"
                yield self._said("place", span.ent_id_.split("|")[0], near, span), span
            elif span.label_ == ELSEWHERE:
                tied = TIED & set(before[-3:]) or CARED_FOR & {*before, *words[span.end : span.end + 3]}
                if (tied or alone) and role == "own" and not lives:
                    yield self._said("elsewhere", span.ent_id_, "own", span), span

    def _age(self, doc: Doc) -> Iterator[tuple[Statement, Span]]:
        words = [token.text for token in doc]
        numbers = [index for index, word in enumerate(words) if _age_of(word) is not None]
        if not numbers:
            return
        ranked = list(AGE_PATTERNS)
        matches = [
            (ranked.index(self._nlp.vocab.strings[label]), Span(doc, start, end)) for label, start, end in self._ages(doc)
        ]
        for index in numbers:
            labels = [rank for rank, span in matches if span.start <= index < span.end]
            following = words[index + 1] if index + 1 < len(words) else ""
            beside = {following, words[index - 1] if index else ""}
            if any(word.isdigit() for word in beside) or (following in UNITS and not _is_age_unit(words, index)):
                continue
            if labels:
                rank = min(labels)
                span = next(span for each, span in matches if each == rank and span.start <= index < span.end)
            elif len(words) <= 3 and all(word in FILLER or place == index for place, word in enumerate(words)):
                rank, span = ranked.index("OWN"), Span(doc, index, index + 1)
            else:
                continue
            age = _age_of(words[index])
            label = ranked[rank]
            if age is None or label == "NOBODYS":
                continue
            role = "supposed" if label == "SUPPOSED" else "own"
            yield self._said("age", str(age - 1 if label == "SOON" else age), role, span), span

    def _situation(self, doc: Doc) -> Iterator[tuple[Statement, Span]]:
        words = [token.text for token in doc]
        spans = [Span(doc, start, end, label=label) for label, start, end in self._situations(doc)]
        for span in filter_spans(spans):
            before = words[max(0, span.start - 5) : span.start]
            inside = words[span.start : span.end]
            after = words[span.end : span.end + 2]
            supposed = bool(SUPPOSING & set(before))
            denied = (
                bool(NEGATIONS & set(before[-4:])) or before[-1:] == ["no"] or "anymore" in after or after == ["any", "more"]
            )
            own = bool(SELF & {*before, *inside}) or span.start == 0
            if not own and not supposed:
                continue
            role = "no" if denied else "supposed" if supposed else "own"
            yield self._said("situation", span.label_, role, span), span

    @staticmethod
    def _said(fact: str, value: str, role: str, span: Span) -> Statement:
        return Statement(fact, value, role, span.text)


def _age_of(word: str) -> int | None:
    if word in NUMBER_WORDS:
        return NUMBER_WORDS[word]
    digits = word.rstrip("yors")
    if digits.isdigit() and len(digits) == 2 and YOUNGEST <= int(digits) <= OLDEST:
        return int(digits)
    return None


def _is_age_unit(words: list[str], index: int) -> bool:
    return words[index + 1] == "year" and index + 2 < len(words) and words[index + 2] == "old"

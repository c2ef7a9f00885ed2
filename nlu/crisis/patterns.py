"""A small language of patterns over words, and their quick search in a text.

`(a|b c)` is one of these, `[a]` may be left out, `..` is up to three words of any kind, `word*` any ending of a word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

_PART = re.compile(r"\s*(\.\.|[()\[\]|]|[^\s()\[\]|]+)")
_ANY = r"(?:\S+ ){0,3}"
_SHORTEST_STEM = 3
T = TypeVar("T", bound=Hashable)


class PatternRefused(ValueError):
    """A pattern that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Found(Generic[T]):
    """A pattern's meaning and where it stands, as places in the list of words: from `start` to before `end`."""

    meaning: T
    start: int
    end: int


class _Pattern:
    """One pattern as a regular expression over words that each end in a space, and the words it can begin with."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._written = [found.group(1) for found in _PART.finditer(text.strip())]
        self._at = 0
        expression, self.first, can_be_empty = self._choices(None)
        if can_be_empty or not self.first:
            raise PatternRefused(f"The pattern {text!r} should begin with a word.")
        self.expression = re.compile(expression)

    def _choices(self, close: str | None) -> tuple[str, frozenset[str], bool]:
        """Alternatives up to the closing bracket: their expression, their first words, and whether one may be empty."""
        expressions, first, can_be_empty = [], set[str](), False
        while True:
            expression, words, empty = self._sequence()
            expressions.append(expression)
            first |= words
            can_be_empty = can_be_empty or empty
            part = self._next()
            if part == close:
                return f"(?:{'|'.join(expressions)})", frozenset(first), can_be_empty
            if part != "|":
                raise PatternRefused(f"The brackets of the pattern {self._text!r} do not match.")

    def _sequence(self) -> tuple[str, frozenset[str], bool]:
        parts, first, open_start = [], frozenset[str](), True
        while self._at < len(self._written) and self._written[self._at] not in ("|", ")", "]"):
            part = self._written[self._at]
            self._at += 1
            if part == "..":
                if open_start:
                    raise PatternRefused(f"The pattern {self._text!r} should begin with a word.")
                parts.append(_ANY)
                continue
            if part in ("(", "["):
                expression, words, empty = self._choices(")" if part == "(" else "]")
                empty = empty or part == "["
                parts.append(expression + ("?" if part == "[" else ""))
            else:
                expression, words, empty = _word(part), frozenset((part,)), False
                parts.append(expression)
            if open_start:
                first |= words
                open_start = empty
        return "".join(parts), first, open_start

    def _next(self) -> str | None:
        if self._at >= len(self._written):
            return None
        self._at += 1
        return self._written[self._at - 1]


def _word(part: str) -> str:
    stem = part.rstrip("*")
    if not stem or "*" in stem or (stem != part and len(stem) < _SHORTEST_STEM and not stem.isdigit()):
        raise PatternRefused(f"{part!r} should be a word, or {_SHORTEST_STEM} letters and a star.")
    return re.escape(stem) + (r"\S* " if stem != part else " ")


class Patterns(Generic[T]):
    """Patterns with their meanings. Finding them takes time by the length of the text, hardly by their number."""

    def __init__(self, patterns: Iterable[tuple[str, T]]) -> None:
        """Raises PatternRefused."""
        self._by_word: dict[str, list[tuple[re.Pattern, T]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[str, re.Pattern, T]]] = defaultdict(list)
        for text, meaning in dict.fromkeys(patterns):
            pattern = _Pattern(text)
            for word in pattern.first:
                if word.endswith("*"):
                    stem = word.rstrip("*")
                    self._by_stem[stem[:_SHORTEST_STEM]].append((stem, pattern.expression, meaning))
                else:
                    self._by_word[word].append((pattern.expression, meaning))

    @cached_property
    def _stem_lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(each) for each in self._by_stem}))

    def find(self, words: list[str]) -> Iterator[Found[T]]:
        """Where the patterns stand, in the order of the text; of one pattern that begins at one place, its longest form."""
        text = "".join(f"{word} " for word in words)
        starts, at = [], 0
        for word in words:
            starts.append(at)
            at += len(word) + 1
        for place, word in enumerate(words):
            for expression, meaning in self._starting_with(word):
                match = expression.match(text, starts[place])
                if match:
                    yield Found(meaning, place, place + text.count(" ", starts[place], match.end()))

    def _starting_with(self, word: str) -> Iterator[tuple[re.Pattern, T]]:
        yield from self._by_word.get(word, ())
        for length in self._stem_lengths:
            for stem, expression, meaning in self._by_stem.get(word[:length], ()):
                if word.startswith(stem):
                    yield expression, meaning

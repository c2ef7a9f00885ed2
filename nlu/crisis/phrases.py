"""The reviewed phrases of the crisis screen, in English and in the other languages, and those that staff add."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import yaml

from content.crisis import Danger
from nlu.crisis.patterns import Found, Patterns
from nlu.crisis.words import Spelling, english, folded, marked, written_out

FOLDER = Path(__file__).parent / "phrases"
ENGLISH = "en"
DOUBT_REACHES = 25
"""Words from a phrase up to which a doubt still counts."""
MARKED = frozenset(("vi",))
"""Languages in which a word without its marks is another word."""


class Strength(str, Enum):
    """How much a phrase says by itself."""

    SURE = "sure"
    SOFT = "soft"
    DOUBT = "doubt"
    """Not a phrase of danger, but what makes one doubtful: a joke, a film, long ago."""
    HARMLESS = "harmless"
    EARNEST = "earnest"
    """What takes a doubt away: "not a joke"."""


@dataclass(frozen=True)
class Meaning:
    """What a phrase stands for; `danger` is None for what is no danger, `language` a code."""

    strength: Strength
    danger: Danger | None = None
    language: str = ENGLISH


@dataclass(frozen=True)
class Evidence:
    """What the phrases say of a message: the dangers they name for sure and softly, and whether something is doubtful."""

    sure: tuple[Danger, ...] = ()
    soft: tuple[Danger, ...] = ()
    is_doubtful: bool = False
    language: str = ENGLISH


class Answer(str, Enum):
    """What somebody says after they were asked whether they are safe, or after urgent help."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    TAKES_BACK = "takes_back"


class Phrases:
    """Listens for phrases. Staff's own are sure phrases; nothing that they add takes a built-in one away."""

    def __init__(self, added: Mapping[Danger, Sequence[str]] | None = None) -> None:
        self._spelling = spelling()
        self._added: Patterns[Meaning] = Patterns(
            (" ".join(words), Meaning(Strength.SURE, danger))
            for danger, phrases in (added or {}).items()
            for phrase in phrases
            if (words := self._words(phrase))
        )
        self._english = _english()
        self._folded, self._marked = _other_languages()

    def _words(self, text: str) -> list[str]:
        return written_out(english(text, self._spelling))

    def evidence(self, text: str) -> Evidence:
        words = self._words(text)
        found = list(self._english.find(words))
        harmless = [each for each in found if each.meaning.strength is Strength.HARMLESS]
        is_earnest = any(each.meaning.strength is Strength.EARNEST for each in found)
        doubts = [each for each in found if each.meaning.strength is Strength.DOUBT and not is_earnest]
        heard = [each for each in found if not any(_overlap(each, other) for other in harmless)]
        heard += self._added.find(words)
        sure = _outermost([each for each in heard if each.meaning.strength is Strength.SURE])
        certain = [each for each in sure if not any(_near(each, doubt) for doubt in doubts)]
        soft = [each for each in heard if each.meaning.strength is Strength.SOFT]
        abroad = _outermost([*self._folded.find(folded(text)), *self._marked.find(marked(text))])
        return Evidence(
            sure=_dangers([*(certain or sure), *abroad]),
            soft=_dangers(soft),
            is_doubtful=bool(doubts) and not certain and not abroad,
            language=abroad[0].meaning.language if abroad and not certain else ENGLISH,
        )

    def answer(self, text: str) -> Answer | None:
        """What a short message says after urgent help or a check-in; None when it is about something else."""
        words = self._words(text)
        found = list(_answers().find(words))
        if not found:
            return None
        return max(found, key=lambda each: (each.start == 0, each.end - each.start)).meaning


def _dangers(found: Sequence[Found[Meaning]]) -> tuple[Danger, ...]:
    return tuple(dict.fromkeys(each.meaning.danger for each in found if each.meaning.danger))


def _outermost(found: Sequence[Found[Meaning]]) -> list[Found[Meaning]]:
    """Without those that stand within a longer one: in "my friend wants to die" it is not the writer who does."""
    return [
        one
        for one in found
        if not any(
            other.start <= one.start and one.end <= other.end and other.end - other.start > one.end - one.start
            for other in found
        )
    ]


def _near(one: Found, doubt: Found) -> bool:
    return doubt.start - DOUBT_REACHES <= one.end and one.start - DOUBT_REACHES <= doubt.end


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _file(language: str) -> dict:
    document: dict = yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
    return document


@cache
def spelling() -> Spelling:
    document = _file(ENGLISH)
    listened_for = (phrase for phrases in document[Strength.SURE.value].values() for phrase in phrases)
    return Spelling(
        (word for line in document["spelling"] for word in line.split()),
        disguised=(word for phrase in listened_for for word in re.findall(r"[a-z]{3,}", phrase)),
    )


@cache
def _english() -> Patterns[Meaning]:
    document = _file(ENGLISH)
    patterns = [
        (phrase, Meaning(strength, Danger(danger)))
        for strength in (Strength.SURE, Strength.SOFT)
        for danger, phrases in document[strength.value].items()
        for phrase in phrases
    ]
    patterns += [
        (phrase, Meaning(strength))
        for strength in (Strength.DOUBT, Strength.EARNEST, Strength.HARMLESS)
        for phrase in document[strength.value]
    ]
    return Patterns(patterns)


@cache
def _answers() -> Patterns[Answer]:
    return Patterns((phrase, Answer(name)) for name, phrases in _file(ENGLISH)["answers"].items() for phrase in phrases)


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages other than English that the screen hears."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yml") if file.stem != ENGLISH))


@cache
def _other_languages() -> tuple[Patterns[Meaning], Patterns[Meaning]]:
    """For languages whose marks are left out when searching, and for those in which they count."""
    phrases = [
        (language, phrase, Meaning(Strength.SURE, Danger(danger), language))
        for language in languages()
        for danger, phrases in _file(language).items()
        for phrase in phrases
    ]
    return (
        Patterns((_even(phrase, folded), meaning) for language, phrase, meaning in phrases if language not in MARKED),
        Patterns((_even(phrase, marked), meaning) for language, phrase, meaning in phrases if language in MARKED),
    )


def _even(phrase: str, evened: Callable[[str], list[str]]) -> str:
    """A phrase as `evened` leaves the words of a message, stars kept."""
    return " ".join("".join(evened(word.rstrip("*"))) + ("*" if word.endswith("*") else "") for word in phrase.split())

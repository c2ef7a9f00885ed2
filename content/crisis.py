"""Urgent help: the texts for each kind of danger, with the numbers to call now, for each council, by day and by night.

The seed files of urgent help are part of the program, so that it has them when there is no database. What staff publish
replaces them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from content.language import Language, isolated
from content.model import Authority, Contact
from content.phrases import Phrases

MOST_NUMBERS = 3
"""Telephone numbers in one text: who is in danger cannot choose among many."""
COUNCIL, HOUSING, EMERGENCY, SAMARITANS = "council", "housing", "emergency", "samaritans"
NUMBERS = "numbers"
"""The key of the document that holds the numbers; the other documents of its kind are named for kinds of danger."""


class Danger(str, Enum):
    """What a cry for help is about. The order says which comes first when a message is about several."""

    OVERDOSE = "overdose"
    IMMEDIATE = "danger"
    SUICIDE = "suicide"
    CHILD = "child"
    ABUSE = "abuse"
    EXPLOITATION = "exploitation"
    SELF_HARM = "self-harm"
    SOMEONE_ELSE = "someone-else"
    HOMELESS = "homeless-tonight"


@dataclass(frozen=True)
class Help:
    """What is said at once to somebody in one kind of danger; every text is an editor's.

    `numbers` names at most three numbers: ids, "council" for the council's own, or "housing" for its housing team.
    """

    lead: str
    emergency: str
    numbers: tuple[str, ...]
    more: str | None
    entry: str | None
    """The entry that says more of their rights."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Help:
        return cls(
            lead=document["lead"],
            emergency=document["emergency"],
            numbers=tuple(document["numbers"]),
            more=document.get("more"),
            entry=document.get("entry"),
        )


@dataclass(frozen=True)
class Number:
    """A number and the line that says what it is; `{number}` stands in the line."""

    number: str
    line: str


class UrgentHelp:
    """Everything that is said to people in danger. It never changes."""

    def __init__(
        self,
        documents: Mapping[str, Mapping[str, Any]],
        phrases: Phrases,
        languages: Mapping[str, Language],
        authorities: Mapping[str, Authority],
    ) -> None:
        """`documents` are those of the kind "crisis"; what is missing among them is taken from the program's own."""
        own = {**_own("crisis"), **documents}
        self._help = {danger: Help.from_document(own[danger.value]) for danger in Danger}
        self._numbers = {id: Number(row["number"], row["line"]) for id, row in own[NUMBERS]["numbers"].items()}
        self._phrases, self._languages, self._authorities = phrases, languages, authorities

    @property
    def councils(self) -> list[Authority]:
        return [each for each in self._authorities.values() if each.is_council]

    @property
    def languages(self) -> Mapping[str, Language]:
        return self._languages

    def asks_council(self, danger: Danger, council: str | None) -> bool:
        """Whether the help would name the council's number if the council were known."""
        numbers = self._help[danger].numbers
        return council not in self._authorities and not self._fits(numbers) and bool({COUNCIL, HOUSING} & {*numbers})

    def entry(self, danger: Danger) -> str | None:
        return self._help[danger].entry

    def text(self, danger: Danger, council: str | None, at: datetime, language: str | None = None) -> str:
        """What to say at once: a kind word, whom to call now, and what to do until then.

        `council` is its id where it is known, `at` the moment, with its time zone.
        """
        spoken = self._languages.get(language or "")
        help = self._help[danger]
        lead = spoken.help[danger.value] if spoken else help.lead
        numbers = "\n".join(self._lines(help, council, at, spoken))
        more = help.more if spoken is None else None
        return "\n\n".join(part for part in (lead, numbers, more) if part)

    def say(self, name: str, language: str | None = None, /, **values: str) -> str:
        """One of the phrases of urgent help; the numbers that it names are filled in."""
        spoken = self._languages.get(language or "")
        known = {id: self._numbers[id].number for id in (EMERGENCY, SAMARITANS)}
        return spoken(name, **known, **values) if spoken else self._phrases(name, **known, **values)

    def council_line(self, council: str, at: datetime, *, housing: bool = False, language: str | None = None) -> str | None:
        """The council's number for now; None where it has none."""
        authority = self._authorities.get(council)
        if authority is None or authority.urgent is None:
            return None
        contact: Contact = authority.urgent.at(at, housing=housing)
        if contact.phone is None:
            return None
        return self.say("crisis_council", language, number=contact.phone, name=contact.name)

    def team(self, council: str | None, language: str | None = None) -> str:
        """Who looks after urgent chats, as a part of a sentence."""
        authority = self._authorities.get(council or "")
        return authority.name if authority and authority.is_council else self.say("crisis_any_team", language)

    def _lines(self, help: Help, council: str | None, at: datetime, spoken: Language | None) -> Iterator[str]:
        """The numbers, a line each. Without a known council each council's own is named where they fit, else none."""
        code = spoken.code if spoken else None
        is_known = council in self._authorities
        councils = [council] if council and is_known else [each.id for each in self.councils]
        for name in help.numbers:
            if name not in (COUNCIL, HOUSING):
                yield self._line(name, help, spoken)
            elif is_known or self._fits(help.numbers):
                found = (self.council_line(id, at, housing=name == HOUSING, language=code) for id in councils)
                yield from (line for line in found if line)

    def _fits(self, numbers: Sequence[str]) -> bool:
        """Whether each council's own number can stand in the place of one."""
        return len(numbers) - 1 + len(self.councils) <= MOST_NUMBERS

    def _line(self, name: str, help: Help, spoken: Language | None) -> str:
        known = self._numbers[name]
        if spoken:
            return spoken.numbers[name].format(number=isolated(known.number))
        line = help.emergency if name == EMERGENCY else known.line
        return line.format(number=known.number)


@cache
def built_in() -> UrgentHelp:
    """Urgent help from the program's own files: for when nothing published can be read."""
    return UrgentHelp(
        {},
        Phrases(_own("phrases")["phrases"]),
        {code: Language.from_document(code, body) for code, body in _own("language").items()},
        {id: Authority.from_document(id, body) for id, body in _own("authority").items()},
    )


def _own(kind: str) -> dict[str, dict[str, Any]]:
    from content.seed import bodies_of  # here: it checks files by rules that name what is in this module

    return bodies_of(kind)

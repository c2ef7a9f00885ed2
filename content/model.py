"""The Local Offer as values: authorities, topics, entries, entitlements, and the circumstances of the person who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from content.hours import Closure, OpeningHours, Period

ENGLAND = "england"


class Situation(str, Enum):
    """What can be true of a person, beside their age, that changes what they can get."""

    IN_CARE = "in-care"
    FOSTER_HOME = "foster-home"
    CHILDRENS_HOME = "childrens-home"
    COLLEGE = "college"
    UNIVERSITY = "university"
    APPRENTICE = "apprentice"
    WORKING = "working"
    LOOKING_FOR_WORK = "looking-for-work"
    PARENT = "parent"
    CUSTODY = "custody"
    ASYLUM = "asylum"
    DISABLED = "disabled"


class Basis(str, Enum):
    """Whether the law or a national scheme sets it (MUST), or a council, charity or partner chooses to give it (MAY)."""

    MUST = "must"
    MAY = "may"


@dataclass(frozen=True)
class AgeBand:
    """The ages, both ends included, at which something holds; 24 means until the 25th birthday."""

    youngest: int
    oldest: int

    def covers(self, age: int) -> bool:
        return self.youngest <= age <= self.oldest

    def __str__(self) -> str:
        if self.youngest == self.oldest:
            return str(self.youngest)
        return f"{self.youngest} to {self.oldest}"


@dataclass(frozen=True)
class Condition:
    """For whom something holds: within the ages, in all of `needs`, and in one of `any_of` where it names some."""

    ages: AgeBand | None = None
    needs: tuple[Situation, ...] = ()
    any_of: tuple[Situation, ...] = ()
    ages_inferred: bool = False
    """The ages are our reading of the source, so nobody is told that they are a rule."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Condition:
        ages = document.get("ages")
        return cls(
            ages=AgeBand(*ages) if ages else None,
            needs=tuple(Situation(name) for name in document.get("needs", ())),
            any_of=tuple(Situation(name) for name in document.get("any_of", ())),
            ages_inferred=document.get("ages_are") == "inferred",
        )


@dataclass(frozen=True)
class Case:
    """What is said instead of the entitlement's lead to those whom the condition fits."""

    condition: Condition
    lead: str


@dataclass(frozen=True)
class Instead:
    """The entry that people of these ages can get in place of this one."""

    ages: AgeBand
    entry: str


@dataclass(frozen=True)
class Contact:
    """How to reach somebody; a name and at least one way."""

    name: str
    phone: str | None = None
    text: str | None = None
    email: str | None = None
    url: str | None = None
    hours: str | None = None

    def line(self) -> str:
        """One sentence fragment: the name, then each way to reach them."""
        ways = [way for way in (self.phone, self.text, self.email, self.url) if way]
        hours = f" ({self.hours})" if self.hours else ""
        return f"{self.name}: {', '.join(ways)}{hours}"


@dataclass(frozen=True)
class Source:
    """A public document that an answer rests on.

    `dated` is the date the document itself carries, as YYYY, YYYY-MM or YYYY-MM-DD, or None where it carries none.
    """

    title: str
    publisher: str
    dated: str | None
    url: str | None = None


@dataclass(frozen=True)
class Amount:
    """A sum of money that the texts may name, in pounds; `per` is once, week, month, year, course or unknown."""

    pounds: float
    per: str
    limit: str
    what: str


@dataclass(frozen=True)
class Topic:
    """A subject of the Local Offer, with the entries offered when somebody names only the subject."""

    id: str
    title: str
    first: tuple[str, ...]


@dataclass(frozen=True)
class Urgent:
    """Whom to call at once: by day, by night, and for a bed. `hours` says when it is day."""

    hours: OpeningHours
    day: Contact
    night: Contact
    housing: Contact
    """By day; at night it is `night`."""

    def at(self, moment: datetime, *, housing: bool = False) -> Contact:
        if not self.hours.is_open(moment):
            return self.night
        return self.housing if housing else self.day


@dataclass(frozen=True)
class Authority:
    """A council, or England for the national rules."""

    id: str
    name: str
    label: str
    is_council: bool
    owner: str
    team: Contact
    emergency: Contact | None = None
    urgent: Urgent | None = None
    aliases: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    url: str | None = None

    @classmethod
    def from_document(cls, id: str, document: Mapping[str, Any]) -> Authority:
        team, emergency = Contact(**document["team"]), document.get("emergency")
        night = Contact(**emergency) if emergency else None
        urgent = document.get("urgent")
        return cls(
            id=id,
            name=document["name"],
            label=document["label"],
            is_council=document["kind"] == "council",
            owner=document["owner"],
            team=team,
            emergency=night,
            urgent=Urgent(
                hours=OpeningHours(
                    tuple(map(Period.from_document, urgent["hours"])),
                    tuple(map(Closure.from_document, urgent.get("closures", ()))),
                ),
                day=Contact(**urgent["day"]),
                night=night or team,
                housing=Contact(**urgent.get("housing", urgent["day"])),
            )
            if urgent
            else None,
            aliases=tuple(document.get("aliases", ())),
            places=tuple(document.get("places", ())),
            url=document.get("url"),
        )


@dataclass(frozen=True)
class Entry:
    """One thing that a young person can ask about; the same for all councils."""

    id: str
    title: str
    label: str
    about: str
    topic: str
    next: tuple[str, ...]
    questions: tuple[str, ...]
    refusable: bool = True

    @classmethod
    def from_document(cls, id: str, document: Mapping[str, Any]) -> Entry:
        return cls(
            id=id,
            title=document["title"],
            label=document["label"],
            about=document["about"],
            topic=document["topic"],
            next=tuple(document["next"]),
            questions=tuple(document["questions"]),
            refusable=document.get("refusable", True),
        )


@dataclass(frozen=True)
class Entitlement:
    """What one authority's sources say about one entry; every text is an editor's."""

    entry: str
    authority: str
    known: bool
    """False where the sources do not say what this authority does."""
    lead: str | None = None
    condition: Condition = field(default_factory=Condition)
    instead: tuple[Instead, ...] = ()
    cases: tuple[Case, ...] = ()
    basis: Basis | None = None
    how: str | None = None
    refused: str | None = None
    more: str | None = None
    amounts: tuple[Amount, ...] = ()
    contacts: tuple[Contact, ...] = ()
    sources: tuple[Source, ...] = ()
    confirm: bool = False
    everywhere: bool = False
    """England's only: the same in every council, so that a council without its own text is no gap."""
    adds_base: bool = False
    """A council's only: England's lead is told after its own."""
    review_by: str | None = None
    owner: str | None = None

    @classmethod
    def from_document(cls, entry: str, authority: str, document: Mapping[str, Any]) -> Entitlement:
        return cls(
            entry=entry,
            authority=authority,
            known=document["position"] == "gives",
            lead=document.get("lead"),
            condition=Condition.from_document(document.get("who", {})),
            instead=tuple(Instead(AgeBand(*row["ages"]), row["entry"]) for row in document.get("instead", ())),
            cases=tuple(Case(Condition.from_document(row), row["lead"]) for row in document.get("cases", ())),
            basis=Basis(document["basis"]) if "basis" in document else None,
            how=document.get("how"),
            refused=document.get("refused"),
            more=document.get("more"),
            amounts=tuple(Amount(**row) for row in document.get("amounts", ())),
            contacts=tuple(Contact(**row) for row in document.get("contacts", ())),
            sources=tuple(Source(**row) for row in document.get("sources", ())),
            confirm=document.get("confirm", False),
            everywhere=document.get("scope") == "everywhere",
            adds_base=document.get("base") == "adds",
            review_by=document.get("review_by"),
            owner=document.get("owner"),
        )


@dataclass(frozen=True)
class Circumstances:
    """What the person has told us of themselves; what is missing is not known, and never assumed."""

    age: int | None = None
    situations: Mapping[Situation, bool] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()
    """What they did not know or would rather not say ("age", or a situation's name): not asked again."""

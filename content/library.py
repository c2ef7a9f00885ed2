"""The library: everything that is published, held in memory and read again within a second of a change."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import sqlalchemy as sa

from content.answer import Answer, Composer, Offer
from content.crisis import Danger, UrgentHelp
from content.database import Database, shared
from content.errors import AuthorityNotFound, EntryNotFound, LibraryEmpty
from content.language import Language
from content.model import ENGLAND, Authority, Circumstances, Entitlement, Entry, Topic
from content.phrases import Phrases
from content.replies import CannedReply, replies_of
from content.seed import bodies_of
from content.settings import Storage
from content.tables import published, revisions, state

FRESH_SECONDS = 0.25
"""How long the library trusts what it holds before it asks the database whether anything was published."""


@dataclass(frozen=True)
class Shelf:
    """Everything published at one moment. It never changes; a publication makes another one."""

    version: int
    topics: tuple[Topic, ...]
    phrases: Phrases
    languages: Mapping[str, Language]
    authorities: Mapping[str, Authority]
    entries: Mapping[str, Entry]
    entitlements: Mapping[tuple[str, str], Entitlement]
    replies: tuple[CannedReply, ...] = ()
    """What the duty desk can pick from."""
    crisis: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The published documents of urgent help."""
    crisis_phrases: Mapping[Danger, Sequence[str]] = field(default_factory=dict)
    """What staff added for the crisis screen to listen for."""

    @cached_property
    def urgent(self) -> UrgentHelp:
        return UrgentHelp(self.crisis, self.phrases, self.languages, self.authorities)

    @cached_property
    def councils(self) -> tuple[Authority, ...]:
        return tuple(each for each in self.authorities.values() if each.is_council)

    @cached_property
    def composer(self) -> Composer:
        return Composer(self.phrases)

    def entry(self, id: str) -> Entry:
        """Raises EntryNotFound."""
        try:
            return self.entries[id]
        except KeyError as error:
            raise EntryNotFound(f"There is no published entry {id!r}.") from error

    def authority(self, id: str) -> Authority:
        """Raises AuthorityNotFound."""
        try:
            return self.authorities[id]
        except KeyError as error:
            raise AuthorityNotFound(f"There is no authority {id!r}.") from error

    def offer(self, entry: str, council: str | None) -> Offer:
        """What a council offers under an entry; with no council, the national rule. Raises EntryNotFound."""
        return Offer(
            entry=self.entry(entry),
            council=self.authority(council) if council else None,
            own=self.entitlements.get((council, entry)) if council else None,
            base=self.entitlements.get((ENGLAND, entry)),
        )

    def depends_on_council(self, entry: str) -> bool:
        """Whether the answer differs between councils, so that the council is worth asking for."""
        base = self.entitlements.get((ENGLAND, entry))
        if base is None or not base.everywhere:
            return True
        return any((council.id, entry) in self.entitlements for council in self.councils)

    def answers(self, entry: str, council: str | None, circumstances: Circumstances) -> list[Answer]:
        """The answer for one council. With no council the national rule, or where there is none each council's own."""
        offer = self.offer(entry, council)
        offers = [offer]
        if council is None and offer.base is None:
            offers = [each for one in self.councils if not (each := self.offer(entry, one.id)).is_gap]

        def lead_of(other: str) -> str | None:
            stand_in = self.offer(other, council)
            return stand_in.own_lead(circumstances) or stand_in.national_lead(circumstances)

        return [self.composer.answer(each, circumstances, lead_of) for each in offers]


class Library:
    """Reads the published content. Safe to use from several threads."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._shelf: Shelf | None = None
        self._looked_at = float("-inf")

    @property
    def shelf(self) -> Shelf:
        """What is published now, at most FRESH_SECONDS old. Raises LibraryEmpty while nothing is.

        While the database cannot be reached it goes on with what it holds: an old answer beats none.
        """
        with self._lock:
            if self._shelf is None or self._clock() - self._looked_at >= FRESH_SECONDS:
                try:
                    self._look()
                except sa.exc.DBAPIError:
                    if self._shelf is None:
                        raise
                self._looked_at = self._clock()
            assert self._shelf is not None
            return self._shelf

    def _look(self) -> None:
        with self._database.read() as connection:
            version = connection.execute(sa.select(state.c.version)).scalar()
            if version is None:
                raise LibraryEmpty("There is no content yet. Run `local-offer content load`.")
            if self._shelf is not None and self._shelf.version == version:
                return
            rows = connection.execute(
                sa.select(revisions.c.kind, revisions.c.key, revisions.c.body)
                .join(published, published.c.revision_id == revisions.c.id)
                .order_by(revisions.c.key)
            ).all()
        bodies: dict[str, dict[str, dict]] = {}
        for row in rows:
            bodies.setdefault(row.kind, {})[row.key] = row.body
        self._shelf = _shelve(version, bodies)


def _shelve(version: int, bodies: Mapping[str, Mapping[str, dict]]) -> Shelf:
    entitlements = {}
    for key, body in bodies["entitlement"].items():
        authority, entry = key.split("/")
        entitlements[authority, entry] = Entitlement.from_document(entry, authority, body)
    return Shelf(
        version=version,
        topics=tuple(
            Topic(topic["id"], topic["title"], tuple(topic["first"])) for topic in bodies["topics"]["topics"]["topics"]
        ),
        phrases=Phrases(_completed(bodies["phrases"]["phrases"])),
        languages={key: Language.from_document(key, body) for key, body in bodies.get("language", {}).items()},
        authorities={key: Authority.from_document(key, body) for key, body in bodies["authority"].items()},
        entries={key: Entry.from_document(key, body) for key, body in bodies["entry"].items()},
        entitlements=entitlements,
        replies=replies_of(bodies.get("replies", {}).get("replies", {"replies": ()})),
        crisis=bodies.get("crisis", {}),
        crisis_phrases={Danger(key): body["phrases"] for key, body in bodies.get("crisis_phrases", {}).items()},
    )


def _completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The published phrases with the program's own where it has got new ones since staff edited theirs."""
    own = bodies_of("phrases")["phrases"]
    known = document["situations"]
    return {
        "phrases": {**own["phrases"], **document["phrases"]},
        "situations": {name: {**row, **known.get(name, {})} for name, row in own["situations"].items()},
    }


def open_library() -> Library:
    """The library of the database that the environment names."""
    return Library(shared(Storage.from_environment().database_url))

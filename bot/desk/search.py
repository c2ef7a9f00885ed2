"""Finds cases by words: what was said in the chat, what it is about, the team's notes, and the reference.

What was typed may be a young person's own words. It is kept in memory alone, for a while, and pages name it by a key: so it
stands in no URL, no log and no table, and what was found can still be paged through, reloaded and come back to.
"""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import Any

import sqlalchemy as sa

from bot.conversations.model import Author, MessageRefused
from bot.conversations.tables import conversations, escalation_contacts, escalation_notes, escalations, messages
from bot.conversations.text import storable
from bot.desk.model import SearchRefused
from bot.desk.rights import visible
from bot.staff.audit import Audit
from bot.staff.model import Member
from content.database import Database

logger = logging.getLogger(__name__)
LONGEST, MOST_WORDS = 100, 10
MOST_FOUND = 500
"""Cases that one search gives, the newest: who finds more needs a further word, not a further page."""
KEPT = timedelta(minutes=30)
MOST_KEPT = 1000
_ESCAPE = "/"
# What everybody is told in the same words would be found in every case: of the assistant only answers count as said.
_SAID = sa.or_(messages.c.author.in_((Author.PERSON.value, Author.STAFF.value)), messages.c.kind == "answer")


@dataclass(frozen=True)
class Found:
    """What one member's search found: the cases' ids, the newest first. `has_more` says that there are older ones."""

    member_id: int
    words: str = field(repr=False)
    ids: Sequence[int]
    has_more: bool
    at: datetime


class Search:
    """Searches what a member may see, and keeps what was found for that member."""

    def __init__(self, database: Database, audit: Audit, *, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._audit = database, audit
        self._clock = clock or (lambda: datetime.now(timezone.utc))
        self._kept: OrderedDict[str, Found] = OrderedDict()
        self._lock = Lock()

    def find(self, member: Member, typed: str) -> str:
        """Find the cases in which every word occurs, and give the key for `found`. Raises SearchRefused.

        That it was done and how many were found is in the audit before anybody sees them; the words are not.
        """
        words = _words(typed)
        ids = self._ids(member, words)
        found = Found(member.id, " ".join(words), ids[:MOST_FOUND], len(ids) > MOST_FOUND, self._clock())
        detail = f"{len(found.ids)} found{', and there are more' if found.has_more else ''}"
        with self._database.write() as connection:
            self._audit.record(connection, "cases searched", member=member.id, authority=member.authority, detail=detail)
        return self._keep(found)

    def found(self, member: Member, key: str) -> Found | None:
        """What this member found under the key; None when it is somebody else's, or no longer kept."""
        with self._lock:
            found = self._kept.get(key)
        there = found and found.member_id == member.id and self._clock() - found.at < KEPT
        return found if there else None

    def _keep(self, found: Found) -> str:
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT or self._clock() - next(iter(self._kept.values())).at >= KEPT:
                self._kept.popitem(last=False)
        return key

    def _ids(self, member: Member, words: Sequence[str]) -> list[int]:
        query = (
            sa.select(escalations.c.id)
            .select_from(escalations.outerjoin(conversations, conversations.c.id == escalations.c.conversation_id))
            .where(visible(member), *(_occurs(word) for word in words))
            .order_by(escalations.c.id.desc())
            .limit(MOST_FOUND + 1)
        )
        try:
            with self._database.read() as connection:
                return connection.execute(query).scalars().all()  # type: ignore[no-any-return]
        except sa.exc.DBAPIError as error:
            # The error itself holds what was typed: it must not reach a log.
            logger.error("A search of the desk failed: %s.", type(error.orig).__name__)
            raise SearchRefused("The search could not be finished. Please try a longer word, or fewer.") from None


def _words(typed: str) -> list[str]:
    """The words to look for, each once. Raises SearchRefused."""
    if len(typed) > LONGEST:
        raise SearchRefused(f"A search can have up to {LONGEST} characters. Please leave some words out.")
    try:
        words = list(dict.fromkeys(storable(typed).split()))
    except MessageRefused:
        raise SearchRefused("Please type a word, or a reference, to look for.") from None
    if len(words) > MOST_WORDS:
        raise SearchRefused(f"A search can have up to {MOST_WORDS} words. Please leave some out.")
    return words


def _occurs(word: str) -> Any:
    """The condition on escalations that the word is in the chat, what the case is about, its notes or its reference."""
    of_case = (
        (escalation_contacts.c.about, escalation_contacts.c.escalation_id == escalations.c.id),
        (escalation_notes.c.text, escalation_notes.c.escalation_id == escalations.c.id),
        (messages.c.text, sa.and_(messages.c.conversation_id == escalations.c.conversation_id, _SAID)),
    )
    return sa.or_(_has(escalations.c.reference, word), *(sa.exists().where(of, _has(text, word)) for text, of in of_case))


def _has(text: Any, word: str) -> Any:
    # Phones write another apostrophe than keyboards do.
    forms = {word.replace("\u2019", "'"), word.replace("'", "\u2019")}
    if not word.isascii():
        # SQLite, and PostgreSQL with the locale "C", know capitals of A to Z alone.
        forms |= {change(form) for form in forms for change in (str.lower, str.upper, str.capitalize)}
    return sa.or_(*(text.ilike(f"%{_escaped(form)}%", escape=_ESCAPE) for form in sorted(forms)))


def _escaped(word: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return word

"""What staff suggest for the content, in words that tell of nobody, and what content editors decide about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations.model import MessageRefused
from bot.conversations.tables import escalations
from bot.conversations.text import storable
from bot.desk.cases import read_row
from bot.desk.model import ActRefused, CaseNotFound, DeskError
from bot.desk.tables import suggestions
from bot.staff.audit import Audit
from bot.staff.model import Member, Role
from bot.staff.tables import staff
from bot.staff.times import Clock, now
from content.database import Database, utc
from content.editor import EditRefused, add_question, must_be_new

EDITORS = (Role.EDITOR, Role.ADMIN)
SHORTEST, LONGEST_QUESTION, LONGEST_ANSWER = 2, 400, 5_000
"""Characters; a question's are those of an entry's example questions."""


class Kind(str, Enum):
    """What is suggested: one more way of asking for an entry, or a draft of what no entry says yet."""

    EXAMPLE = "example"
    ENTRY = "entry"


class Status(str, Enum):
    NEW = "new"
    USED = "used"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Suggestion:
    """One that nobody has decided about. `entry` is what an example is for; `answer` is a draft's."""

    id: int
    made_at: datetime
    by: str
    """The name of the member who made it."""
    authority: str | None
    kind: Kind
    entry: str | None
    question: str
    answer: str | None


class SuggestionNotFound(DeskError):
    """There is no such suggestion, or it is not for this member; the two look the same."""


class Suggestions:
    """The suggestions in the database. What cannot be done raises ActRefused, with a sentence."""

    def __init__(self, database: Database, audit: Audit, *, clock: Clock = now) -> None:
        self._database, self._audit, self._clock = database, audit, clock

    def make(
        self,
        member: Member,
        reference: str,
        kind: Kind,
        question: str,
        *,
        entry: str = "",
        answer: str = "",
        is_clean: bool,
    ) -> None:
        """Suggest what was learned in a case; the same again while it waits changes nothing. Raises CaseNotFound.

        `is_clean` is the member's word that nothing is left in the texts that could tell who it was.
        """
        with self._database.write() as connection:
            case = read_row(connection, member, escalations.c.reference == reference)
            if case is None:
                raise CaseNotFound("There is no such case, or it is not one of yours.")
            if case.conversation_id is None:
                raise ActRefused("The person has deleted this chat, so nothing of it can be suggested.")
            if not is_clean:
                raise ActRefused("Please take out everything that could tell who it was, then tick that you have.")
            values: dict[str, Any] = {
                "authority": case.authority,
                "kind": kind.value,
                "question": " ".join(_worded(question, "question", LONGEST_QUESTION).split()),
                "entry": entry if kind is Kind.EXAMPLE else None,
                "answer": _worded(answer, "answer", LONGEST_ANSWER) if kind is Kind.ENTRY else None,
            }
            if kind is Kind.EXAMPLE:
                if not entry:
                    raise ActRefused("Please choose the entry that people ask for in this way.")
                with _as_refusal():
                    must_be_new(connection, entry, values["question"])
            is_there = [suggestions.c[name].is_not_distinct_from(value) for name, value in values.items()]
            if connection.execute(sa.select(suggestions.c.id).where(_is_new(), *is_there)).first():
                return
            made = connection.execute(
                sa.insert(suggestions).values(**values, made_at=self._clock(), staff_id=member.id, status=Status.NEW.value)
            )
            self._record(connection, "made", member, made.inserted_primary_key[0], values)

    def waiting(self, member: Member) -> list[Suggestion]:
        """Those that the member may decide about, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(suggestions, staff.c.name)
                .join(staff, staff.c.id == suggestions.c.staff_id)
                .where(_is_new())
                .order_by(suggestions.c.id)
            ).all()
        return [_suggestion(row) for row in rows if is_for(member, row.authority)]

    def counts(self) -> dict[str | None, int]:
        """How many wait, by council."""
        waiting = sa.func.count().label("waiting")
        of_each = sa.select(suggestions.c.authority, waiting).where(_is_new()).group_by(suggestions.c.authority)
        with self._database.read() as connection:
            return {row.authority: row.waiting for row in connection.execute(of_each)}

    def use_example(self, member: Member, id: int) -> None:
        """Publish the question among its entry's examples. Raises SuggestionNotFound."""
        with self._database.write() as connection:
            there = self._decide(connection, member, id, Status.USED, Kind.EXAMPLE)
            with _as_refusal("The entry cannot be published with it. "):
                add_question(connection, there.entry, there.question, author=member.name)

    def done(self, member: Member, id: int) -> None:
        """Note that a draft is in the content; it was published there by hand. Raises SuggestionNotFound."""
        with self._database.write() as connection:
            self._decide(connection, member, id, Status.USED, Kind.ENTRY)

    def dismiss(self, member: Member, id: int) -> None:
        """Raises SuggestionNotFound."""
        with self._database.write() as connection:
            self._decide(connection, member, id, Status.DISMISSED, *Kind)

    def _decide(self, connection: Connection, member: Member, id: int, status: Status, *kinds: Kind) -> Row:
        """Settle it, once, and erase its texts; the row as it was."""
        row = connection.execute(sa.select(suggestions).where(suggestions.c.id == id).with_for_update()).first()
        if row is None or not is_for(member, row.authority) or row.kind not in kinds:
            raise SuggestionNotFound("There is no such suggestion, or it is not for you to decide.")
        if row.status != Status.NEW.value:
            raise ActRefused("Somebody has decided about this suggestion already.")
        decided = {"status": status.value, "decided_at": self._clock(), "decided_by": member.id}
        settled = sa.update(suggestions).where(suggestions.c.id == id)
        connection.execute(settled.values(**decided, question=None, answer=None))
        self._record(connection, status.value, member, id, row._mapping)
        return row

    def _record(self, connection: Connection, what: str, member: Member, id: int, values: Any) -> None:
        self._audit.record(
            connection,
            f"suggestion {what}",
            member=member.id,
            subject=f"suggestion {id}",
            authority=values["authority"],
            detail=f"{values['kind']} {values['entry'] or ''}".strip(),
        )


def is_for(member: Member, authority: str | None) -> bool:
    """Whether this member decides about a council's suggestions. Those without a council are every editor's."""
    is_editor = member.is_active and member.role in EDITORS
    return is_editor and (member.authority is None or authority in (None, member.authority))


def _is_new() -> Any:
    return suggestions.c.status == Status.NEW.value


def _worded(text: str, what: str, most: int) -> str:
    """The text as it can be kept. Raises ActRefused."""
    try:
        text = storable(text)
    except MessageRefused:
        text = ""
    if not SHORTEST <= len(text) <= most:
        raise ActRefused(f"Please write the {what} in {SHORTEST} to {most:,} characters.")
    return text


@contextmanager
def _as_refusal(lead: str = "") -> Iterator[None]:
    try:
        yield
    except EditRefused as refused:
        raise ActRefused(lead + "; ".join(str(refused).splitlines())) from refused


def _suggestion(row: Row) -> Suggestion:
    return Suggestion(
        id=row.id,
        made_at=utc(row.made_at),
        by=row.name,
        authority=row.authority,
        kind=Kind(row.kind),
        entry=row.entry,
        question=row.question,
        answer=row.answer,
    )

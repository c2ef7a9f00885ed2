"""Reads the desk's cases: the queue, one case, its notes and its log. Who asks is given only what they may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.conversations.escalations import escalation_of
from bot.conversations.model import Status, Urgency
from bot.conversations.tables import (
    conversations,
    escalation_contacts,
    escalation_log,
    escalation_notes,
    escalations,
    messages,
)
from bot.conversations.unanswered import IS_TOLD
from bot.desk.calls import Ear, Place
from bot.desk.filters import UNSEEN, matching
from bot.desk.model import EVERYTHING, Case, CaseNotFound, Contact, Filter, Happening, Note, Ratings, View
from bot.desk.ratings import RATING
from bot.desk.rights import visible
from bot.desk.search import Search
from bot.staff.audit import Audit
from bot.staff.model import Member, Role
from bot.staff.tables import staff
from content.database import Database, utc, utc_or_none
from content.hours import ENGLISH_TIME

PAGE = 100
"""Cases on one page of the queue: more than anybody reads, and quick with any number waiting."""
_RATINGS = {True: "helpful", False: "not helpful", None: ""}
_HOLDER, _PA = staff.alias("holder"), staff.alias("pa")
_URGENCY = sa.case({each.value: each.rank for each in Urgency}, value=escalations.c.urgency)
_COLUMNS = (
    escalations,
    _HOLDER.c.name.label("holder_name"),
    _PA.c.name.label("pa_name"),
    conversations.c.channel,
    conversations.c.language,
    conversations.c.holder.label("chat_with"),
    conversations.c.seen_by_person,
    sa.select(sa.func.count()).where(UNSEEN).scalar_subquery().label("unread"),
    sa.select(sa.func.min(messages.c.at)).where(UNSEEN).scalar_subquery().label("waits_since"),
    RATING.label("was_helped"),
    IS_TOLD.label("is_unanswered"),
)
_FROM = (
    escalations.outerjoin(conversations, conversations.c.id == escalations.c.conversation_id)
    .outerjoin(_HOLDER, _HOLDER.c.id == escalations.c.holder_id)
    .outerjoin(_PA, _PA.c.id == escalations.c.pa_id)
)
_SHOWN = sa.select(*_COLUMNS).select_from(_FROM).where(escalations.c.id.in_(sa.bindparam("ids", expanding=True)))
"""Made once: for a statement of this size SQLAlchemy would need as long as the database, each time."""


class Cases:
    """The cases in the database, as one member may see them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.search = Search(database, Audit(database))

    def queue(self, member: Member, view: View, *, filter: Filter = EVERYTHING, page: int = 1) -> tuple[list[Case], bool]:
        """A page of cases, and whether more follow: the most urgent and longest due first, closed ones the latest first."""
        order = [_URGENCY, escalations.c.due_at, escalations.c.id]
        if view is View.CLOSED:
            order = [escalations.c.closed_at.desc(), escalations.c.id.desc()]
        return self._page([visible(member), self._in(view, member), *matching(filter)], order, page)

    def found(
        self, member: Member, ids: Sequence[int], *, filter: Filter = EVERYTHING, page: int = 1
    ) -> tuple[list[Case], bool]:
        """A page of those among these cases that the member may see, the newest first, and whether there are more."""
        wanted = [visible(member), escalations.c.id.in_(ids), *matching(filter)]
        return self._page(wanted, [escalations.c.id.desc()], page)

    def matches(self, member: Member, case: Case, filter: Filter) -> bool:
        """Whether the queue would list the case with this filter."""
        condition = sa.and_(escalations.c.id == case.escalation.id, *matching(filter))
        with self._database.read() as connection:
            return read_row(connection, member, condition) is not None

    def ratings(self, member: Member, since: datetime, *, filter: Filter = EVERYTHING) -> Ratings:
        """What people said of the help in cases that were closed since then."""
        closed = sa.and_(self._in(View.CLOSED, member), escalations.c.closed_at >= since)
        rated = sa.select(RATING.label("helped")).select_from(_FROM).where(visible(member), closed, *matching(filter))
        helped = rated.subquery().c.helped
        with self._database.read() as connection:
            row = connection.execute(sa.select(sa.func.count().filter(helped.is_(True)), sa.func.count(helped))).one()
        return Ratings(*row)

    def counts(self, member: Member) -> dict[View, int]:
        """How many cases each view holds, but for the closed ones."""
        views = [view for view in View if view is not View.CLOSED]
        columns = [sa.func.count().filter(self._in(view, member)).label(view.name) for view in views]
        with self._database.read() as connection:
            row = connection.execute(sa.select(*columns).select_from(_FROM).where(visible(member))).one()
        return {view: row[place] for place, view in enumerate(views)}

    def case(self, member: Member, reference: str) -> Case:
        """Raises CaseNotFound."""
        return self._one(member, escalations.c.reference == reference)

    def by_id(self, member: Member, id: int) -> Case:
        """Raises CaseNotFound."""
        return self._one(member, escalations.c.id == id)

    @staticmethod
    def views(member: Member, case: Case) -> list[View]:
        """The views that hold the case, as the queue would."""
        status, is_own = case.escalation.status, case.escalation.holder_id == member.id
        held = {
            View.WAITING: status is Status.OPEN or case.is_unanswered,
            View.MINE: is_own and status in (Status.OPEN, Status.TAKEN),
            View.OTHERS: not is_own and status is Status.TAKEN,
            View.SNOOZED: status is Status.SNOOZED,
            View.CLOSED: status is Status.CLOSED,
        }
        return [view for view, holds in held.items() if holds]

    def place(self) -> Place:
        """Up to where things have happened: what happens from now on is after it."""
        return Place.now(self._database)

    def ear(self, member: Member, since: Place) -> Ear:
        """What hears the calls of one open page of the desk."""
        return Ear(self._database, member, since)

    def history(self, member: Member, case: Case) -> list[Case]:
        """The other cases of the same conversation, the latest first."""
        if case.escalation.conversation_id is None:
            return []
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(*_COLUMNS)
                .select_from(_FROM)
                .where(
                    visible(member),
                    escalations.c.conversation_id == case.escalation.conversation_id,
                    escalations.c.id != case.escalation.id,
                )
                .order_by(escalations.c.id.desc())
            ).all()
        return [_case(row) for row in rows]

    def contact(self, case: Case) -> Contact | None:
        """For a case that this member was given by `case`."""
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(escalation_contacts).where(escalation_contacts.c.escalation_id == case.escalation.id)
            ).first()
        return Contact(row.about, row.phone, row.email, row.good_time) if row else None

    def notes(self, case: Case) -> list[Note]:
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(escalation_notes, staff.c.name)
                .join(staff, staff.c.id == escalation_notes.c.staff_id)
                .where(escalation_notes.c.escalation_id == case.escalation.id)
                .order_by(escalation_notes.c.id)
            ).all()
        return [Note(utc(row.at), row.name, row.text) for row in rows]

    def log(self, case: Case) -> list[Happening]:
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(escalation_log, staff.c.name)
                .outerjoin(staff, staff.c.id == escalation_log.c.staff_id)
                .where(escalation_log.c.escalation_id == case.escalation.id)
                .order_by(escalation_log.c.id)
            ).all()
        return [Happening(utc(row.at), row.what, row.name, row.detail) for row in rows]

    def colleagues(self, member: Member, case: Case) -> list[tuple[int, str, str]]:
        """Who a case can be handed to: id, name and role. Those who are away are left out."""
        authority = case.escalation.authority or member.authority
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(staff.c.id, staff.c.name, staff.c.role)
                .where(
                    staff.c.is_active,
                    sa.not_(staff.c.is_away),
                    staff.c.id != member.id,
                    staff.c.role.in_(("duty", "pa")),
                    staff.c.authority == authority,
                )
                .order_by(staff.c.role, staff.c.name)
            ).all()
        return [(row.id, row.name, row.role) for row in rows]

    def advisers(self, member: Member) -> list[tuple[int, str]]:
        """The personal advisers by whose people a member can tell cases apart, by id and name: none for an adviser."""
        if member.role is Role.PA:
            return []
        query = sa.select(staff.c.id, staff.c.name).where(staff.c.role == Role.PA.value, staff.c.is_active)
        if member.authority is not None:
            query = query.where(staff.c.authority == member.authority)
        with self._database.read() as connection:
            return [(row.id, row.name) for row in connection.execute(query.order_by(staff.c.name, staff.c.id))]

    def export(self, member: Member, filter: Filter = EVERYTHING) -> Iterator[list[str]]:
        """Rows of references, times, urgency, outcome and rating: nothing that a person said, nor how to reach them.

        The times are English ones, as everywhere at the desk.
        """
        yield ["reference", "council", "reason", "urgency", "way", "status", "opened", "due", "taken", "replied", "closed",
               "outcome", "rating", "with"]  # fmt: skip
        wanted = [visible(member), *matching(filter)]
        query = sa.select(*_COLUMNS).select_from(_FROM).where(*wanted).order_by(escalations.c.id.desc())
        with self._database.read() as connection:
            for row in connection.execute(query):
                one = escalation_of(row)
                times = (one.opened_at, one.due_at, one.taken_at, one.replied_at, one.closed_at)
                written = [each.astimezone(ENGLISH_TIME).strftime("%Y-%m-%d %H:%M") if each else "" for each in times]
                yield [one.reference, one.authority or "", one.reason, one.urgency.value, one.way.value, one.status.value,
                       *written, one.outcome or "", _RATINGS[row.was_helped], _as_text(row.holder_name or "")]  # fmt: skip

    def _page(self, wanted: list[Any], order: list[Any], page: int) -> tuple[list[Case], bool]:
        ids = sa.select(escalations.c.id).select_from(_FROM).where(*wanted).order_by(*order)
        ids = ids.limit(PAGE + 1).offset((page - 1) * PAGE)
        with self._database.read() as connection:
            # What each line shows is read for this page's cases alone.
            found = connection.execute(ids).scalars().all()
            shown = {row.id: _case(row) for row in connection.execute(_SHOWN, {"ids": found[:PAGE]})}
        return [shown[id] for id in found[:PAGE] if id in shown], len(found) > PAGE

    def _one(self, member: Member, condition: Any) -> Case:
        with self._database.read() as connection:
            row = read_row(connection, member, condition)
        if row is None:
            raise CaseNotFound("There is no such case, or it is not one of yours.")
        return _case(row)

    @staticmethod
    def _in(view: View, member: Member) -> Any:
        status, holder = escalations.c.status, escalations.c.holder_id
        is_mine = sa.and_(holder == member.id, status.in_((Status.OPEN.value, Status.TAKEN.value)))
        return {
            View.WAITING: sa.or_(status == Status.OPEN.value, IS_TOLD),
            View.MINE: is_mine,
            View.OTHERS: sa.and_(status == Status.TAKEN.value, sa.func.coalesce(holder, 0) != member.id),
            View.SNOOZED: status == Status.SNOOZED.value,
            View.CLOSED: status == Status.CLOSED.value,
        }[view]


def read_row(connection: Connection, member: Member, condition: Any) -> Row | None:
    """The case's row, if this member may see it."""
    return connection.execute(sa.select(*_COLUMNS).select_from(_FROM).where(visible(member), condition)).first()


def _as_text(name: str) -> str:
    """What a spreadsheet would take for a formula, as text (OWASP, "CSV Injection")."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def _case(row: Row) -> Case:
    return Case(
        escalation=escalation_of(row),
        holder=row.holder_name,
        pa=row.pa_name,
        channel=row.channel,
        language=row.language,
        chat_with=row.chat_with,
        unread=row.unread,
        waits_since=utc_or_none(row.waits_since),
        seen_by_person=row.seen_by_person or 0,
        was_helped=row.was_helped,
        is_unanswered=bool(row.is_unanswered),
    )

"""What an open desk calls out: a case that waits for somebody, a cry for help in any, and words to whoever has the case."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

import sqlalchemy as sa

from bot.conversations import case_log
from bot.conversations.model import Status, Urgency
from bot.conversations.tables import conversations, escalation_log, escalations, messages
from bot.desk.filters import IS_PERSONS, UNSEEN
from bot.desk.model import Case
from bot.desk.rights import visible
from bot.staff.model import Member
from content.database import Database

NEWS = frozenset(
    (
        case_log.OPENED,
        case_log.HEARD_AGAIN,
        case_log.MORE_URGENT,
        case_log.HANDED_OVER,
        case_log.WROTE_AGAIN,
        case_log.WOKE,
        case_log.CAME_BACK,
        case_log.LEFT_TO_TEAM,
        case_log.LEFT_BEHIND,
        case_log.UNANSWERED,
    )
)
"""What the log says when a case is there for somebody who was not at it."""
CRIES = frozenset((case_log.OPENED, case_log.HEARD_AGAIN, case_log.MORE_URGENT))
MOST_MISSED = 50


class Call(str, Enum):
    """Why somebody is called."""

    NEW = "new"
    """The case waits for them, or for whoever of the team comes first, also when a colleague has it and does not answer."""
    DANGER = "danger"
    """Somebody cried for help, for all who may see the case: whoever has it may not be there."""
    WROTE = "wrote"
    """The person wrote in a case that is theirs."""


@dataclass(frozen=True)
class Place:
    """Up to where a page was told of things: the last line of the log, and the last message. Pages keep it as a text."""

    line: int
    message: int

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """None for what `str` does not give."""
        found = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", text)
        return cls(int(found[1]), int(found[2])) if found else None

    @classmethod
    def now(cls, database: Database) -> Place:
        last = sa.select(sa.func.coalesce(sa.func.max(escalation_log.c.id), 0)).scalar_subquery()
        with database.read() as connection:
            return cls(*connection.execute(sa.select(last, sa.func.coalesce(sa.func.max(messages.c.id), 0))).one())

    def __str__(self) -> str:
        return f"{self.line}-{self.message}"


@dataclass(frozen=True)
class Heard:
    """What a page makes of a case that changed: whether it calls out, and whether what it called out before is settled."""

    call: Call | None
    is_settled: bool


class Ear:
    """What one open page was told of, so that it is called once for each thing that happens; the log says what did.

    Its methods read the database: whoever calls from a coroutine calls in a thread.
    """

    def __init__(self, database: Database, member: Member, since: Place) -> None:
        """`since` is where the page was when it was made or when its connection was lost; `place` is where it is now."""
        self._database, self._member, self._since = database, member, since
        self._lines: dict[int, int] = {}
        self._words: dict[int, int] = {}
        self.place = since

    def missed(self) -> list[int]:
        """The cases in which something happened since, or the person wrote to the member; the newest last."""
        changed = sa.exists().where(
            escalation_log.c.escalation_id == escalations.c.id, escalation_log.c.id > self._since.line
        )
        has_words = sa.and_(
            escalations.c.holder_id == self._member.id,
            escalations.c.status != Status.CLOSED.value,
            sa.exists().where(UNSEEN, messages.c.id > self._since.message),
        )
        with self._database.read() as connection:
            found = connection.execute(
                sa.select(escalations.c.id)
                .select_from(escalations.outerjoin(conversations, conversations.c.id == escalations.c.conversation_id))
                .where(visible(self._member), changed | has_words)
                .order_by(escalations.c.id.desc())
                .limit(MOST_MISSED)
            ).scalars()
            return sorted(found)

    def hear(self, case: Case, viewer: Member) -> Heard:
        """What a case means to the page that has changed, and that the viewer may see."""
        one, is_theirs = case.escalation, case.escalation.holder_id == viewer.id
        happened, acted = self._happened(one.id, viewer)
        wrote = self._wrote(case) and is_theirs
        is_taken = one.status is not Status.OPEN and not case.is_unanswered
        is_settled = acted or one.status is Status.CLOSED or (is_taken and not is_theirs)
        return Heard(self._call(case, happened, wrote=wrote, is_theirs=is_theirs), is_settled)

    @staticmethod
    def _call(case: Case, happened: set[str], *, wrote: bool, is_theirs: bool) -> Call | None:
        one = case.escalation
        if one.status is Status.CLOSED:
            return None
        if happened & CRIES and one.urgency is Urgency.EMERGENCY:
            return Call.DANGER
        is_for_them = is_theirs or one.holder_id is None or case_log.UNANSWERED in happened
        if happened & NEWS and is_for_them:
            return Call.NEW
        return Call.WROTE if wrote else None

    def _wrote(self, case: Case) -> bool:
        """Whether there are words that nobody of the team was shown and that the page was not told of."""
        if not case.unread:
            return False
        known, one = self._words.get(case.escalation.id, self._since.message), case.escalation
        newest = sa.select(sa.func.max(messages.c.id)).where(messages.c.conversation_id == one.conversation_id, IS_PERSONS)
        with self._database.read() as connection:
            last: int = connection.execute(newest).scalar() or 0
        self._words[one.id] = max(known, last)
        self.place = replace(self.place, message=max(self.place.message, last))
        return last > known

    def _happened(self, escalation_id: int, viewer: Member) -> tuple[set[str], bool]:
        """What others did, or the person, since the page was told of the case last; and whether the viewer did something."""
        after = self._lines.get(escalation_id, self._since.line)
        line = escalation_log.c
        with self._database.read() as connection:
            lines = connection.execute(
                sa.select(line.id, line.what, line.staff_id)
                .where(line.escalation_id == escalation_id, line.id > after)
                .order_by(line.id)
            ).all()
        if lines:
            self._lines[escalation_id] = lines[-1].id
            self.place = replace(self.place, line=max(self.place.line, lines[-1].id))
        others = {each.what for each in lines if each.staff_id != viewer.id}
        return others, any(each.staff_id == viewer.id for each in lines)

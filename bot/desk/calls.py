"""What an open desk calls out: a case that waits for somebody, a cry for help in any, and words to whoever has the case."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

from bot.conversations import case_log
from bot.conversations.model import Status, Urgency
from bot.conversations.tables import conversations, escalation_log, escalations
from bot.desk.filters import UNSEEN
from bot.desk.model import Case
from bot.desk.rights import visible
from bot.staff.model import Member
from content.database import Database

NEWS = frozenset(
    (
        case_log.OPENED,
        case_log.MORE_URGENT,
        case_log.HANDED_OVER,
        case_log.WROTE_AGAIN,
        case_log.WOKE,
        case_log.CAME_BACK,
        case_log.LEFT_TO_TEAM,
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


class Ear:
    """What one open page was told of, so that it is called once for each thing that happens; the log says what did.

    Its methods read the database: whoever calls from a coroutine calls in a thread.
    """

    def __init__(self, database: Database, member: Member, since: int, *, again: bool = False) -> None:
        """`since` is the line of the log up to which the page was told of; `again` when its connection was lost since.

        `line` is what `since` would be now.
        """
        self._database, self._member, self._since = database, member, since
        self._heard: dict[int, int] = {}
        self.line = since
        mine = self._mine()
        self._unread = dict.fromkeys(mine, 0) if again else mine

    def missed(self) -> list[int]:
        """The cases in which something happened since, or (after a break) where unread words wait; the newest last."""
        changed = sa.exists().where(escalation_log.c.escalation_id == escalations.c.id, escalation_log.c.id > self._since)
        with self._database.read() as connection:
            found = connection.execute(
                sa.select(escalations.c.id)
                .select_from(escalations.outerjoin(conversations, conversations.c.id == escalations.c.conversation_id))
                .where(visible(self._member), changed)
                .order_by(escalations.c.id.desc())
                .limit(MOST_MISSED)
            ).scalars()
            unread = (id for id, count in self._mine().items() if count > self._unread.get(id, 0))
            return sorted({*found, *unread})

    def call(self, case: Case, viewer: Member) -> Call | None:
        """Whether the page calls out now for this case, which has changed, and which the viewer may see."""
        one = case.escalation
        happened = self._happened(one.id, viewer)
        wrote = self._wrote(case, is_theirs=one.holder_id == viewer.id)
        if one.status is Status.CLOSED:
            return None
        if happened & CRIES and one.urgency is Urgency.EMERGENCY:
            return Call.DANGER
        is_for_them = one.holder_id in (viewer.id, None) or case_log.UNANSWERED in happened
        if happened & NEWS and is_for_them:
            return Call.NEW
        return Call.WROTE if wrote else None

    def _wrote(self, case: Case, *, is_theirs: bool) -> bool:
        """Whether the person wrote since; what was there before the case was theirs is no news."""
        before = self._unread.pop(case.escalation.id, case.unread)
        if is_theirs:
            self._unread[case.escalation.id] = case.unread
        return is_theirs and case.unread > before

    def _happened(self, escalation_id: int, viewer: Member) -> set[str]:
        """What others did, or the person, since the page was told of the case last."""
        after = self._heard.get(escalation_id, self._since)
        line = escalation_log.c
        with self._database.read() as connection:
            lines = connection.execute(
                sa.select(line.id, line.what, line.staff_id)
                .where(line.escalation_id == escalation_id, line.id > after)
                .order_by(line.id)
            ).all()
        if lines:
            self._heard[escalation_id] = lines[-1].id
            self.line = max(self.line, lines[-1].id)
        return {each.what for each in lines if each.staff_id != viewer.id}

    def _mine(self) -> dict[int, int]:
        """How much is unread in each case of theirs."""
        count = sa.select(sa.func.count()).where(UNSEEN).correlate(escalations, conversations).scalar_subquery()
        with self._database.read() as connection:
            found = connection.execute(
                sa.select(escalations.c.id, count.label("unread"))
                .select_from(escalations.join(conversations, conversations.c.id == escalations.c.conversation_id))
                .where(escalations.c.holder_id == self._member.id, escalations.c.status != Status.CLOSED.value)
            ).all()
        return {row.id: row.unread for row in found}

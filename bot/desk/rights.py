"""Who may see which cases: a duty worker their council's, a personal adviser their own people's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.conversations.tables import conversations, escalations
from bot.staff.model import Member, Role

AT_THE_DESK = frozenset((Role.DUTY, Role.PA, Role.ADMIN))


def visible(member: Member) -> Any:
    """The condition on escalations, joined with their conversations, that this member may see them.

    A case whose council is not known yet is every duty team's. Whoever it was handed to may see it.
    """
    if not member.is_active or member.role not in AT_THE_DESK:
        return sa.false()
    own = sa.or_(escalations.c.holder_id == member.id, escalations.c.pa_id == member.id, conversations.c.pa_id == member.id)
    if member.role is Role.PA:
        return own
    if member.authority is None:
        return sa.true() if member.role is Role.ADMIN else own
    return sa.or_(own, escalations.c.authority == member.authority, escalations.c.authority.is_(None))

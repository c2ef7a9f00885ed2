"""A filter as conditions on the cases' rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.conversations.model import ASKED, Author
from bot.conversations.tables import conversations, escalations, messages
from bot.desk.model import NO_COUNCIL, Filter

IS_PERSONS = messages.c.author == Author.PERSON.value
"""The condition on messages that the person wrote them."""
UNSEEN = sa.and_(
    messages.c.conversation_id == escalations.c.conversation_id,
    IS_PERSONS,
    messages.c.id > conversations.c.seen_by_staff,
)
"""The condition on messages that the person wrote them, and that nobody of the team was shown them."""


def matching(filter: Filter) -> list[Any]:
    """The conditions on escalations, joined with their conversations; none for a filter that leaves nothing out."""
    one, wanted = escalations.c, list[Any]()
    if filter.council is not None:
        wanted.append(one.authority.is_(None) if filter.council == NO_COUNCIL else one.authority == filter.council)
    if filter.urgency is not None:
        wanted.append(one.urgency == filter.urgency.value)
    if filter.way is not None:
        wanted.append(one.way == filter.way.value)
    if filter.whose is not None:
        wanted.append(sa.or_(one.pa_id == filter.whose, conversations.c.pa_id == filter.whose))
    if filter.is_danger is not None:
        wanted.append(one.reason != ASKED if filter.is_danger else one.reason == ASKED)
    if filter.is_unread:
        wanted.append(sa.exists().where(UNSEEN))
    return wanted

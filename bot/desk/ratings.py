"""What the person said of a closed case's help, under the message that told them of its end."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.conversations.model import Status
from bot.conversations.tables import escalations, feedback, messages


def _closing(field: str) -> Any:
    """What a message says of the case that it is about; the closing ones name it, for a chat may have had several."""
    return messages.c.details[("handoff", field)].as_string()


_LAST = (
    sa.select(feedback.c.helpful)
    .join(messages, messages.c.id == feedback.c.message_id)
    .where(
        messages.c.conversation_id == escalations.c.conversation_id,
        messages.c.kind == "handoff",
        _closing("status") == "closed",
        _closing("reference") == escalations.c.reference,
    )
    .order_by(messages.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
RATING = sa.case((escalations.c.status == Status.CLOSED.value, _LAST))
"""Whether the person was helped, as they said it last; null without a word of theirs, and while the case is not closed."""

"""The tables of the conversations. Deleting a conversation's row deletes all that belongs to it."""

from __future__ import annotations

import sqlalchemy as sa

from content.database import metadata

_OF_A_CONVERSATION = "conversations.id"

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("token_digest", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("authority", sa.String(60)),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("holder", sa.String(10), nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("crisis_at", sa.DateTime(timezone=True)),
    sa.Column("checking", sa.String(20)),
    sa.Column("pa_id", sa.Integer, index=True),
    sa.Column("seen_by_person", sa.Integer, nullable=False, server_default="0"),
    sa.Column("seen_by_staff", sa.Integer, nullable=False, server_default="0"),
)
"""`pa_id` is the personal adviser (staff) by whose invitation it was opened, `seen_by_` the last message each side saw.

`crisis_at` is when urgent help was last given, `checking` the danger for which it was just asked whether one is safe."""

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey(_OF_A_CONVERSATION, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("author", sa.String(10), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("client_message_id", sa.String(100)),
    sa.Column("reply_to", sa.ForeignKey("messages.id", ondelete="CASCADE"), index=True),
    sa.Column("answered_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("conversation_id", "client_message_id"),
    sqlite_autoincrement=True,
)
"""`client_message_id` and `answered_at` are for the person's messages, `reply_to` for what answers one of them.

Ids only grow, also after a deletion, so that "everything after this id" means the same for ever.
"""
sa.Index(
    "ix_messages_unanswered",
    messages.c.conversation_id,
    sqlite_where=sa.and_(messages.c.author == "person", messages.c.answered_at.is_(None)),
    postgresql_where=sa.and_(messages.c.author == "person", messages.c.answered_at.is_(None)),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

escalations = sa.Table(
    "escalations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(12), nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey(_OF_A_CONVERSATION, ondelete="SET NULL"), index=True),
    sa.Column("authority", sa.String(60)),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("urgency", sa.String(10), nullable=False),
    sa.Column("status", sa.String(10), nullable=False, index=True),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("way", sa.String(10), nullable=False, server_default="chat"),
    sa.Column("pa_id", sa.Integer),
    sa.Column("holder_id", sa.Integer, index=True),
    sa.Column("due_at", sa.DateTime(timezone=True)),
    sa.Column("taken_at", sa.DateTime(timezone=True)),
    sa.Column("replied_at", sa.DateTime(timezone=True)),
    sa.Column("snoozed_until", sa.DateTime(timezone=True)),
    sa.Column("closed_at", sa.DateTime(timezone=True)),
    sa.Column("outcome", sa.String(20)),
    sqlite_autoincrement=True,
)
"""The duty desk's record of one request. It stays, without what was said, when the person deletes the conversation.

`way` is how they want an answer; `pa_id` the personal adviser whom it went to first, `holder_id` who has it (both staff);
`due_at` until when somebody should have answered first, `replied_at` when somebody did.
"""

escalation_contacts = sa.Table(
    "escalation_contacts",
    metadata,
    sa.Column("escalation_id", sa.ForeignKey("escalations.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey(_OF_A_CONVERSATION, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("about", sa.Text),
    sa.Column("phone", sa.String(40)),
    sa.Column("email", sa.String(254)),
    sa.Column("good_time", sa.String(200)),
)
"""What the person told to be reached by. It goes with the conversation."""

escalation_notes = sa.Table(
    "escalation_notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("escalation_id", sa.ForeignKey("escalations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("conversation_id", sa.ForeignKey(_OF_A_CONVERSATION, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("staff_id", sa.Integer, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
"""The team's private notes, in no table that anything a person can reach reads from. They go with the conversation."""

escalation_log = sa.Table(
    "escalation_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("escalation_id", sa.ForeignKey("escalations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(20)),
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="SET NULL")),
    sa.Column("staff_id", sa.Integer),
    sa.Column("detail", sa.String(120)),
)
"""What happened to an escalation: when, by whom when it was staff, and the message that it is about."""

trackers = sa.Table(
    "trackers",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey(_OF_A_CONVERSATION, ondelete="CASCADE"), primary_key=True),
    sa.Column("dialogue", sa.Text, nullable=False),
)
"""What the engine remembers of a conversation."""

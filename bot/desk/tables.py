"""The table of what staff suggest for the content."""

from __future__ import annotations

import sqlalchemy as sa

from content.database import metadata

_A_MEMBER = "staff.id"

suggestions = sa.Table(
    "suggestions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("staff_id", sa.ForeignKey(_A_MEMBER), nullable=False),
    sa.Column("authority", sa.String(60)),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("entry", sa.String(60)),
    sa.Column("question", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("status", sa.String(10), nullable=False, index=True),
    sa.Column("decided_at", sa.DateTime(timezone=True)),
    sa.Column("decided_by", sa.ForeignKey(_A_MEMBER)),
    sqlite_autoincrement=True,
)
"""Nothing leads from here to the case, the chat or the young person: the texts are staff's own words, without what could
tell who it was. They are erased when somebody has decided; until then `question` is there, `answer` for a new entry alone.
"""

"""The tables of the content: every revision of every document, which one is published, and a counter of changes."""

from __future__ import annotations

import sqlalchemy as sa

from content.database import metadata

revisions = sa.Table(
    "content_revisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("key", sa.String(130), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("origin", sa.String(10), nullable=False),
    sa.Column("author", sa.String(120), nullable=False),
    sa.Column("approver", sa.String(120)),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("ix_content_revisions_kind_key", "kind", "key"),
)

published = sa.Table(
    "content_published",
    metadata,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("key", sa.String(130), primary_key=True),
    sa.Column("revision_id", sa.ForeignKey("content_revisions.id"), nullable=False),
)

state = sa.Table(
    "content_state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
"""One row: `version` grows with each publication, so that a reader sees with one small query that it must read again."""

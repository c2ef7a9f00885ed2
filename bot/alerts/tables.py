"""The outbox of alerts: each is stored before it is sent, and stays as the proof of what became of it."""

from __future__ import annotations

import sqlalchemy as sa

from content.database import metadata

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("escalation_id", sa.ForeignKey("escalations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("medium", sa.String(10), nullable=False),
    sa.Column("address", sa.String(500), nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("sent_at", sa.DateTime(timezone=True)),
    sa.Column("failed_at", sa.DateTime(timezone=True)),
    sa.Column("error", sa.String(200)),
    sa.UniqueConstraint("escalation_id", "stage", "medium", "address"),
    sqlite_autoincrement=True,
)
"""`stage` says why: the case is new, nobody has taken it, or its manager must know; behind it how often the case was handed
over until then (`bot.alerts.rounds`). One alert for each reason and address.

`failed_at` is when it was given up; `error` is why the last attempt failed, in our own words.
"""

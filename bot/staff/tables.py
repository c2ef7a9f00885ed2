"""The tables of the staff. An account is never deleted, only switched off: the audit goes on naming it."""

from __future__ import annotations

import sqlalchemy as sa

from content.database import metadata

_A_MEMBER = "staff.id"

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("authority", sa.String(60)),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("totp_secret", sa.String(64), nullable=False),
    sa.Column("totp_step", sa.Integer, nullable=False, server_default="0"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("locked_until", sa.DateTime(timezone=True)),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("is_away", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sqlite_autoincrement=True,
)
"""`email` is in small letters. `authority` is the council whose team it is, None for all of them (ADMIN).

`totp_step` is the last time step whose code was used: no code is taken twice. `failures` counts wrong sign-ins in a row.
"""

recovery_codes = sa.Table(
    "staff_recovery_codes",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey(_A_MEMBER, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("used_at", sa.DateTime(timezone=True)),
)
"""Each stands in for the second factor once."""

sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey(_A_MEMBER, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
)
"""Only the token's SHA-256 is kept. A row that is gone is a session that has ended."""

invitations = sa.Table(
    "staff_invitations",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("authority", sa.String(60)),
    sa.Column("totp_secret", sa.String(64), nullable=False),
    sa.Column("invited_by", sa.ForeignKey(_A_MEMBER)),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True)),
)
"""Who may open an account, once, with the link that only its digest is kept of. There are no default passwords."""

audit = sa.Table(
    "staff_audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("staff_id", sa.Integer, index=True),
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80)),
    sa.Column("authority", sa.String(60)),
    sa.Column("detail", sa.String(200)),
    sqlite_autoincrement=True,
)
"""Who saw, took, answered, changed or exported what and when. The database itself refuses to change or delete a row.

`subject` is a case's reference or an account's e-mail address; nothing that a young person wrote stands in it.
"""

personal_invitations = sa.Table(
    "personal_invitations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("staff_id", sa.ForeignKey(_A_MEMBER, ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("label", sa.String(60), nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
    sa.Column("used_at", sa.DateTime(timezone=True)),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="SET NULL")),
    sqlite_autoincrement=True,
)
"""A personal adviser's link for one young person; `label` is the adviser's own note of whom it is for."""

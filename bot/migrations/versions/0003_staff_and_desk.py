"""Staff and the duty desk"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE_REFUSES = """
CREATE TRIGGER staff_audit_{what} BEFORE {what} ON staff_audit
BEGIN SELECT RAISE(ABORT, 'The audit cannot be changed.'); END
"""
SQLITE_REFUSES_REPLACING = """
CREATE TRIGGER staff_audit_replace BEFORE INSERT ON staff_audit WHEN EXISTS (SELECT 1 FROM staff_audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'The audit cannot be changed.'); END
"""
POSTGRES_REFUSES = """
CREATE FUNCTION staff_audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'The audit cannot be changed.'; END $$;
CREATE TRIGGER staff_audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_audit
FOR EACH STATEMENT EXECUTE FUNCTION staff_audit_refuses();
"""


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("authority", sa.String(length=60), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("is_away", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("authority", sa.String(length=60), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_staff_audit_at"), "staff_audit", ["at"], unique=False)
    op.create_index(op.f("ix_staff_audit_staff_id"), "staff_audit", ["staff_id"], unique=False)
    op.create_table(
        "personal_invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_personal_invitations_conversation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_personal_invitations_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_personal_invitations_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_personal_invitations_staff_id"), "personal_invitations", ["staff_id"], unique=False)
    op.create_table(
        "staff_invitations",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("authority", sa.String(length=60), nullable=True),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invited_by"], ["staff.id"], name=op.f("fk_staff_invitations_invited_by")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_invitations")),
    )
    op.create_table(
        "staff_recovery_codes",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_recovery_codes_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_recovery_codes")),
    )
    op.create_index(op.f("ix_staff_recovery_codes_staff_id"), "staff_recovery_codes", ["staff_id"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("medium", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_alerts_escalation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "escalation_id", "stage", "medium", "address", name=op.f("uq_alerts_escalation_id_stage_medium_address")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alerts_next_at"), "alerts", ["next_at"], unique=False)
    op.create_table(
        "escalation_contacts",
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("good_time", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_escalation_contacts_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_escalation_contacts_escalation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_escalation_contacts")),
    )
    op.create_index(op.f("ix_escalation_contacts_conversation_id"), "escalation_contacts", ["conversation_id"], unique=False)
    op.create_table(
        "escalation_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_escalation_notes_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_escalation_notes_escalation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_escalation_notes_conversation_id"), "escalation_notes", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_escalation_notes_escalation_id"), "escalation_notes", ["escalation_id"], unique=False)
    op.add_column("conversations", sa.Column("pa_id", sa.Integer(), nullable=True))
    op.add_column("conversations", sa.Column("seen_by_person", sa.Integer(), server_default="0", nullable=False))
    op.add_column("conversations", sa.Column("seen_by_staff", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_conversations_pa_id"), "conversations", ["pa_id"], unique=False)
    op.add_column("escalation_log", sa.Column("staff_id", sa.Integer(), nullable=True))
    op.add_column("escalation_log", sa.Column("detail", sa.String(length=120), nullable=True))
    op.add_column("escalations", sa.Column("way", sa.String(length=10), server_default="chat", nullable=False))
    op.add_column("escalations", sa.Column("pa_id", sa.Integer(), nullable=True))
    op.add_column("escalations", sa.Column("holder_id", sa.Integer(), nullable=True))
    op.add_column("escalations", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("escalations", sa.Column("outcome", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_escalations_holder_id"), "escalations", ["holder_id"], unique=False)
    op.create_index(op.f("ix_escalations_status"), "escalations", ["status"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(SQLITE_REFUSES.format(what=what))
        op.execute(SQLITE_REFUSES_REPLACING)
    else:
        op.execute(POSTGRES_REFUSES)


def downgrade() -> None:
    op.drop_index(op.f("ix_escalations_status"), table_name="escalations")
    op.drop_index(op.f("ix_escalations_holder_id"), table_name="escalations")
    op.drop_column("escalations", "outcome")
    op.drop_column("escalations", "closed_at")
    op.drop_column("escalations", "snoozed_until")
    op.drop_column("escalations", "replied_at")
    op.drop_column("escalations", "taken_at")
    op.drop_column("escalations", "due_at")
    op.drop_column("escalations", "holder_id")
    op.drop_column("escalations", "pa_id")
    op.drop_column("escalations", "way")
    op.drop_column("escalation_log", "detail")
    op.drop_column("escalation_log", "staff_id")
    op.drop_index(op.f("ix_conversations_pa_id"), table_name="conversations")
    op.drop_column("conversations", "seen_by_staff")
    op.drop_column("conversations", "seen_by_person")
    op.drop_column("conversations", "pa_id")
    op.drop_table("escalation_notes")
    op.drop_table("escalation_contacts")
    op.drop_table("alerts")
    op.drop_table("staff_sessions")
    op.drop_table("staff_recovery_codes")
    op.drop_table("staff_invitations")
    op.drop_table("personal_invitations")
    op.drop_table("staff_audit")
    op.drop_table("staff")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION staff_audit_refuses()")

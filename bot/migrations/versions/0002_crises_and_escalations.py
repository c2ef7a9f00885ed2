"""Crises and escalations"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("crisis_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("checking", sa.String(length=20), nullable=True))
    op.add_column("content_revisions", sa.Column("approver", sa.String(length=120), nullable=True))
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("authority", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_escalations_conversation_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("reference", name=op.f("uq_escalations_reference")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("escalations") as batch_op:
        batch_op.create_index(batch_op.f("ix_escalations_conversation_id"), ["conversation_id"], unique=False)
    op.create_table(
        "escalation_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_escalation_log_escalation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_escalation_log_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_log")),
    )
    with op.batch_alter_table("escalation_log") as batch_op:
        batch_op.create_index(batch_op.f("ix_escalation_log_escalation_id"), ["escalation_id"], unique=False)


def downgrade() -> None:
    op.drop_table("escalation_log")
    op.drop_table("escalations")
    # Not in a batch: that makes the table anew, and dropping the old one would delete all that belongs to its rows.
    op.drop_column("content_revisions", "approver")
    op.drop_column("conversations", "checking")
    op.drop_column("conversations", "crisis_at")

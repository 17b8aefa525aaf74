"""Who is away and for whom others decide; reminders given; events that deferred decisions wait for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    _absences()
    _reminders()
    _awaited_events()


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("delegate_email", sa.Text()),
        sa.Column("delegate_name", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_absences_starts_first")),
    )
    op.create_index("ix_absences_email", "absences", ["email", "ends_at"])
    op.create_index("ix_absences_ends", "absences", ["ends_at"])


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("given_at", MOMENT),
        sa.PrimaryKeyConstraint("escalation_id", "person", "planned_at", name=op.f("pk_reminders")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_reminders_escalation_id")
        ),
    )
    op.create_index("ix_reminders_person", "reminders", ["person", "given_at"])


def _awaited_events() -> None:
    op.create_table(
        "awaited_events",
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_awaited_events")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_awaited_events_escalation_id")
        ),
        sa.CheckConstraint(
            "kind IN ('next_gift', 'next_reply', 'campaign_end')", name=op.f("ck_awaited_events_kind")
        ),
    )
    op.create_index("ix_awaited_events_subject", "awaited_events", ["subject_id", "kind"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("awaited_events")
    op.drop_table("reminders")
    op.drop_table("absences")

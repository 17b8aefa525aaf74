"""The monthly question how far people trust the suggestions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "pulses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answer", sa.Integer()),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulses")),
        sa.UniqueConstraint("person", "month", name=op.f("uq_pulses_person_month")),
        sa.CheckConstraint("answer BETWEEN 1 AND 5", name=op.f("ck_pulses_answer")),
    )
    op.create_index("ix_pulses_ended", "pulses", ["ended_at"])
    op.create_table(
        "pulse_refusals",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_pulse_refusals")),
    )


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("pulse_refusals")
    op.drop_index("ix_pulses_ended", table_name="pulses")
    op.drop_table("pulses")

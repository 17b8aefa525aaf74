"""What managers look at is kept added up by the day, and outcomes as they were counted last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Bring the schema here; days that are over are added up in the background."""
    op.create_table(
        "tallies",
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("first_day", "days", "scope", name=op.f("pk_tallies")),
    )
    op.create_table(
        "outcomes_counted",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "days", name=op.f("pk_outcomes_counted")),
    )
    op.drop_index("ix_interactions_group", table_name="interactions")
    op.create_index("ix_interactions_at", "interactions", ["at", "group_id", "amount"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("ix_interactions_at", table_name="interactions")
    op.create_index("ix_interactions_group", "interactions", ["group_id", "at", "amount"])
    op.drop_table("outcomes_counted")
    op.drop_table("tallies")

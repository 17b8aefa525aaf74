"""Decisions that belong together, and what waits for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")

NEW_INDEXES = {
    "ix_escalations_household": ["household_id", "state"],
    "ix_escalations_route": ["route", "shown", "created_at"],
    "ix_escalations_grouping": ["grouping_id"],
}


def upgrade() -> None:
    """Bring the schema here."""
    for name in ("replaces", "grouping_id", "permalink"):
        op.add_column("escalations", sa.Column(name, sa.Text()))
    op.add_column("escalations", sa.Column("about", sa.LargeBinary()))
    op.add_column("escalations", sa.Column("shown", sa.Text(), nullable=False, server_default="card"))
    for name, columns in NEW_INDEXES.items():
        op.create_index(op.f(name), "escalations", columns)
    op.create_table(
        "groupings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("channel_id", sa.Text()),
        sa.Column("message_ts", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groupings")),
    )
    op.create_index(op.f("ix_groupings_route"), "groupings", ["route", "created_at"])
    op.create_table(
        "homes",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("shown_digest", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_homes")),
    )


def downgrade() -> None:
    """Bring the schema back."""
    for table in ("homes", "groupings"):
        op.drop_table(table)
    for name in reversed(NEW_INDEXES):
        op.drop_index(op.f(name), table_name="escalations")
    for name in ("shown", "about", "permalink", "grouping_id", "replaces"):
        op.drop_column("escalations", name)

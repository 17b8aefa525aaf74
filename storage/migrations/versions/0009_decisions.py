"""In whose place it was decided, who gets the card, and who was reminded of a record to put right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    for name in ("decided_for", "for_person"):
        op.add_column("escalations", sa.Column(name, sa.Text()))
    op.create_index(op.f("ix_escalations_person"), "escalations", ["for_person", "shown", "created_at"])
    op.add_column("groupings", sa.Column("for_person", sa.Text()))
    op.add_column("cleanup_items", sa.Column("reminded_at", MOMENT))


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_column("cleanup_items", "reminded_at")
    op.drop_column("groupings", "for_person")
    op.drop_index(op.f("ix_escalations_person"), table_name="escalations")
    for name in ("for_person", "decided_for"):
        op.drop_column("escalations", name)

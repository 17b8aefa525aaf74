"""A record that is put right because somebody said so of an answer, without a decision that waits for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    with op.batch_alter_table("cleanup_items") as table:
        table.alter_column("escalation_id", existing_type=sa.Text(), nullable=True)
        table.add_column(sa.Column("answer_id", sa.Text()))
    op.create_index("ix_cleanup_items_answer", "cleanup_items", ["answer_id"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("ix_cleanup_items_answer", table_name="cleanup_items")
    op.execute("DELETE FROM cleanup_items WHERE escalation_id IS NULL")
    with op.batch_alter_table("cleanup_items") as table:
        table.drop_column("answer_id")
        table.alter_column("escalation_id", existing_type=sa.Text(), nullable=False)

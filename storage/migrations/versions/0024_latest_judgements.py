"""The latest judgements of one kind of action are found without sorting all of that kind: every card asks."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_index("ix_judgements_latest", "judgements", ["action_kind", "at"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("ix_judgements_latest", table_name="judgements")

"""What gifts after decisions came to; and indexes that hold all that managers' figures read of two tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here; of gifts from before, the amount stays unknown."""
    op.add_column("gifts_after", sa.Column("amount_minor", sa.BigInteger()))
    op.add_column("gifts_after", sa.Column("currency", sa.Text()))
    op.create_index("ix_judgements_scores", "judgements", ["action_kind", "score", "accepted", "at"])
    op.drop_index("ix_considerations_at", table_name="considerations")
    op.create_index("ix_considerations_at", "considerations", ["at", "user_id", "words"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("ix_considerations_at", table_name="considerations")
    op.create_index("ix_considerations_at", "considerations", ["at"])
    op.drop_index("ix_judgements_scores", table_name="judgements")
    op.drop_column("gifts_after", "currency")
    op.drop_column("gifts_after", "amount_minor")

"""The address of a drill's card, so that the queue leads to it as to any other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("drills", sa.Column("permalink", sa.Text()))


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_column("drills", "permalink")

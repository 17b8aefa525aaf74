"""What is kept added up of days has another form; it is added up anew in the background."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forget what is kept in the form of before."""
    op.execute("DELETE FROM tallies")


def downgrade() -> None:
    """Forget what is kept in the form of now."""
    op.execute("DELETE FROM tallies")

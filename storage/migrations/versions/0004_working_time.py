"""Who is away and for whom others decide; reminders given."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""


def downgrade() -> None:
    """Bring the schema back."""

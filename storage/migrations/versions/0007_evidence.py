"""Encrypted payloads, the Merkle tree, signed checkpoints, retention and legal holds."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""


def downgrade() -> None:
    """Bring the schema back."""

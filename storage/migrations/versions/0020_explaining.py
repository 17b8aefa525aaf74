"""An index over every entry that explains what verification finds missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

EXPLAINING = sa.text("kind IN ('donor.erased', 'payload.redacted', 'restore.declared', 'retention.applied')")
REMOVAL = sa.text("kind IN ('donor.erased', 'retention.applied')")


def upgrade() -> None:
    """Have redactions and declared restores found as fast as erasures."""
    op.drop_index("ix_audit_log_removals", "audit_log")
    op.create_index(
        "ix_audit_log_explaining",
        "audit_log",
        ["position"],
        sqlite_where=EXPLAINING,
        postgresql_where=EXPLAINING,
    )


def downgrade() -> None:
    """Bring the narrower one back."""
    op.drop_index("ix_audit_log_explaining", "audit_log")
    op.create_index(
        "ix_audit_log_removals", "audit_log", ["position"], sqlite_where=REMOVAL, postgresql_where=REMOVAL
    )

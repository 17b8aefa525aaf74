"""Excerpts of recorded decisions, apart from their large payloads; older ones are read from the payload."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for them. They go with their payload, whoever deletes it."""
    op.create_table(
        "audit_excerpts",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("alg", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_excerpts")),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["audit_payloads.entry_id"],
            name=op.f("fk_audit_excerpts_entry_id"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Take them away; everything in them is in the payloads as well."""
    op.drop_table("audit_excerpts")

"""Encrypted payloads, the Merkle tree, signed checkpoints, retention and legal holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
REMOVAL = sa.text("kind IN ('donor.erased', 'retention.applied')")


def upgrade() -> None:
    """Add what is needed; stored payloads and keys stay as they are until they are encrypted."""
    op.add_column("audit_subjects", sa.Column("master_id", sa.Text()))
    op.create_index("ix_audit_subjects_master", "audit_subjects", ["master_id"])
    op.drop_index("ix_audit_payloads_subject", "audit_payloads")
    op.create_index(
        "ix_audit_log_removals",
        "audit_log",
        ["position"],
        sqlite_where=REMOVAL,
        postgresql_where=REMOVAL,
    )
    op.create_table(
        "audit_tree",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_audit_tree")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        sa.Column("master_id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("signs_until", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("donor_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("donor_id", name=op.f("pk_legal_holds")),
    )
    op.create_table(
        "posts",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("message_ts", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "message_ts", name=op.f("pk_posts")),
    )
    op.create_index("ix_posts_donor", "posts", ["donor_id"])
    op.create_index("ix_posts_subject", "posts", ["subject_id"])


def downgrade() -> None:
    """Take it away again; encrypted payloads can then no longer be read."""
    for table in ("posts", "legal_holds", "signing_keys", "audit_checkpoints", "audit_tree"):
        op.drop_table(table)
    op.drop_index("ix_audit_log_removals", "audit_log")
    op.create_index("ix_audit_payloads_subject", "audit_payloads", ["subject_ref"])
    op.drop_index("ix_audit_subjects_master", "audit_subjects")
    op.drop_column("audit_subjects", "master_id")

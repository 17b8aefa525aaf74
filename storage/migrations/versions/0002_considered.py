"""What a decision was looked at, edited and undone with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Create the tables of edited versions, of cards shown and looked into, and of decisions considered."""
    _edits()
    _considerations()


def downgrade() -> None:
    """Drop them."""
    for table in ("considerations", "looks", "card_showings", "edits"):
        op.drop_table(table)


def _edits() -> None:
    op.create_table(
        "edits",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by_user", sa.Text(), nullable=False),
        sa.Column("action", sa.LargeBinary(), nullable=False),
        sa.Column("action_digest", sa.Text(), nullable=False),
        sa.Column("checked", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edits")),
    )
    op.create_index("ix_edits_escalation", "edits", ["escalation_id"])
    op.create_index("ix_edits_donor", "edits", ["donor_id"])
    op.create_index("ix_edits_created", "edits", ["created_at"])


def _considerations() -> None:
    op.create_table(
        "card_showings",
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "content", name=op.f("pk_card_showings")),
    )
    op.create_table(
        "looks",
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id", "user_id", "what", name=op.f("pk_looks")),
    )
    op.create_table(
        "considerations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("action_kind", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seconds", sa.Integer()),
        sa.Column("words", sa.Integer()),
        sa.Column("looked", sa.Boolean(), nullable=False),
        sa.Column("words_changed", sa.Integer()),
        sa.Column("faster", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_considerations")),
    )
    op.create_index("ix_considerations_user", "considerations", ["user_id", "at"])
    op.create_index("ix_considerations_at", "considerations", ["at"])

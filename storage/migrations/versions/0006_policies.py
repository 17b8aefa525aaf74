"""Policy versions with who proposed and activated them, what shadows them, and what is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
CAPABILITIES = "'recommend', 'draft', 'auto_route', 'execute'"
STATES = "'proposed', 'in_force', 'retired', 'rejected', 'withdrawn'"
IN_FORCE = sa.text("state = 'in_force'")


def upgrade() -> None:
    """Bring the schema here."""
    _pauses()
    _policies()
    op.create_table(
        "policy_shadow",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("in_force", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("candidate_outcome", sa.Text()),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_shadow")),
    )
    op.create_index("ix_escalations_correlation", "escalations", ["correlation_id"])
    op.create_index("ix_policy_shadow_candidate", "policy_shadow", ["candidate", "agrees", "at"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("ix_escalations_correlation", "escalations")
    for table in ("policy_shadow", "policy_proposals", "policy_versions", "pauses"):
        op.drop_table(table)


def _pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.PrimaryKeyConstraint("capability", name=op.f("pk_pauses")),
        sa.CheckConstraint(f"capability IN ({CAPABILITIES})", name=op.f("ck_pauses_capability")),
    )


def _policies() -> None:
    op.create_table(
        "policy_versions",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.Text(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_versions")),
    )
    op.create_table(
        "policy_proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("people_needed", sa.Integer(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("approvals", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by_name", sa.Text()),
        sa.Column("retired_at", MOMENT),
        sa.Column("channel_id", sa.Text()),
        sa.Column("message_ts", sa.Text()),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_proposals")),
        sa.ForeignKeyConstraint(
            ["version"], ["policy_versions.version"], name=op.f("fk_policy_proposals_version")
        ),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_policy_proposals_state")),
    )
    op.create_index(
        "uq_policy_proposals_in_force",
        "policy_proposals",
        ["state"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_index("ix_policy_proposals_proposed", "policy_proposals", ["proposed_at"])

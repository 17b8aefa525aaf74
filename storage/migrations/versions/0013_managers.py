"""What managers' figures are counted from."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")

INDEXES = {
    "ix_recommendations_correlation": ("recommendations", ["correlation_id"]),
    "ix_recommendations_escalation": ("recommendations", ["escalation_id"]),
    "ix_recommendations_donor": ("recommendations", ["donor_id", "concluded_at"]),
    "ix_recommendations_outcomes": (
        "recommendations",
        ["concluded_at", "conclusion", "action_kind", "owner", "gave_at", "replied_at"],
    ),
    "ix_interaction_groups_kind": ("interaction_groups", ["kind"]),
    "ix_interactions_group": ("interactions", ["group_id", "at", "amount"]),
    "ix_interactions_donor": ("interactions", ["donor_id"]),
    "ix_dashboard_sessions_issued": ("dashboard_sessions", ["issued_at"]),
}


def upgrade() -> None:
    """Bring the schema here; entries written before are counted at the next start."""
    op.create_table(
        "recommendations",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event_at", MOMENT),
        *(_text(name) for name in ("outcome", "action_kind", "stage", "model", "prompt")),
        sa.Column("confidence", sa.Integer()),
        sa.Column("escalation_id", sa.Text()),
        _text("owner"),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("conclusion", sa.Text()),
        sa.Column("concluded_at", MOMENT),
        sa.Column("gave_at", MOMENT),
        sa.Column("replied_at", MOMENT),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_recommendations")),
    )
    op.create_table(
        "interaction_groups",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(_text(n) for n in ("kind", "reason", "person", "owner", "action_kind", "stage", "model", "prompt")),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_groups")),
    )
    op.create_table(
        "interactions",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("amount", sa.Integer()),
        sa.Column("donor_id", sa.Text()),
        sa.Column("escalation_id", sa.Text()),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_interactions")),
    )
    op.create_table(
        "dashboard_sessions",
        sa.Column("link_digest", sa.Text(), nullable=False),
        _text("user_id"),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("session_digest", sa.Text()),
        *(sa.Column(name, MOMENT) for name in ("opened_at", "seen_at", "ended_at")),
        sa.PrimaryKeyConstraint("link_digest", name=op.f("pk_dashboard_sessions")),
        sa.UniqueConstraint("session_digest", name=op.f("uq_dashboard_sessions_session_digest")),
    )
    for name, (table, columns) in INDEXES.items():
        op.create_index(op.f(name), table, columns)
    _remember_what_is_uncounted()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _remember_what_is_uncounted() -> None:
    connection = op.get_bind()
    last = connection.execute(sa.text("SELECT max(position) FROM audit_log")).scalar()
    if not last:
        return
    settings = sa.table(
        "settings", sa.column("key", sa.Text), sa.column("value", sa.Text), sa.column("changed_at", MOMENT)
    )
    now = sa.text("CURRENT_TIMESTAMP") if connection.dialect.name == "postgresql" else sa.literal(0)
    value = json.dumps({"after": 0, "until": last})
    connection.execute(settings.insert().values(key="interactions_uncounted", value=value, changed_at=now))


def downgrade() -> None:
    """Bring the schema back."""
    for name, (table, _columns) in reversed(INDEXES.items()):
        op.drop_index(op.f(name), table_name=table)
    for table in ("dashboard_sessions", "interactions", "interaction_groups", "recommendations"):
        op.drop_table(table)

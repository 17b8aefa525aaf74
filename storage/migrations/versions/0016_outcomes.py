"""What decisions about one household have in common, their campaigns, and the gifts that came after them."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
OUTCOMES = ["concluded_at", "conclusion", "action_kind", "owner", "gave_at", "replied_at"]


def upgrade() -> None:
    """Bring the schema here; of what was decided before, each donor is a household."""
    op.add_column("recommendations", sa.Column("cluster", sa.BigInteger()))
    op.add_column("recommendations", sa.Column("campaign_id", sa.Text()))
    op.add_column("recommendations", sa.Column("after_gift", sa.Boolean()))
    _each_donor_a_household()
    op.drop_index(op.f("ix_recommendations_outcomes"), table_name="recommendations")
    wider = [*OUTCOMES, "cluster", "after_gift"]
    op.create_index(op.f("ix_recommendations_outcomes"), "recommendations", wider)
    op.create_index(
        op.f("ix_recommendations_campaign"),
        "recommendations",
        ["campaign_id", "concluded_at"],
        sqlite_where=sa.text("campaign_id IS NOT NULL"),
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.create_table(
        "campaigns_counted",
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("campaign_name", sa.Text(), nullable=False),
        *(sa.Column(name, MOMENT, nullable=False) for name in ("starts_at", "ends_at", "told_at")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaigns_counted")),
    )
    op.create_table(
        "gifts_after",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("recommendation_id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_gifts_after")),
    )
    op.create_index(op.f("ix_gifts_after_at"), "gifts_after", ["at", "recommendation_id"])
    op.create_index(op.f("ix_gifts_after_donor"), "gifts_after", ["donor_id"])


def _each_donor_a_household() -> None:
    connection = op.get_bind()
    table = sa.table("recommendations", sa.column("donor_id", sa.Text), sa.column("cluster", sa.BigInteger))
    donors = connection.execute(sa.select(table.c.donor_id).distinct()).scalars().all()
    for donor in donors:
        spelled = hashlib.sha256((donor or "").encode()).digest()
        same = table.c.donor_id.is_(None) if donor is None else table.c.donor_id == donor
        cluster = int.from_bytes(spelled[:8], "big") >> 1
        connection.execute(table.update().where(same).values(cluster=cluster))


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("gifts_after")
    op.drop_table("campaigns_counted")
    op.drop_index(op.f("ix_recommendations_campaign"), table_name="recommendations")
    op.drop_index(op.f("ix_recommendations_outcomes"), table_name="recommendations")
    op.create_index(op.f("ix_recommendations_outcomes"), "recommendations", OUTCOMES)
    for name in ("after_gift", "campaign_id", "cluster"):
        op.drop_column("recommendations", name)

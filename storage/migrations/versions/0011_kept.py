"""What evidence needs to outlive erasures and restores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Remember which erasures were carried out here, and empty what is done: it was kept for nothing."""
    op.create_table(
        "erasures_done",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures_done")),
    )
    for queue in ("inbox", "outbox"):
        rows = sa.table(queue, sa.column("status"), sa.column("body"), sa.column("entity_key"))
        op.execute(rows.update().where(rows.c.status == "done").values(body=b"{}", entity_key=None))


def downgrade() -> None:
    """Bring the schema back; what was emptied stays empty."""
    op.drop_table("erasures_done")

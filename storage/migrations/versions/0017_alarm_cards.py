"""The card of a drift alarm, and what people chose about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("drift_alarms", sa.Column("choices", sa.LargeBinary()))
    op.add_column("drift_alarms", sa.Column("channel_id", sa.Text()))
    op.add_column("drift_alarms", sa.Column("message_ts", sa.Text()))
    op.add_column("drift_alarms", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    """Bring the schema back."""
    for name in ("revision", "message_ts", "channel_id", "choices"):
        op.drop_column("drift_alarms", name)

"""Decisions passed on or sent back, and every place that shows a card."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
CLEANUP_STATES = "'open', 'looking', 'fixed', 'not_fixed'"


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("escalations", sa.Column("trigger", sa.LargeBinary()))
    op.add_column("escalations", sa.Column("reason_code", sa.Text()))
    op.add_column("escalations", sa.Column("reason_text", sa.Text()))
    op.add_column("escalations", sa.Column("successor_id", sa.Text()))
    op.create_index("ix_escalations_successor", "escalations", ["successor_id"])
    _card_places()
    _overrides()
    _cleanup_items()
    # The card of every decision is where it was posted, and has been there since.
    op.execute(
        "INSERT INTO card_places (id, escalation_id, channel_id, message_ts, route, shown_at) "
        "SELECT id, id, channel_id, message_ts, route, created_at FROM escalations "
        "WHERE channel_id IS NOT NULL AND message_ts IS NOT NULL"
    )


def _card_places() -> None:
    op.create_table(
        "card_places",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("message_ts", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_why", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_places")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_card_places_escalation_id")
        ),
        sa.UniqueConstraint("channel_id", "message_ts", name=op.f("uq_card_places_channel_id_message_ts")),
    )
    op.create_index("ix_card_places_escalation", "card_places", ["escalation_id"])


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("override", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("by_user", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_overrides_escalation_id")
        ),
    )
    op.create_index("ix_overrides_at", "overrides", ["at"])


def _cleanup_items() -> None:
    op.create_table(
        "cleanup_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_by", sa.Text()),
        sa.Column("answered_by_name", sa.Text()),
        sa.Column("answered_at", MOMENT),
        sa.Column("answer", sa.Text()),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text()),
        sa.Column("message_ts", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleanup_items")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_cleanup_items_escalation_id")
        ),
        sa.CheckConstraint(f"state IN ({CLEANUP_STATES})", name=op.f("ck_cleanup_items_state")),
    )
    op.create_index("ix_cleanup_items_state", "cleanup_items", ["state", "asked_at"])
    op.create_index("ix_cleanup_items_escalation", "cleanup_items", ["escalation_id"])
    op.create_index("ix_cleanup_items_donor", "cleanup_items", ["donor_id"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("cleanup_items")
    op.drop_table("overrides")
    op.drop_table("card_places")
    op.drop_index("ix_escalations_successor", "escalations")
    for column in ("successor_id", "reason_text", "reason_code", "trigger"):
        op.drop_column("escalations", column)

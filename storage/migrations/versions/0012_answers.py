"""What answers cost, and how well they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
TABLES = ("drift_alarms", "promotions", "judgements", "checked_texts", "model_calls")


def upgrade() -> None:
    """Create the tables of model calls, checked texts, judgements, promotions and drift alarms."""
    _model_calls()
    _checked_texts()
    _judgements()
    _promotions()
    _drift_alarms()


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_table(table)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _at() -> sa.Column[int]:
    return sa.Column("at", MOMENT, nullable=False)


def _model_calls() -> None:
    op.create_table(
        "model_calls",
        _text("id"),
        _at(),
        *map(_text, ("use", "model", "prompt_version", "region", "code")),
        *map(_number, ("input_tokens", "output_tokens")),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        _number("latency_ms"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index("ix_model_calls_at", "model_calls", ["at"])


def _checked_texts() -> None:
    op.create_table(
        "checked_texts",
        _text("id"),
        _at(),
        *map(_text, ("kind", "origin", "model", "prompt_version")),
        *map(_number, ("kept", "removed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checked_texts")),
    )
    op.create_index("ix_checked_texts_at", "checked_texts", ["at"])


def _judgements() -> None:
    op.create_table(
        "judgements",
        _text("id"),
        _text("escalation_id"),
        _at(),
        _text("action_kind"),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        _number("score"),
        *map(_text, ("origin", "model", "prompt_version", "policy_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
    )
    op.create_index("ix_judgements_at", "judgements", ["at"])
    op.create_index("ix_judgements_escalation", "judgements", ["escalation_id"])


def _promotions() -> None:
    op.create_table(
        "promotions",
        _text("id"),
        _at(),
        *map(_text, ("use", "model", "prompt_version", "promoted_by")),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_index("ix_promotions_use", "promotions", ["use", "model", "at"])


def _drift_alarms() -> None:
    op.create_table(
        "drift_alarms",
        _text("id"),
        _at(),
        *map(_text, ("measure", "kind", "version")),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_alarms")),
    )
    op.create_index("ix_drift_alarms_kind", "drift_alarms", ["measure", "kind", "at"])

"""What people answered when they practised, and the drills they asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "practice_answers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("scenario_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("sureness", sa.Integer(), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_answers")),
        sa.CheckConstraint(
            "kind IN ('clear', 'borderline', 'obvious_miss')", name=op.f("ck_practice_answers_kind")
        ),
        sa.CheckConstraint("sureness BETWEEN 50 AND 100", name=op.f("ck_practice_answers_sureness")),
    )
    op.create_index("ix_practice_answers_person", "practice_answers", ["person", "at"])
    op.create_index("ix_practice_answers_at", "practice_answers", ["at"])
    _drills()


def _drills() -> None:
    op.create_table(
        "drill_members",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_drill_members")),
    )
    op.create_table(
        "drills",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("scenario_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("channel_id", sa.Text()),
        sa.Column("message_ts", sa.Text()),
        sa.Column("choice", sa.Text()),
        sa.Column("right", sa.Boolean()),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.CheckConstraint("state IN ('open', 'answered', 'ended')", name=op.f("ck_drills_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_drills_ended")),
        sa.CheckConstraint(
            "(state = 'answered') = (choice IS NOT NULL) AND (choice IS NULL) = (\"right\" IS NULL)",
            name=op.f("ck_drills_answered"),
        ),
    )
    op.create_index("ix_drills_person", "drills", ["person", "made_at"])
    op.create_index("ix_drills_ended", "drills", ["ended_at"])


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_table("drills")
    op.drop_table("drill_members")
    op.drop_table("practice_answers")

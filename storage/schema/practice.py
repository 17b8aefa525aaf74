"""What people answered when they practised; about nobody else."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

PRACTICE_ANSWERS = Table(
    "practice_answers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("scenario_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("sureness", Integer, nullable=False),
    Column("right", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('clear', 'borderline', 'obvious_miss')", name="kind"),
    CheckConstraint("sureness BETWEEN 50 AND 100", name="sureness"),
    Index("ix_practice_answers_person", "person", "at"),
    Index("ix_practice_answers_at", "at"),
)

DRILL_MEMBERS = Table(
    "drill_members",
    METADATA,
    Column("person", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("turn", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

DRILLS = Table(
    "drills",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("scenario_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("choice", Text),
    Column("right", Boolean),
    Column("ended_at", UtcDateTime),
    Column("permalink", Text),
    CheckConstraint("state IN ('open', 'answered', 'ended')", name="state"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    CheckConstraint(
        "(state = 'answered') = (choice IS NOT NULL) AND (choice IS NULL) = (\"right\" IS NULL)",
        name="answered",
    ),
    Index("ix_drills_person", "person", "made_at"),
    Index("ix_drills_ended", "ended_at"),
)

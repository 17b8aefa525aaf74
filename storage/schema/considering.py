"""How decisions were considered."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    Text,
)

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

CARD_SHOWINGS = Table(
    "card_showings",
    METADATA,
    Column("escalation_id", Text, primary_key=True),
    Column("content", Text, primary_key=True),
    Column("words", Integer, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
)


LOOKS = Table(
    "looks",
    METADATA,
    Column("escalation_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)


CONSIDERATIONS = Table(
    "considerations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("action_kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("seconds", Integer),
    Column("words", Integer),
    Column("looked", Boolean, nullable=False),
    Column("words_changed", Integer),
    Column("faster", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("ix_considerations_user", "user_id", "at"),
    Index("ix_considerations_at", "at", "user_id", "words"),
)
